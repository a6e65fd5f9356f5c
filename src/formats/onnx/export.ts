/** Exports networks as ONNX models: the nodes for each layer. */

import { branchPrefix } from '../../layers/branches.ts'
import { othersOf } from '../../layers/indices.ts'
import type { Lowerable } from '../../layers/layers.ts'
import { firstRate } from '../../layers/noise.ts'
import { blockPrefixes } from '../../layers/residual.ts'
import { EPSILON as UNIT_EPSILON } from '../../layers/unitNorm.ts'
import { columnLengths } from '../../layers/weightNorm.ts'
import { checkInteger, checkOptions } from '../../lib/check.ts'
import { branchStages, inside, type Network, type PlacedStage, placed, type Stage, stagesOf } from '../network.ts'
import { writeActivation } from './exportActivations.ts'
import { AXIS, affine, divideByDeviation, filled, rowSum, writeGroups, writeLayerNorm } from './exportNorms.ts'
import { FLOAT, GraphWriter, INPUT, INT64, OUTPUT, type Result } from './graphWriter.ts'
import { CLASS_NAMES } from './names.ts'

export interface ExportOnnxOptions {
  /** Opset version, 9 to 23. Default 17. */
  readonly opset?: number
}

/** Limit of protocol buffers. */
const LARGEST = 2 ** 31 - 1

/** Nodes before and after a network. */
export interface Frame {
  /** Adds the inputs, and nodes that compute the network's input rows. @returns their name. */
  before(graph: GraphWriter): string
  /** @returns the name of the result for the network's output `y`, or for one head. */
  after(graph: GraphWriter, y: string): string
}

/**
 * The network as an ONNX model.
 * @throws RangeError for an unsupported opset, or a model of 2 GiB or more.
 */
export function encodeOnnx(
  where: string,
  network: Network,
  options: ExportOnnxOptions = {},
  frame?: Frame,
): Uint8Array {
  checkOptions(where, options, ['opset'])
  const graph = new GraphWriter(checkInteger(where, 'opset', options.opset ?? 17, 9, 23))
  const stages = placed(stagesOf(network), network.inputs)
  const { classNames } = network
  const x = frame ? frame.before(graph) : graph.input(INPUT, FLOAT, network.inputs)
  const results = writeResults(graph, stages, x)
  const model = graph.finish(
    frame ? results.map((result) => ({ ...result, from: frame.after(graph, result.from) })) : results,
    classNames ? { [CLASS_NAMES]: JSON.stringify(classNames) } : {},
  )
  if (model.size > LARGEST)
    throw new RangeError(`${where}: the model has ${model.size} bytes, but ONNX files end at 2 GiB`)
  return model.finish()
}

type Kind = Lowerable['kind']
/** A stage whose layer is of one kind. */
type StageOf<K extends Kind> = PlacedStage & { readonly layer: Extract<Lowerable, { readonly kind: K }> }
type Writers = { readonly [K in Exclude<Kind, 'heads'>]: (graph: GraphWriter, stage: StageOf<K>, x: string) => string }

/** The results of the last stage, one per head if it has heads. */
function writeResults(graph: GraphWriter, stages: readonly PlacedStage[], rows: string): Result[] {
  const last = stages[stages.length - 1]
  if (last.layer.kind !== 'heads')
    return [{ from: writeStages(graph, stages, rows), name: OUTPUT, columns: last.outputs }]
  const { layer, values, inputs } = last
  const x = writeStages(graph, stages.slice(0, -1), rows)
  return branchStages(layer, values).map((branch, h) => {
    const placedBranch = placed(branch, inputs)
    const from = graph.within(`heads_1.${branchPrefix(h, layer.names)}`, () => writeStages(graph, placedBranch, x))
    return { from, name: layer.names[h], columns: placedBranch.at(-1)?.outputs ?? inputs }
  })
}

function writeStages(graph: GraphWriter, stages: readonly PlacedStage[], x: string): string {
  const prefixes = blockPrefixes(stages.map(({ layer }) => layer))
  return stages.reduce((value, stage, i) => graph.within(prefixes[i], () => writeStage(graph, stage, value)), x)
}

// The only cast: a layer's kind selects the writer for exactly that layer.
const writeStage = (graph: GraphWriter, stage: PlacedStage, x: string): string =>
  (writers[stage.layer.kind as keyof Writers] as (graph: GraphWriter, stage: PlacedStage, x: string) => string)(
    graph,
    stage,
    x,
  )

/** Adds the stage's parameters as tensors of the given shape. */
const parameters =
  (graph: GraphWriter, { values }: Stage) =>
  (name: string, shape: readonly number[]): string =>
    graph.tensor(name, shape, values[name])

/** W = scale · direction / |direction| for each unit; 0 if the direction is 0. */
function resolved({ direction, scale }: Stage['values'], units: number): Float32Array {
  const lengths = columnLengths(direction, units)
  return direction.map((value, i) => (lengths[i % units] === 0 ? 0 : (value * scale[i % units]) / lengths[i % units]))
}

/** x[:, columns] */
const take = (graph: GraphWriter, x: string, columns: readonly number[]): string =>
  graph.node('Gather', [x, graph.integers(columns)], { axis: { int: 1 } })

/** The other columns, followed by the blocks. */
function beside(
  graph: GraphWriter,
  x: string,
  inputs: number,
  taken: readonly number[],
  blocks: readonly string[],
): string {
  const others = othersOf(taken, inputs)
  const parts = [...(others.length > 0 ? [take(graph, x, others)] : []), ...blocks]
  return parts.length === 1 ? parts[0] : graph.node('Concat', parts, { axis: { int: 1 } })
}

const writers: Writers = {
  dense(graph, stage, x) {
    const { layer, values, inputs } = stage
    const { units, activation } = layer
    const tensor = parameters(graph, stage)
    const kernel = layer.weightNorm
      ? graph.tensor('kernel', [inputs, units], resolved(values, units))
      : tensor('kernel', [inputs, units])
    const z = layer.useBias
      ? graph.node('Gemm', [x, kernel, tensor('bias', [units])])
      : graph.node('MatMul', [x, kernel])
    return writeActivation(graph, z, activation)
  },

  activation: (graph, { layer }, x) => writeActivation(graph, x, layer.activation),

  batchNorm(graph, stage, x) {
    const { layer, inputs } = stage
    const tensor = parameters(graph, stage)
    const gamma = layer.affine ? tensor('gamma', [inputs]) : graph.tensor('ones', [inputs], filled(inputs, 1))
    const beta = layer.affine ? tensor('beta', [inputs]) : graph.tensor('zeros', [inputs], filled(inputs, 0))
    const statistics = [tensor('runningMean', [inputs]), tensor('runningVariance', [inputs])]
    return graph.node('BatchNormalization', [x, gamma, beta, ...statistics], {
      epsilon: layer.epsilon,
      ...(layer.momentum !== null && { momentum: 1 - layer.momentum }),
    })
  },

  batchRenorm(graph, stage, x) {
    const { values, inputs } = stage
    const centered = graph.node('Sub', [x, parameters(graph, stage)('runningMean', [inputs])])
    const factors = values.runningDeviation.map((deviation) => (deviation === 0 ? 0 : 1 / deviation))
    const y = graph.node('Mul', [centered, graph.tensor('inverseDeviation', [inputs], factors)])
    return affine(graph, stage, y)
  },

  layerNorm(graph, stage, x) {
    const { layer, inputs } = stage
    if (graph.opset < 17) return affine(graph, stage, writeLayerNorm(graph, x, [], layer.epsilon))
    const tensor = parameters(graph, stage)
    const own = layer.affine
      ? [tensor('gamma', [inputs]), tensor('beta', [inputs])]
      : [graph.tensor('ones', [inputs], filled(inputs, 1))]
    return writeLayerNorm(graph, x, own, layer.epsilon)
  },

  rmsNorm(graph, stage, x) {
    const { layer, inputs } = stage
    if (graph.opset >= 23 && layer.affine) {
      const gamma = parameters(graph, stage)('gamma', [inputs])
      return graph.node('RMSNormalization', [x, gamma], { axis: { int: AXIS }, epsilon: layer.epsilon })
    }
    return affine(graph, stage, divideByDeviation(graph, x, layer.epsilon))
  },

  groupNorm: (graph, stage, x) => writeGroups(graph, stage, x, stage.layer.groups, stage.layer.epsilon),

  instanceNorm: (graph, stage, x) => writeGroups(graph, stage, x, stage.layer.channels, stage.layer.epsilon),

  /** Identity in inference; kept for further training. */
  dropout(graph, { layer }, x) {
    if (graph.opset < 12) return graph.node('Dropout', [x], { ratio: firstRate(layer) })
    return graph.node('Dropout', [x, graph.scalar(firstRate(layer))])
  },

  gaussianNoise: (_graph, _stage, x) => x,

  /** Omitted: `Dropout` would train differently. */
  alphaDropout: (_graph, _stage, x) => x,

  prelu: (graph, stage, x) => graph.node('PRelu', [x, parameters(graph, stage)('alpha', [stage.inputs])]),

  scale: (graph, stage, x) => graph.node('Mul', [x, parameters(graph, stage)('scale', [stage.inputs])]),

  blend(graph, stage, x) {
    const f = writeActivation(graph, x, stage.layer.nonlinearity)
    const share = graph.node('Mul', [graph.node('Sub', [f, x]), parameters(graph, stage)('alpha', [stage.inputs])])
    return graph.node('Add', [x, share])
  },

  periodicEmbedding(graph, { layer, values, inputs }, x) {
    const { frequencies, units } = layer
    const turns = values.frequencies.map((w) => 2 * Math.PI * w)
    const apart = graph.node('Reshape', [x, graph.integers([0, inputs, 1])])
    const scaled = graph.node('Mul', [apart, graph.tensor('frequencies', [inputs, frequencies], turns)])
    const argument = graph.node('Add', [scaled, graph.tensor('phases', [inputs, frequencies], values.phases)])
    const waves = graph.node('Reshape', [graph.node('Cos', [argument]), graph.integers([0, inputs, 1, frequencies])])
    const kernel = graph.tensor('kernel', [inputs, units, frequencies], values.kernel)
    const sums = rowSum(graph, graph.node('Mul', [waves, kernel]))
    const linear = graph.node('Add', [sums, graph.tensor('bias', [inputs, units], values.bias)])
    const beside = graph.node('Concat', [apart, linear], { axis: { int: 2 } })
    return graph.node('Reshape', [beside, graph.integers([0, inputs * (1 + units)])])
  },

  unitNorm(graph, { inputs }, x) {
    const unit = divideByDeviation(graph, x, UNIT_EPSILON / inputs)
    return graph.node('Mul', [unit, graph.scalar(1 / Math.sqrt(inputs))])
  },

  select: (graph, { layer }, x) => take(graph, x, layer.columns),

  concatenate(graph, { layer, values, inputs }, x) {
    const parts = branchStages(layer, values).map((stages, b) =>
      graph.within(branchPrefix(b), () => writeStages(graph, placed(stages, inputs), x)),
    )
    return parts.length === 1 ? parts[0] : graph.node('Concat', parts, { axis: { int: 1 } })
  },

  embedding(graph, { layer, values, inputs }, x) {
    const { tables } = layer
    const blocks = tables.flatMap(({ columns, units }, t) => {
      const name = tables.length === 1 ? 'table' : `table_${t + 1}`
      // -1 (missing) looks up a row of zeros prepended to the table
      const rows = new Float32Array(units + values[name].length)
      rows.set(values[name], units)
      const table = graph.tensor(name, [rows.length / units, units], rows)
      return columns.map((column) => {
        const next = graph.node('Add', [take(graph, x, [column]), graph.scalar(1)])
        const chosen = graph.node('Gather', [table, graph.node('Cast', [next], { to: { int: INT64 } })])
        return graph.node('Reshape', [chosen, graph.integers([0, units])])
      })
    })
    return beside(
      graph,
      x,
      inputs,
      tables.flatMap(({ columns }) => columns),
      blocks,
    )
  },

  oneHotColumns(graph, { layer, inputs }, x) {
    const { columns, categories } = layer
    const classes = graph.integers(Array.from({ length: categories }, (_, i) => i))
    const blocks = columns.map((column) => {
      const index = graph.node('Cast', [take(graph, x, [column])], { to: { int: INT64 } })
      return graph.node('Cast', [graph.node('Equal', [index, classes])], { to: { int: FLOAT } })
    })
    return beside(graph, x, inputs, columns, blocks)
  },

  residual: (graph, stage, x) =>
    graph.node('Add', [writeStages(graph, placed(inside(stage) ?? [], stage.inputs), x), x]),
}
