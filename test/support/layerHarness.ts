/** Layers on a program of their own: parameters, features and the gradient of the outputs in, everything else out. */
import { PANEL } from '../../src/abi/layout.ts'
import { RECORD_ROWS, RECORD_SEED, RECORD_STEP, RECORD_WORDS } from '../../src/abi/records.ts'
import {
  blockFloats,
  layoutParameters,
  type ParameterPlace,
  readParameter,
  valuesOf,
  writeParameter,
} from '../../src/compiler/parameterLayout.ts'
import { ProgramBuilder } from '../../src/compiler/programBuilder.ts'
import { initialize } from '../../src/engine/initialize.ts'
import type { Matrix } from '../../src/layers/builder.ts'
import { checkLayers, input, type Layer, type Lowerable } from '../../src/layers/layers.ts'
import { Random } from '../../src/lib/random.ts'
import { Arena } from '../../src/machine/arena.ts'
import type { Range } from '../../src/machine/program.ts'
import type { Target } from '../../src/machine/wasm.ts'

export interface BenchOptions {
  rows: number
  frozen?: ReadonlySet<number>
  frozenStatistics?: boolean
  seed?: number
}

type Outputs = Record<'inference' | 'trial' | 'training', Matrix>

export class Bench {
  readonly layers: readonly Layer[]
  readonly places: readonly ParameterPlace[]
  readonly minimumRows: number
  /** Update number of the record, as dropout sees it. */
  step = 1
  readonly #arena: Arena
  readonly #options: BenchOptions
  readonly #parameters: number
  readonly #gradients: number
  readonly #program: number
  readonly #record: number
  readonly #x: Matrix
  readonly #dy: Matrix
  readonly #ranges: Record<'inference' | 'trial' | 'training' | 'backward' | 'update', Range>
  readonly #y: Outputs
  #dx: Matrix | undefined

  constructor(target: Target, inputs: number, layers: readonly Lowerable[], options: BenchOptions) {
    this.layers = [input(inputs), ...layers]
    const widths = checkLayers(this.layers)
    const arena = new Arena(target)
    this.places = layoutParameters(this.layers, widths)
    const bytes = blockFloats(this.places) * 4
    this.#arena = arena
    this.#options = options
    this.#parameters = arena.reserve(bytes)
    this.#gradients = arena.reserve(bytes)
    arena.commit()
    initialize(arena, this.#parameters, this.places, new Random(options.seed ?? 1))
    const { rows, frozen = new Set<number>(), frozenStatistics = false } = options
    const site = {
      arena,
      places: this.places,
      parameters: this.#parameters,
      gradients: this.#gradients,
      rows,
      frozen,
      frozenStatistics,
    }
    const builder = new ProgramBuilder(site)
    const from = arena.top
    this.#x = builder.matrix(inputs)
    this.#dy = builder.matrix(widths[widths.length - 1])
    const forward = (pass: 'inference' | 'trial') =>
      builder.range(() => (y[pass] = builder.forward(this.layers, this.#x, pass).y))
    const y: Outputs = { inference: this.#x, trial: this.#x, training: this.#x }
    const inference = forward('inference')
    const trial = forward('trial')
    let passed: ReturnType<ProgramBuilder['forward']> | undefined
    const training = builder.range(() => {
      passed = builder.forward(this.layers, this.#x, 'training')
      y.training = passed.y
    })
    const backward = builder.range(() => {
      if (!passed) return
      let gradient: Matrix | undefined = this.#dy
      if (builder.needsDerivative(passed.y)) {
        gradient = builder.matrix(this.#dy.cols)
        builder.applyDerivative(passed.y, this.#dy, gradient)
      }
      for (let i = this.layers.length - 1; i >= 1 && gradient; i--) {
        gradient = passed.lowered[i]?.backward(gradient, { parameters: !frozen.has(i), input: true })
      }
      this.#dx = gradient
    })
    const update = builder.range(() => builder.emitDeferred())
    this.#ranges = { inference, trial, training, backward, update }
    this.#y = y
    this.minimumRows = builder.minimumRows
    this.#program = builder.write(from)
    this.#record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
  }

  #place(name: string): ParameterPlace {
    const place = this.places.find(({ path }) => path === name)
    if (!place) throw new Error(`no parameter ${name}; there are ${this.places.map(({ path }) => path).join(', ')}`)
    return place
  }

  set(name: string, values: ArrayLike<number>): this {
    const place = this.#place(name)
    if (values.length !== valuesOf(place))
      throw new Error(`${name}: ${values.length} values, expected ${valuesOf(place)}`)
    writeParameter(this.#arena, this.#parameters, place, values)
    return this
  }

  get(name: string): Float32Array {
    return readParameter(this.#arena, this.#parameters, this.#place(name))
  }

  gradient(name: string): Float32Array {
    return readParameter(this.#arena, this.#gradients, this.#place(name))
  }

  /** Nonzero floats of the blocks that no parameter claims: there must be none. */
  padding(): number[] {
    const found: number[] = []
    for (const block of [this.#parameters, this.#gradients]) {
      for (const place of this.places) {
        const stored = this.#arena.floats(block + place.offset * 4, place.stored).slice()
        const view = new Float32Array(valuesOf(place))
        const claimed = this.#arena.floats(block + place.offset * 4, place.stored)
        // what reading misses is padding: zero what it sees, look at the rest, put it back
        writeParameter(this.#arena, block, place, view)
        for (const value of claimed) if (value !== 0) found.push(value)
        claimed.set(stored)
      }
    }
    return found
  }

  /** Outputs of one pass. */
  forward(pass: 'inference' | 'trial' | 'training', x: ArrayLike<number>, rows = this.#options.rows): Float32Array {
    this.#write(this.#x, x, rows)
    this.#run(this.#ranges[pass], rows)
    return this.#read(this.#y[pass], rows)
  }

  /** Outputs of the training pass, gradients of sum(y · dy), and what the update leaves of running statistics. */
  train(
    x: ArrayLike<number>,
    dy: ArrayLike<number>,
    rows = this.#options.rows,
  ): { y: Float32Array; dx: Float32Array; padding: Float32Array } {
    this.#write(this.#dy, dy, rows)
    const y = this.forward('training', x, rows)
    this.#run(this.#ranges.backward, rows)
    this.#run(this.#ranges.update, rows)
    if (!this.#dx) throw new Error('no gradient of the inputs')
    const width = this.#dx.stride / 4
    const whole = this.#arena.floats(this.#dx.address, rows * width)
    const { cols } = this.#dx
    const padded = Math.ceil(cols / PANEL) * PANEL
    return {
      y,
      dx: this.#read(this.#dx, rows),
      padding: whole.filter((_, i) => i % width >= cols && i % width < padded),
    }
  }

  #run([from, to]: Range, rows: number): void {
    const at = this.#record / 4
    this.#arena.i32[at + RECORD_ROWS] = rows
    this.#arena.i32[at + RECORD_STEP] = this.step
    this.#arena.i32[at + RECORD_SEED] = this.#options.seed ?? 1
    this.#arena.machine.run(this.#program, from, to, this.#record, 1, 0)
  }

  #write({ address, cols, stride }: Matrix, values: ArrayLike<number>, rows: number): void {
    if (values.length !== rows * cols) throw new Error(`${values.length} values for ${rows} rows of ${cols}`)
    for (let i = 0; i < values.length; i++) {
      this.#arena.f32[(address + Math.floor(i / cols) * stride) / 4 + (i % cols)] = values[i]
    }
  }

  #read({ address, cols, stride }: Matrix, rows: number): Float32Array {
    return Float32Array.from(
      { length: rows * cols },
      (_, i) => this.#arena.f32[(address + Math.floor(i / cols) * stride) / 4 + (i % cols)],
    )
  }
}
