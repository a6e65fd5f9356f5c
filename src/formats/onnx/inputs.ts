/** The inputs of a graph, and the shape of a row of each. */
import { quote } from '../../lib/check.ts'
import type { Call } from './graph.ts'
import { type OnnxGraph, type OnnxValue, TEXT } from './schema.ts'

export interface Given {
  readonly name: string
  readonly dims: readonly number[]
}

/**
 * The inputs that are needed, without those that have stored values.
 * @throws RangeError if there are none, or if the width of one is neither stated nor implied by a node.
 */
export function inputsOf(
  where: string,
  graph: OnnxGraph,
  calls: readonly Call[],
  needed: ReadonlySet<string>,
): Given[] {
  const stored = new Map(graph.initializers.map(({ name, shape }) => [name, shape]))
  const given = graph.inputs.filter(({ name }) => !stored.has(name) && needed.has(name))
  if (given.length === 0) throw new RangeError(`${where}: the output depends on no input`)
  return given.map((value) => ({ name: value.name, dims: dimsOf(where, value, calls, stored) }))
}

type Shapes = ReadonlyMap<string, readonly number[]>

function dimsOf(where: string, { name, shape, type }: OnnxValue, calls: readonly Call[], stored: Shapes): number[] {
  const fail = (reason: string) => new RangeError(`${where}: input ${quote(name)} ${reason}`)
  if (type === undefined || type === TEXT || !shape || shape.length === 0)
    throw fail('is no tensor of numbers with rows')
  const [, ...dims] = shape
  const known = dims.flatMap((size) => size ?? [])
  if (known.length === dims.length && dims.length > 0) return known
  const width = dims.length === 1 ? widthOf(name, calls, stored) : undefined
  if (width === undefined) throw fail('does not say how many features a row has; export the model with a fixed number')
  return [width]
}

/** Width of an input without a shape, from the first product that reads it. */
function widthOf(input: string, calls: readonly Call[], stored: Shapes): number | undefined {
  const names = new Set([input])
  for (const { op, inputs, outputs, attributes } of calls) {
    if (!names.has(inputs[0])) continue
    const shape = stored.get(inputs[1] ?? '')
    const isProduct = (op === 'MatMul' || op === 'Gemm') && shape?.length === 2
    if (isProduct) return shape[op === 'Gemm' && attributes.get('transB')?.int ? 1 : 0]
    const offset = attributes.get('offset')?.floats.length ?? 0
    if (op === 'Scaler' && offset > 1) return offset
    names.add(outputs[0] ?? '')
  }
  return undefined
}
