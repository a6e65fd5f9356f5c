/** Each hidden unit's output over the plane, as pictures. */
import { input, type Layer, type Model, sequential } from 'fourlane'
import { UNIT_CELLS } from '../messages.ts'

const CELLS = UNIT_CELLS ** 2

interface Piece {
  readonly model: Model
  readonly units: number
  /** Its latest output, [CELLS, units]. */
  readonly said: Float32Array
}

export class UnitPictures {
  /** The layers from one hidden layer to the next as models, each applied to the previous one's output, so that no layer is computed twice. */
  readonly #pieces: readonly Piece[]
  readonly #cells: Float32Array

  /**
   * @param layers of the model whose units are shown
   * @param ends places of the hidden layers' ends among them
   * @param units of each hidden layer
   * @param cells features at the cells of a picture
   */
  constructor(layers: readonly Layer[], ends: readonly number[], units: readonly number[], cells: Float32Array) {
    this.#cells = cells
    this.#pieces = ends.map((end, i) => {
      const own = i === 0 ? layers.slice(0, end + 1) : [input(units[i - 1]), ...layers.slice(ends[i - 1] + 1, end + 1)]
      return { model: sequential(own, { seed: 0 }), units: units[i], said: new Float32Array(CELLS * units[i]) }
    })
  }

  /** Per hidden layer: [units][CELLS], 0 to 255 for minus to plus the layer's largest magnitude. */
  of(model: Model): Uint8ClampedArray<ArrayBuffer>[] {
    const all = model.parameters
    let first = 0
    let x = this.#cells
    return this.#pieces.map(({ model: piece, units, said }) => {
      for (const parameter of piece.parameters) parameter.set(all[first++].get())
      x = piece.predict(x, { out: said })
      return asBytes(said, units)
    })
  }
}

/** Bytes make messages to the page a quarter of the size, and index its colours. */
function asBytes(said: Float32Array, units: number): Uint8ClampedArray<ArrayBuffer> {
  let most = 1e-6
  for (let i = 0; i < said.length; i++) {
    const size = Math.abs(said[i])
    if (size > most) most = size
  }
  const scale = 127.5 / most
  const bytes = new Uint8ClampedArray(said.length)
  for (let cell = 0, i = 0; cell < CELLS; cell++) {
    for (let unit = 0; unit < units; unit++) bytes[unit * CELLS + cell] = 127.5 + scale * said[i++]
  }
  return bytes
}
