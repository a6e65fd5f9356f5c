/** A logistic regression, trained by each method. */
import { readFileSync } from 'node:fs'
import { dense, input, l2, type Optimizer, readCsv, type Solver, sequential, standardScaler } from 'fourlane'
import { dataFile } from '../../data.ts'
import { SOLVER_KINDS } from './methods.ts'

export interface Regression {
  readonly rate: number | null
  /** Of all rows, after each pass over them. */
  readonly losses: readonly (number | null)[]
}
export const PASSES = 300

/** Full batches of a table of tumours. */
export async function regress(method: Optimizer | Solver, epochs: number): Promise<number[]> {
  const { columns, values, rows } = readCsv(readFileSync(dataFile('breast_cancer.csv'), 'utf8'))
  const features = columns.length - 1
  const x = Float32Array.from(
    { length: rows * features },
    (_, i) => values[Math.floor(i / features) * columns.length + (i % features)],
  )
  const y = Int32Array.from({ length: rows }, (_, row) => values[row * columns.length + features])
  const model = sequential(
    [input(features), dense(1, { activation: 'sigmoid', kernelInitializer: 'zeros', kernelRegularizer: l2(1e-3) })],
    { seed: 1, threads: 1 },
  )
  model.compile({ optimizer: method, loss: 'binaryCrossentropy' })
  const scaled = standardScaler().fitTransform(x, features)
  const isSolver = SOLVER_KINDS.has(method.kind) || method.kind === 'newtonCg'
  const { metrics } = await model.fit(scaled, y, { epochs, ...(!isSolver && { batchSize: rows }) })
  return metrics.loss
}

export const within = ({ losses }: Regression, lowest: number) => {
  const at = losses.findIndex((loss) => loss !== null && loss - lowest < 1e-3)
  return at < 0 ? null : at + 1
}
