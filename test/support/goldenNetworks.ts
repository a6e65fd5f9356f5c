/** Networks in golden files. */
import { matrix } from '../oracles/matrix.ts'
import { type ActivationKind, flatten, type LossKind, type Network, type Task } from '../oracles/network.ts'
import { assertClose, type GoldenTensor, numbers, type Tolerance } from './golden.ts'

/** What a float64 computation keeps. */
export const FLOAT64: Tolerance = { absolute: 1e-10, relative: 1e-9 }

export interface Weights {
  readonly W: readonly GoldenTensor[]
  readonly b: readonly (GoldenTensor | null)[]
}
export interface Inputs extends Weights {
  readonly x: GoldenTensor
  readonly y: GoldenTensor
}
export interface Config {
  readonly activation: ActivationKind
  readonly loss: LossKind
}

export const rowsOf = ({ shape, data }: GoldenTensor): number[][] =>
  matrix(shape[0], shape[1] ?? 1, (i, j) => Number(data[i * (shape[1] ?? 1) + j]))
export const networkOf = ({ W, b }: Weights): Network =>
  W.map((w, l) => {
    const bias = b[l]
    return { w: rowsOf(w), b: bias ? [...numbers(bias)] : undefined }
  })
export const taskOf = ({ activation, loss }: Config, { x, y }: Inputs): Task => ({
  activation,
  loss,
  x: rowsOf(x),
  y: rowsOf(y),
})
export const assertNetwork = (actual: Network, expected: Weights, what: string) =>
  assertClose(flatten(actual), flatten(networkOf(expected)), FLOAT64, what)
