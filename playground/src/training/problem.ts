/** Data for the network and the page: training and test rows, and what the pictures are computed from. */
import { OUTPUT_CELLS, type Scene, UNIT_CELLS } from '../messages.ts'
import type { DataName, Settings } from '../settings.ts'
import { featuresOf } from './features.ts'
import { makePoints, randomFrom } from './shapes.ts'

export interface Rows {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly count: number
}

export interface Problem {
  readonly inputs: number
  readonly outputs: number
  readonly train: Rows
  readonly test: Rows
  readonly scene: Scene
  /** Features at the cells of a picture, rows from the top. */
  readonly cells: Float32Array
  /** The same for the pictures of units; undefined where there are none. */
  readonly unitCells?: Float32Array
  /** For regression, the largest value that colours distinguish. */
  readonly reach: number
  /** Metadata saved with the model. */
  readonly metadata: object
}

const SIDE = 6

/** Centers of size x size cells over the plane, rows from the top. */
function cellsOf(size: number): Float32Array {
  const at = new Float32Array(2 * size * size)
  for (let row = 0, i = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      at[i++] = SIDE * ((2 * column + 1) / size - 1)
      at[i++] = SIDE * (1 - (2 * row + 1) / size)
    }
  }
  return at
}

/** A random order of so many rows. */
export function orderOf(count: number, seed: number): Int32Array {
  const random = randomFrom(seed)
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

/** @param data one of the shapes */
export function shapeProblem(settings: Settings & { readonly data: Exclude<DataName, 'csv'> }): Problem {
  const { data, points, noise, seed, test: share, features } = settings
  const { task, at, y } = makePoints(data, points, noise, seed)
  const order = orderOf(points, seed + 17)
  const tested = points - Math.round((points * share) / 100)
  const rowsOf = (from: number, to: number): Rows => {
    const rows = order.subarray(from, to)
    const places = Float32Array.from({ length: 2 * rows.length }, (_, i) => at[2 * rows[i >> 1] + (i & 1)])
    return { x: featuresOf(places, features), y: Float32Array.from(rows, (row) => y[row]), count: rows.length }
  }
  const unitCells = featuresOf(cellsOf(UNIT_CELLS), features)
  const pictures = new Uint8ClampedArray(features.length * UNIT_CELLS ** 2)
  for (let f = 0; f < features.length; f++) {
    for (let cell = 0; cell < UNIT_CELLS ** 2; cell++)
      pictures[f * UNIT_CELLS ** 2 + cell] = 127.5 * (1 + unitCells[cell * features.length + f])
  }
  return {
    inputs: features.length,
    outputs: 1,
    train: rowsOf(0, tested),
    test: rowsOf(tested, points),
    cells: featuresOf(cellsOf(OUTPUT_CELLS), features),
    unitCells,
    reach: 1,
    metadata: { playground: { data, features, from: -SIDE, to: SIDE } },
    scene: {
      task: task === 'classes' ? 'binary' : 'values',
      classNames: task === 'classes' ? ['orange', 'blue'] : [],
      across: { name: 'x', from: -SIDE, to: SIDE },
      up: { name: 'y', from: -SIDE, to: SIDE },
      at: Float32Array.from({ length: 2 * points }, (_, i) => (at[2 * order[i >> 1] + (i & 1)] / SIDE + 1) / 2),
      targets: Float32Array.from(order, (row) => y[row]),
      tested,
      inputs: features,
      inputPictures: pictures,
      columns: [],
      targetColumn: '',
      notes: [],
    },
  }
}
