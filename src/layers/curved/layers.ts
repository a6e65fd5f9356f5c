/** The layers with exact tangents. For models with any other, products are differences of gradients. */
import type { Layer, Lowerable } from '../layers.ts'
import { curvedActivationLayer } from './activation.ts'
import { curvedBatchNorm, curvedScale } from './batchNorm.ts'
import { curvedConcatenate, curvedEmbedding, curvedOneHotColumns, curvedSelect } from './columns.ts'
import type { Curved, CurvedBuilder, CurvedKind, Dual } from './curved.ts'
import { curvedDense } from './dense.ts'
import { curvedPrelu } from './prelu.ts'
import { curvedResidual } from './residual.ts'
import { curvedRowNorm } from './rowNorm.ts'

/** Dropout and noise are identities here: a curvature product needs a deterministic function. */
const silent: CurvedKind<Lowerable> = (_layer, _builder, x) => ({ y: x, backward: (dy) => dy })

type Kinds = { readonly [Kind in Lowerable['kind']]?: CurvedKind<Extract<Lowerable, { kind: Kind }>> }

const curvedKinds: Kinds = {
  dense: curvedDense,
  activation: curvedActivationLayer,
  batchNorm: curvedBatchNorm,
  batchRenorm: curvedBatchNorm,
  layerNorm: curvedRowNorm,
  groupNorm: curvedRowNorm,
  instanceNorm: curvedRowNorm,
  rmsNorm: curvedRowNorm,
  prelu: curvedPrelu,
  scale: curvedScale,
  select: curvedSelect,
  oneHotColumns: curvedOneHotColumns,
  embedding: curvedEmbedding,
  concatenate: curvedConcatenate(curve),
  dropout: silent,
  gaussianNoise: silent,
  alphaDropout: silent,
  residual: curvedResidual(curve),
}

/** Emits the layer's value and tangent steps. */
export function curve(layer: Lowerable, builder: CurvedBuilder, x: Dual): Curved {
  // a layer's kind selects the row for exactly that layer
  const kind = curvedKinds[layer.kind] as CurvedKind<Lowerable> | undefined
  if (!kind) throw new Error(`curvature: ${layer.kind} does not know its way along a direction`)
  return kind(layer, builder, x)
}

/** The first layer without exact tangents, if any. */
export function uncurved(layers: readonly Layer[]): Lowerable['kind'] | undefined {
  for (const layer of layers) {
    if (layer.kind === 'input') continue
    const kind = curvedKinds[layer.kind] ? undefined : layer.kind
    const inner = 'layers' in layer ? layer.layers : 'branches' in layer ? layer.branches.flat() : []
    const found = kind ?? uncurved(inner)
    if (found) return found
  }
  return undefined
}
