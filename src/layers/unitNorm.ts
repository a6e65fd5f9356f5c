/** Rows scaled to length 1. */
import { BATCH_NORM_MODE_CONSTANT_VARIANCE, STATISTICS_ROWS } from '../abi/layers.ts'
import { PANEL } from '../abi/layout.ts'
import { checkNoMore, checkOptions } from '../lib/check.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/layers.ts'
import type { LayerKind } from './builder.ts'
import { carrying } from './carried.ts'

export interface UnitNormLayer {
  readonly kind: 'unitNorm'
}

/** Added to a row's squared length. */
export const EPSILON = 1e-12

/** RMS normalization gives rows of length sqrt(cols); batch normalization by a constant variance of cols divides by that. */
const unitNormKind: LayerKind<UnitNormLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive({ kind, ...rest }) {
    checkOptions(kind, rest, [])
    return unitNorm()
  },
  lower(_, builder, x) {
    const { cols, stride } = x
    const n = builder.matrix(cols)
    const y = builder.matrix(cols)
    const rows = { stride, cols, group: cols, centered: 0 }
    const inverse = builder.training ? builder.matrix(1).address : 0
    builder.emit(ops.rowNorm, { ...rows, x: x.address, y: n.address, inverse, epsilon: EPSILON / cols })
    const row = roundUp(cols, PANEL) * 4
    const columns = {
      x: n.address,
      stride,
      cols,
      mode: BATCH_NORM_MODE_CONSTANT_VARIANCE,
      statistics: builder.region(STATISTICS_ROWS * row),
      statisticsStride: row,
    }
    builder.emit(ops.batchNorm, { ...columns, y: y.address, epsilon: cols })
    return {
      y,
      backward(dy, wanted) {
        if (!wanted.input) return undefined
        const dn = builder.matrix(cols)
        const dx = builder.matrix(cols)
        builder.emit(ops.batchNormBack, { ...columns, dy: dy.address, dx: dn.address })
        builder.emit(ops.rowNormBack, { ...rows, dy: dn.address, dx: dx.address, normalized: n.address, inverse })
        builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

/**
 * y = x / sqrt(sum(x²) + 1e-12), row by row: keeps the direction only, for example before a dense layer that computes cosines.
 * Keras' `UnitNormalization`, PyTorch's `functional.normalize`.
 * @throws TypeError if called with an argument.
 */
export const unitNorm: (...more: []) => UnitNormLayer = carrying('unitNorm', unitNormKind, (...more) => {
  checkNoMore('unitNorm', more)
  return Object.freeze({ kind: 'unitNorm' })
})
