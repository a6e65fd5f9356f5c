// Graphs as exporters write them: a few tensors to build them from, and the check that their import computes what their nodes do.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelOf } from '../../src/exchange/models.ts'
import { decodeOnnx } from '../../src/formats/onnx/import.ts'
import { parseModel } from '../../src/formats/onnx/parse.ts'
import type { Lowerable } from '../../src/layers/layers.ts'
import { evaluate } from '../oracles/onnx.ts'
import { type FileSpec, floats, ints, type NodeSpec, onnxFile, type TensorSpec } from './onnxFile.ts'

export type Graph = Partial<FileSpec> & { readonly nodes: readonly NodeSpec[] }

export const wave = (i: number) => Math.sin(1 + i * 1.7)
export const some = (i: number) => 0.5 + Math.abs(wave(i))
export const W: Readonly<Record<string, TensorSpec>> = {
  w: floats([4, 3], wave),
  wt: floats([3, 4], wave),
  square: floats([4, 4], (i) => wave(i) / 2),
  square2: floats([4, 4], (i) => wave(i + 20) / 2),
  b: floats([3], wave),
  b4: floats([4], wave),
  s4: floats([4], some),
  v4: floats([4], (i) => some(i + 9)),
  one: floats([], [1]),
  two: floats([], [2]),
  half: floats([], [0.5]),
  root: floats([], [Math.SQRT1_2]),
  three: floats([], [3]),
  six: floats([], [6]),
  zero: floats([], [0]),
  twenty: floats([], [20]),
  epsilon: floats([], [1e-5]),
  last: ints([1], [-1]),
}

/** The file of a graph that may use the tensors W. */
export const fileOf = (graph: Graph): Uint8Array => onnxFile({ ...graph, tensors: { ...W, ...graph.tensors } })

/** `dense:relu`, `residual[dense, dense]`: layers as texts. */
export function shown(layer: Lowerable): string {
  if (layer.kind === 'residual') return `residual[${layer.layers.map(shown).join(', ')}]`
  const { kind, alpha = undefined } = 'activation' in layer ? layer.activation : { kind: 'linear' }
  const own = layer.kind === 'dense' && !layer.useBias ? `${layer.kind}-` : layer.kind
  return kind === 'linear' ? own : `${own}:${kind}${alpha === undefined ? '' : `(${alpha})`}`
}
/** A dense layer before some nodes on h, which make y. */
export const after = (...nodes: NodeSpec[]): readonly NodeSpec[] => [['Gemm', ['x', 'square', 'b4'], ['h']], ...nodes]

const RANGE = Float32Array.from({ length: 24 }, (_, i) => wave(i * 3) * 4)

/** Tests that each graph becomes these layers, as `shown`, and predicts what its nodes compute one at a time. */
export function understands(graphs: Readonly<Record<string, readonly [graph: Graph, layers: string]>>): void {
  for (const [name, [graph, layers]] of Object.entries(graphs)) {
    test(`understood: ${name}`, () => {
      const bytes = fileOf(graph)
      const network = decodeOnnx('importOnnx', bytes)
      assert.is(network.stages.map(({ layer }) => shown(layer)).join(', '), layers)
      const sizes = graph.inputs?.x.slice(1).map((size) => size ?? 4) ?? [4]
      const { data } = evaluate(parseModel('oracle', bytes), { shape: [6, ...sizes], data: RANGE })
      const found = modelOf('importOnnx', network).predict(RANGE)
      assert.is(found.length, data.length)
      for (let i = 0; i < found.length; i++)
        assert.ok(Math.abs(found[i] - data[i]) <= 1e-5 * (1 + Math.abs(data[i])), `${found[i]} instead of ${data[i]}`)
    })
  }
}
