/** Exports a network as a TensorFlow.js layers-model. */
import { type Activation, alphaOf } from '../../catalogue/activations.ts'
import { firstRate } from '../../layers/noise.ts'
import { columnLengths } from '../../layers/weightNorm.ts'
import { quote } from '../../lib/check.ts'
import { branchStages, inside, type Network, type PlacedStage, placed, type Stage, stagesOf } from '../network.ts'
import { columns, STEEPER } from './activations.ts'
import { snakeCase } from './context.ts'
import { GELU_CUBE, GELU_SCALE } from './graph.ts'
import type { Json } from './json.ts'
import { otherShare } from './layers.ts'

/** The description, and all weights concatenated. */
export interface TfjsFiles {
  readonly modelJson: Json
  readonly weights: Uint8Array
}

/** Activations that TensorFlow.js knows by name. */
const ACTIVATIONS: { readonly [kind in Activation['kind']]?: string } = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  selu: 'selu',
  gelu: 'gelu',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  silu: 'swish',
  softplus: 'softplus',
  softsign: 'softsign',
  mish: 'mish',
  softmax: 'softmax',
  logSoftmax: 'log_softmax',
}

/** Activations that it does not have. */
const ABSENT: readonly Activation['kind'][] = ['exponential', 'cos', 'sin']

const nameOf = ({ kind, alpha }: Activation): string | undefined => {
  if (kind === 'elu') return alpha === 1 ? 'elu' : undefined
  return kind === 'softplus' && alpha !== undefined ? undefined : ACTIVATIONS[kind]
}

interface Weight {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Layers in the order of creation, each after its inputs. */
class Topology {
  readonly layers: Json[] = []
  readonly weights: Weight[] = []
  readonly #names = new Set<string>()

  /** Adds a layer; returns its name. */
  add(
    className: string,
    config: Json,
    inputs: readonly string[],
    variables: Readonly<Record<string, readonly [data: Float32Array, ...shape: number[]]>> = {},
    wanted?: string,
  ): string {
    const name = this.#nameOf(wanted ?? snakeCase(className))
    this.layers.push({
      class_name: className,
      name,
      config: { name, trainable: true, dtype: 'float32', ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((from) => [from, 0, 0, {}])],
    })
    for (const [variable, [data, ...shape]] of Object.entries(variables))
      this.weights.push({ name: `${name}/${variable}`, shape: shape.length > 0 ? shape : [data.length], data })
    return name
  }

  /** Layer names become tensor names, whose characters are restricted. */
  #nameOf(wanted: string): string {
    const plain = wanted.replace(/[^\w-]/g, '_').replace(/^[^A-Za-z0-9]/, 'layer_')
    let name = plain
    for (let i = 1; this.#names.has(name); i++) name = `${plain}_${i}`
    this.#names.add(name)
    return name
  }
}

/**
 * The functional layers-model of a network.
 * @throws RangeError naming a layer that TensorFlow.js does not have.
 */
export function writeTfjs(where: string, network: Network): TfjsFiles {
  const topology = new Topology()
  const { inputs, classNames, metadata } = network
  const input = topology.add('InputLayer', { batch_input_shape: [null, inputs], sparse: false }, [])
  const output = addStages(where, topology, stagesOf(network), inputs, input)
  const { layers, weights } = topology
  const size = weights.reduce((sum, { data }) => sum + data.length, 0)
  const bytes = new Uint8Array(size * 4)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { data } of weights) for (const value of data) view.setFloat32(at++ * 4, value, true)
  return {
    modelJson: {
      format: 'layers-model',
      generatedBy: 'fourlane',
      convertedBy: null,
      ...((classNames || metadata !== undefined) && {
        userDefinedMetadata: {
          fourlane: { ...(classNames && { classNames }), ...(metadata !== undefined && { metadata }) },
        },
      }),
      modelTopology: {
        class_name: 'Functional',
        // the version whose layer names are used
        keras_version: '2.15.0',
        backend: 'tensor_flow.js',
        config: { name: 'model', layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] },
      },
      weightsManifest: [
        { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
      ],
    },
    weights: bytes,
  }
}

/** Adds the stages after the layer `from`; returns the name of the last. */
function addStages(where: string, topology: Topology, stages: readonly Stage[], inputs: number, from: string): string {
  let last = from
  for (const stage of placed(stages, inputs)) last = addStage(where, topology, stage, last)
  return last
}

function addStage(where: string, topology: Topology, stage: PlacedStage, from: string): string {
  const { layer, values, inputs, outputs } = stage
  const name = 'name' in layer ? layer.name : undefined
  const common = { trainable: !('trainable' in layer) || layer.trainable }
  switch (layer.kind) {
    case 'dense':
      return addDense(where, topology, stage, from)
    case 'activation':
      return addActivation(where, topology, layer.activation, outputs, from)
    case 'dropout':
      return topology.add('Dropout', { rate: firstRate(layer) }, [from])
    case 'alphaDropout':
      return topology.add('AlphaDropout', { rate: layer.rate }, [from])
    case 'gaussianNoise':
      return topology.add('GaussianNoise', { stddev: layer.stddev }, [from])
    case 'batchNorm': {
      const { momentum, epsilon, affine, synchronized } = layer
      const config = {
        axis: -1,
        momentum: otherShare(momentum ?? 0.01),
        epsilon,
        center: affine,
        scale: affine,
        ...(synchronized && { synchronized }),
      }
      return topology.add(
        'BatchNormalization',
        { ...common, ...config },
        [from],
        {
          ...(affine && { gamma: [values.gamma], beta: [values.beta] }),
          moving_mean: [values.runningMean],
          moving_variance: [values.runningVariance],
        },
        name,
      )
    }
    case 'batchRenorm': {
      // batch renorm divides by the deviation, without an epsilon
      const scale = values.runningDeviation.map((value, i) => (layer.affine ? values.gamma[i] : 1) / value)
      const shift = scale.map((factor, i) => (layer.affine ? values.beta[i] : 0) - values.runningMean[i] * factor)
      return addColumns(topology, scale, shift, from)
    }
    case 'layerNorm': {
      const { epsilon, affine } = layer
      return topology.add(
        'LayerNormalization',
        { ...common, axis: -1, epsilon, center: affine, scale: affine },
        [from],
        {
          ...(affine && { gamma: [values.gamma], beta: [values.beta] }),
        },
        name,
      )
    }
    case 'prelu':
      return topology.add('PReLU', common, [from], { alpha: [values.alpha] }, name)
    case 'concatenate': {
      const ends = branchStages(layer, values).map((branch) => addStages(where, topology, branch, inputs, from))
      return ends.length === 1 ? ends[0] : topology.add('Concatenate', { axis: -1 }, ends)
    }
    case 'scale':
      return addColumns(topology, values.scale, new Float32Array(inputs), from)
    case 'residual': {
      const branch = addStages(where, topology, inside(stage) ?? [], inputs, from)
      return topology.add('Add', {}, [branch, from])
    }
    default:
      throw new RangeError(
        `${where}: TensorFlow.js has no ${layer.kind}${name === undefined ? '' : ` (${quote(name)})`}`,
      )
  }
}

function addDense(
  where: string,
  topology: Topology,
  { layer, values, inputs, outputs }: PlacedStage,
  from: string,
): string {
  if (layer.kind !== 'dense') return from
  const { activation, useBias, name, trainable } = layer
  const named = nameOf(activation)
  const isHard = activation.kind === 'hardSigmoid'
  const factor = isHard ? 1 / STEEPER : 1
  const kernel = layer.weightNorm ? resolved(values.direction, values.scale) : values.kernel
  const scaled = (list: Float32Array) => list.map((value) => value * factor)
  const config = {
    units: outputs,
    activation: isHard ? 'hard_sigmoid' : (named ?? 'linear'),
    use_bias: useBias,
    trainable,
  }
  const last = topology.add(
    'Dense',
    config,
    [from],
    {
      kernel: [scaled(kernel), inputs, outputs],
      ...(useBias && { bias: [scaled(values.bias)] }),
    },
    name,
  )
  return named || isHard ? last : addActivation(where, topology, activation, outputs, last)
}

/** W = scale · direction / |direction| for each unit. */
function resolved(direction: Float32Array, scale: Float32Array): Float32Array {
  const lengths = columnLengths(direction, scale.length)
  return direction.map((value, i) => {
    const unit = i % scale.length
    return lengths[unit] === 0 ? 0 : (value * scale[unit]) / lengths[unit]
  })
}

function addColumns(topology: Topology, scale: Float32Array, shift: Float32Array, from: string): string {
  const { layer, values } = columns(scale, shift)
  const epsilon = layer.kind === 'batchNorm' ? layer.epsilon : 0
  return topology.add(
    'BatchNormalization',
    { axis: -1, epsilon, center: true, scale: true, trainable: false },
    [from],
    {
      gamma: [values.gamma],
      beta: [values.beta],
      moving_mean: [values.runningMean],
      moving_variance: [values.runningVariance],
    },
  )
}

/** Adds an activation as one layer, or as several that compute it. */
function addActivation(where: string, topology: Topology, activation: Activation, width: number, from: string): string {
  const { kind, alpha } = activation
  if (ABSENT.includes(kind)) throw new RangeError(`${where}: TensorFlow.js has no activation ${kind}`)
  const filled = (value: number) => new Float32Array(width).fill(value)
  const plain = (name: string, to: string) => topology.add('Activation', { activation: name }, [to])
  const hardSigmoid = () => plain('hard_sigmoid', addColumns(topology, filled(1 / STEEPER), filled(0), from))
  const named = nameOf(activation)
  if (named !== undefined) return plain(named, from)
  if (kind === 'leakyRelu') return topology.add('LeakyReLU', { alpha }, [from])
  // its ELU only has alpha 1, so a leaky ReLU scales ELU's negative part
  if (kind === 'elu') return topology.add('LeakyReLU', { alpha }, [plain('elu', from)])
  if (kind === 'hardSigmoid') return hardSigmoid()
  if (kind === 'softplus') {
    const beta = alphaOf(activation) ?? 1
    const steep = plain('softplus', addColumns(topology, filled(beta), filled(0), from))
    return addColumns(topology, filled(1 / beta), filled(0), steep)
  }
  if (kind === 'hardSwish') return topology.add('Multiply', {}, [hardSigmoid(), from])
  // tanh-approximated GELU: x sigmoid(x (a + b x²))
  // multiplying a tensor by itself would free it twice
  const square = topology.add('Multiply', {}, [addColumns(topology, filled(1), filled(0), from), from])
  const line = addColumns(topology, filled(GELU_SCALE * GELU_CUBE), filled(GELU_SCALE), square)
  const argument = topology.add('Multiply', {}, [line, from])
  return topology.add('Multiply', {}, [plain('sigmoid', argument), from])
}
