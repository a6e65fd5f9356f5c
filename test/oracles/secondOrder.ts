/** Curvature products of any stack of layers, in float64, by differences of its loss and outputs: slow, and sure of no chain rule. */
import type { Layer, Lowerable } from '../../src/layers/layers.ts'
import { forward, type OraclePass, type Values } from './layers.ts'

/** Where parameters lie in a row of all of them. */
export interface Slot {
  readonly name: string
  readonly size: number
  readonly trainable: boolean
}

/** A stack, its rows and its loss as functions of all parameters in a row. */
export interface Objective {
  readonly layers: readonly Lowerable[]
  readonly slots: readonly Slot[]
  readonly x: number[][]
  /** Of a row's outputs. */
  loss(outputs: readonly number[], row: number): number
  /** Weights of the rows; sum 1. */
  readonly weights: readonly number[]
  /** Of the parameters. */
  penalty?(parameters: Float64Array): number
}

/** Layers that are functions of their inputs: without dropout and noise. */
export const silenced = (layers: readonly Layer[]): Lowerable[] =>
  layers.flatMap((layer): Lowerable[] => {
    if (layer.kind === 'input') return []
    if (layer.kind === 'dropout' || layer.kind === 'alphaDropout') return [{ ...layer, rate: 0 }]
    if (layer.kind === 'gaussianNoise') return [{ ...layer, stddev: 0 }]
    if (layer.kind === 'residual') return [{ ...layer, layers: silenced(layer.layers) }]
    return [layer]
  })

/** Outputs with the batch's statistics; those of batch renorm's factors that come first stay. */
export function outputsOf({ layers, slots, x }: Objective, pass: OraclePass, parameters: Float64Array): number[][] {
  const values: Record<string, ArrayLike<number>> = {}
  let at = 0
  for (const { name, size } of slots) {
    values[name] = parameters.subarray(at, at + size)
    at += size
  }
  return forward(layers, x, values as Values, pass)
}

export const freshPass = (): OraclePass => ({ training: true, seed: 1, step: 1, renorm: new Map() })

function lossOf(objective: Objective, pass: OraclePass, parameters: Float64Array): number {
  const rows = outputsOf(objective, pass, parameters)
  const data = rows.reduce((sum, row, r) => sum + objective.weights[r] * objective.loss(row, r), 0)
  return data + (objective.penalty?.(parameters) ?? 0)
}

/** The vector without what does not train, and which entries train. */
function moving({ slots }: Objective, v: ArrayLike<number>): { along: Float64Array; trains: boolean[] } {
  const trains = slots.flatMap(({ size, trainable }) => new Array<boolean>(size).fill(trainable))
  return { along: Float64Array.from(v, (value, i) => (trains[i] ? value : 0)), trains }
}

const moved = (p: Float64Array, v: Float64Array, h: number, i = 0, e = 0) => {
  const to = p.map((value, j) => value + h * v[j])
  to[i] += e
  return to
}

/** Hessian times v: (L(+e +v) - L(+e -v) - L(-e +v) + L(-e -v)) / 4h² for each entry e. */
export function hessianTimes(
  objective: Objective,
  parameters: Float64Array,
  v: ArrayLike<number>,
  h: number,
): Float64Array {
  const { along, trains } = moving(objective, v)
  const pass = freshPass()
  lossOf(objective, pass, parameters)
  const loss = (t: number, i: number, e: number) => lossOf(objective, pass, moved(parameters, along, t, i, e))
  return parameters.map((_, i) =>
    trains[i] ? (loss(h, i, h) - loss(-h, i, h) - loss(h, i, -h) + loss(-h, i, -h)) / (4 * h * h) : 0,
  )
}

/** Gauss-Newton matrix times v, `hessian` that of a row's loss by its outputs. */
export function gaussNewtonTimes(
  objective: Objective,
  parameters: Float64Array,
  v: ArrayLike<number>,
  hessian: (outputs: readonly number[], row: number) => number[][],
  h: number,
): Float64Array {
  const { along, trains } = moving(objective, v)
  const pass = freshPass()
  const at = outputsOf(objective, pass, parameters)
  const difference = (to: Float64Array, from: Float64Array) => {
    const [a, b] = [to, from].map((point) => outputsOf(objective, pass, point))
    return a.map((row, r) => row.map((value, c) => (value - b[r][c]) / (2 * h)))
  }
  const change = difference(moved(parameters, along, h), moved(parameters, along, -h))
  const bent = at.map((row, r) => {
    const matrix = hessian(row, r)
    return matrix.map((entries) => entries.reduce((sum, entry, c) => sum + entry * change[r][c], 0))
  })
  return parameters.map((_, i) => {
    if (!trains[i]) return 0
    const column = difference(moved(parameters, along, 0, i, h), moved(parameters, along, 0, i, -h))
    return column.reduce((sum, row, r) => {
      return sum + objective.weights[r] * row.reduce((part, value, c) => part + value * bent[r][c], 0)
    }, 0)
  })
}
