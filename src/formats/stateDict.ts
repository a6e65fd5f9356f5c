/** How PyTorch and Keras name and store the parameters of a layer. */
import type { ParameterSpec } from '../layers/builder.ts'
import type { Lowerable } from '../layers/layers.ts'

export type WeightLayout = 'torch' | 'keras'
export const WEIGHT_LAYOUTS: readonly WeightLayout[] = ['torch', 'keras']

type Names = Readonly<Record<string, string>>
const AFFINE = { gamma: 'weight', beta: 'bias' }

/** Kinds of layers that the other program has: parameter -> last part of its name there. */
const NAMES: Readonly<Record<WeightLayout, { readonly [kind in Lowerable['kind']]?: Names }>> = {
  torch: {
    dense: { kernel: 'weight', bias: 'bias', direction: 'weight_v', scale: 'weight_g' },
    batchNorm: {
      ...AFFINE,
      runningMean: 'running_mean',
      runningVariance: 'running_var',
      batches: 'num_batches_tracked',
    },
    layerNorm: AFFINE,
    groupNorm: AFFINE,
    instanceNorm: AFFINE,
    rmsNorm: AFFINE,
    prelu: { alpha: 'weight' },
    embedding: { table: 'weight' },
  },
  keras: {
    dense: { kernel: 'kernel', bias: 'bias' },
    batchNorm: { gamma: 'gamma', beta: 'beta', runningMean: 'moving_mean', runningVariance: 'moving_variance' },
    layerNorm: { gamma: 'gamma', beta: 'beta' },
    groupNorm: { gamma: 'gamma', beta: 'beta' },
    rmsNorm: { gamma: 'scale' },
    prelu: { alpha: 'alpha' },
    embedding: { table: 'embeddings' },
  },
}

/** Keras' class names, in the form used for the names of layers and groups in files. */
export const KERAS_NAMES: { readonly [kind in Lowerable['kind']]?: string } = {
  dense: 'dense',
  batchNorm: 'batch_normalization',
  layerNorm: 'layer_normalization',
  groupNorm: 'group_normalization',
  rmsNorm: 'rms_normalization',
  prelu: 'p_re_lu',
  embedding: 'embedding',
}

/** A parameter as stored by another program. */
export interface Slot {
  /** Our name within the layer. */
  readonly name: string
  /** The last part of its name there. */
  readonly suffix: string
  readonly shape: readonly number[]
  /** Whether their row-major values are transposed relative to ours. */
  readonly transposed: boolean
}

/**
 * The layer's parameters as stored by the other program, without those that it does not store.
 * @throws RangeError for a kind of layer that it does not have.
 */
export function slotsOf(
  where: string,
  layout: WeightLayout,
  layer: Lowerable,
  path: string,
  specs: readonly ParameterSpec[],
): Slot[] {
  if (specs.length === 0) return []
  const names = NAMES[layout][layer.kind]
  const several = layer.kind === 'embedding' && layer.tables.length > 1
  const unknown = !names || several || (layout === 'keras' && layer.kind === 'dense' && layer.weightNorm)
  if (unknown) {
    const kind = several ? 'embedding of several tables' : names ? 'weight normalization' : layer.kind
    const program = layout === 'torch' ? 'PyTorch' : 'Keras'
    throw new RangeError(`${where}: ${path}: ${program} has no ${kind}; fold() makes a model without, where it can`)
  }
  return specs.flatMap(({ name, shape }): Slot[] => {
    const suffix = names[name]
    if (suffix === undefined) return []
    if (layout === 'keras') return [{ name, suffix, shape, transposed: false }]
    if (shape.length === 2 && layer.kind !== 'embedding')
      return [{ name, suffix, shape: [shape[1], shape[0]], transposed: true }]
    const others: Readonly<Record<string, readonly number[]>> = { weight_g: [shape[0], 1], num_batches_tracked: [] }
    return [{ name, suffix, shape: others[suffix] ?? shape, transposed: false }]
  })
}

/** Transposes a row-major matrix [rows, columns]. */
export function transpose(data: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]
  return out
}
