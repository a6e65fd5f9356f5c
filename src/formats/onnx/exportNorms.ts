/** Normalizations over rows, and over groups of their columns, as nodes available in the opset. */
import type { PlacedStage, Stage } from '../network.ts'
import type { GraphWriter } from './graphWriter.ts'

export const filled = (size: number, value: number): Float32Array => new Float32Array(size).fill(value)

export const AXIS = -1

/** The mean of each row, keeping the axis. */
function rowMean(graph: GraphWriter, x: string): string {
  if (graph.opset < 18) return graph.node('ReduceMean', [x], { axes: { ints: [AXIS] } })
  return graph.node('ReduceMean', [x, graph.integers([AXIS])])
}

/** The sum over the last axis, dropping the axis. */
export function rowSum(graph: GraphWriter, x: string): string {
  const attributes = { keepdims: { int: 0 } }
  if (graph.opset < 13) return graph.node('ReduceSum', [x], { axes: { ints: [AXIS] }, ...attributes })
  return graph.node('ReduceSum', [x, graph.integers([AXIS])], attributes)
}

/** x / sqrt(mean(x²) + epsilon) per row. */
export function divideByDeviation(graph: GraphWriter, x: string, epsilon: number): string {
  const variance = rowMean(graph, graph.node('Mul', [x, x]))
  const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(epsilon)])])
  return graph.node('Div', [x, deviation])
}

/** gamma x + beta, if the layer has them: one value per channel, channels of equal width. */
export function affine(graph: GraphWriter, { values, inputs }: Stage & { inputs: number }, x: string): string {
  let y = x
  for (const [name, op] of [
    ['gamma', 'Mul'],
    ['beta', 'Add'],
  ]) {
    const own = values[name]
    if (!own) continue
    const run = inputs / own.length
    y = graph.node(op, [
      y,
      graph.tensor(
        name,
        [inputs],
        Float32Array.from({ length: inputs }, (_, i) => own[Math.floor(i / run)]),
      ),
    ])
  }
  return y
}

/** Reshapes groups of adjacent columns to rows of their own. */
export function writeGroups(
  graph: GraphWriter,
  stage: PlacedStage,
  x: string,
  groups: number,
  epsilon: number,
): string {
  const size = stage.inputs / groups
  const apart = graph.node('Reshape', [x, graph.integers([0, groups, size])])
  const own = graph.opset < 17 ? [] : [graph.tensor('ones', [size], filled(size, 1))]
  const normalized = writeLayerNorm(graph, apart, own, epsilon)
  return affine(graph, stage, graph.node('Reshape', [normalized, graph.integers([0, stage.inputs])]))
}

/** Over the last axis; `own` are scale and bias. */
export function writeLayerNorm(graph: GraphWriter, x: string, own: readonly string[], epsilon: number): string {
  if (graph.opset >= 17) return graph.node('LayerNormalization', [x, ...own], { axis: { int: AXIS }, epsilon })
  return divideByDeviation(graph, graph.node('Sub', [x, rowMean(graph, x)]), epsilon)
}
