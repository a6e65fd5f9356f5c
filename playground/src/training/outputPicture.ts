/**
 * The network's output over the plane, as a picture finer than the grid it is computed on: logits, which are smooth where
 * probabilities jump, are interpolated between grid points, so that boundaries are lines and not steps.
 */
import { type Layer, type Model, sequential } from 'fourlane'
import { OUTPUT_CELLS } from '../messages.ts'
import type { Problem } from './problem.ts'

/** Pixels per cell in each direction. */
const FINER = 3
const SIZE = OUTPUT_CELLS * FINER

/** Logits beyond this are practically certain. */
const MOST_LOGIT = 8
const STEPS = 1024
/** Bytes of logits from -MOST_LOGIT to MOST_LOGIT. */
const bytesOfLogits = Uint8ClampedArray.from(
  { length: STEPS + 1 },
  (_, i) => 127.5 * (1 + Math.tanh((MOST_LOGIT / 2) * ((2 * i) / STEPS - 1))),
)

/** For each pixel of a row: the cell to its left, and the interpolation weight of the next one. */
const places = Array.from({ length: SIZE }, (_, pixel) => {
  const at = Math.max(0, Math.min(OUTPUT_CELLS - 1, (pixel + 0.5) / FINER - 0.5))
  const cell = Math.min(OUTPUT_CELLS - 2, Math.floor(at))
  return { cell, share: at - cell }
})
const cells = Int32Array.from(places, ({ cell }) => cell)
const shares = Float32Array.from(places, ({ share }) => share)

/** [SIZE²] from every `stride`-th value of [OUTPUT_CELLS²]. */
function refine(values: Float32Array, first: number, stride: number, into: Float32Array): void {
  for (let row = 0, i = 0; row < SIZE; row++) {
    const [above, down] = [cells[row] * OUTPUT_CELLS, shares[row]]
    for (let column = 0; column < SIZE; column++, i++) {
      const at = first + (above + cells[column]) * stride
      const below = at + OUTPUT_CELLS * stride
      const share = shares[column]
      const upper = values[at] + share * (values[at + stride] - values[at])
      const lower = values[below] + share * (values[below + stride] - values[below])
      into[i] = upper + down * (lower - upper)
    }
  }
}

export class OutputPicture {
  readonly #problem: Problem
  /** The model without its sigmoid or softmax. */
  readonly #twin: Model
  readonly #said: Float32Array
  readonly #fine = new Float32Array(SIZE ** 2)
  readonly #most: Float32Array
  readonly #sum: Float32Array

  /** @param layers of the model, with a last one that is linear */
  constructor(problem: Problem, layers: readonly Layer[]) {
    const size = problem.scene.task === 'classes' ? SIZE ** 2 : 0
    this.#problem = problem
    this.#twin = sequential(layers, { seed: 0 })
    this.#said = new Float32Array(OUTPUT_CELLS ** 2 * problem.outputs)
    this.#most = new Float32Array(size)
    this.#sum = new Float32Array(size)
  }

  /** Rows from the top: 0 to 255 for -1 to 1; for several classes, class + confidence, which is below 1. */
  of(model: Model): Uint8ClampedArray<ArrayBuffer> | Float32Array<ArrayBuffer> {
    const { cells: x, scene, reach } = this.#problem
    this.#twin.setWeights(model.getWeights())
    const said = this.#twin.predict(x, { out: this.#said })
    if (scene.task === 'classes') return this.#classes(said)
    const fine = this.#fine
    const picture = new Uint8ClampedArray(SIZE ** 2)
    refine(said, 0, 1, fine)
    if (scene.task === 'values') for (let i = 0; i < fine.length; i++) picture[i] = 127.5 * (1 + fine[i] / reach)
    else {
      const scale = STEPS / (2 * MOST_LOGIT)
      for (let i = 0; i < fine.length; i++) {
        const step = Math.round((fine[i] + MOST_LOGIT) * scale)
        picture[i] = bytesOfLogits[step < 0 ? 0 : step > STEPS ? STEPS : step]
      }
    }
    return picture
  }

  /** Softmax in two passes over the classes: the largest logit, then the others relative to it. */
  #classes(said: Float32Array): Float32Array<ArrayBuffer> {
    const { outputs } = this.#problem
    const [fine, most, sum] = [this.#fine, this.#most, this.#sum]
    const picture = new Float32Array(SIZE ** 2)
    most.fill(Number.NEGATIVE_INFINITY)
    sum.fill(0)
    for (let k = 0; k < outputs; k++) {
      refine(said, k, outputs, fine)
      for (let i = 0; i < fine.length; i++) {
        if (fine[i] <= most[i]) continue
        most[i] = fine[i]
        picture[i] = k
      }
    }
    for (let k = 0; k < outputs; k++) {
      refine(said, k, outputs, fine)
      for (let i = 0; i < fine.length; i++) sum[i] += Math.exp(fine[i] - most[i])
    }
    for (let i = 0; i < picture.length; i++) picture[i] += Math.min(0.999, 1 / sum[i])
    return picture
  }
}
