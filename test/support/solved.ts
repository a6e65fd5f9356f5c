/** A small model that solvers train, and rows for it. */
import { dense, input, l2, type Model, type Solver, sequential } from '../../src/entries/public.ts'
import { Random } from '../../src/lib/random.ts'

const ROWS = 90
const random = new Random(11)

/** `count` numbers in [-1, 1). */
export const uniform = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.uniform() * 2 - 1)

export const x = uniform(ROWS * 5)
/** Classes that no plane parts. */
export const y = Int32Array.from({ length: ROWS }, (_, r) =>
  x[r * 5] * x[r * 5 + 1] > x[r * 5 + 2] ? 1 : r % 3 === 0 ? 2 : 0,
)

/** Of width 7, which is no multiple of a panel. */
export function solved(optimizer: Solver, options: { threads?: number; seed?: number } = {}): Model {
  const kernelRegularizer = l2(1e-2)
  const hidden = dense(7, { activation: 'tanh', kernelRegularizer })
  const model = sequential([input(5), hidden, dense(3, { activation: 'softmax', kernelRegularizer })], {
    seed: 4,
    ...options,
  })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', 'logLoss'] })
  return model
}
