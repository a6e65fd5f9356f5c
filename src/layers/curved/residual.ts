/** Tangents of residual blocks: both paths contribute to the tangents and the gradients. */
import { add } from '../../machine/ops/layers.ts'
import type { Lowerable } from '../layers.ts'
import { blockPrefixes, owns, type ResidualLayer } from '../residual.ts'
import {
  type Curved,
  type CurvedKind,
  type Dual,
  type DualGradient,
  shapeOf,
  sumAlong,
  sumGradients,
} from './curved.ts'

/** @param curve computes the tangents of any layer. */
export const curvedResidual =
  (curve: CurvedKind<Lowerable>): CurvedKind<ResidualLayer<Lowerable>> =>
  (block, builder, x) => {
    const prefixes = blockPrefixes(block.layers)
    let inner: Dual = x
    const layers: Curved[] = block.layers.map((layer, i) => {
      const curved = builder.within(prefixes[i], () => curve(layer, builder, inner))
      inner = curved.y
      return curved
    })
    const value = builder.matrix(x.value.cols)
    builder.emit(add, { a: inner.value.address, b: x.value.address, to: value.address, ...shapeOf(value) })
    return {
      y: { value, tangent: sumAlong(builder, inner.tangent, x.tangent) },
      backward(dy, wanted) {
        const trained = block.layers.map((layer) => wanted.parameters && owns(layer))
        const first = trained.indexOf(true)
        let gradient: DualGradient | undefined = dy
        for (let i = layers.length - 1; i >= 0 && gradient && (wanted.input || (first >= 0 && i >= first)); i--) {
          gradient = layers[i].backward(gradient, { parameters: trained[i], input: wanted.input || i > first })
        }
        return wanted.input && gradient ? sumGradients(builder, gradient, dy) : undefined
      },
    }
  }
