/** Tangents of weight-normalized kernels. */
import { WEIGHT_CURVE_SUMS_ROWS } from '../../abi/curvature.ts'
import { PANEL } from '../../abi/layout.ts'
import { roundUp } from '../../machine/matrixLayout.ts'
import { weightNormCurve, weightNormTangent } from '../../machine/ops/curvature.ts'
import { weightNorm, weightNormBack } from '../../machine/ops/layers.ts'
import type { CurvedBuilder, CurvedKernel } from './curved.ts'

/** W = g v / |v|: emits W and its tangent; `back` emits the products for v and g from that for W. */
export function curvedWeightNorm(builder: CurvedBuilder, inputs: number, units: number): CurvedKernel {
  const direction = builder.parameter('direction')
  const scale = builder.parameter('scale')
  const row = roundUp(units, PANEL) * 4
  const shape = { inputs, units }
  const words = { v: direction.address, g: scale.address, inverse: builder.region(row), ...shape }
  const address = builder.region(inputs * row)
  builder.emit(weightNorm, { ...words, w: address })

  const moves = direction.tangent !== 0 && scale.tangent !== 0
  const sums = builder.region(WEIGHT_CURVE_SUMS_ROWS * row)
  const dual = { ...words, vTangent: direction.tangent, gTangent: scale.tangent, sums }
  const tangent = moves ? builder.region(inputs * row) : 0
  if (moves) builder.along(weightNormTangent, { ...dual, to: tangent })
  const product = builder.region(inputs * row)
  const gradient = builder.region(inputs * row)
  return {
    address,
    tangent,
    product,
    gradient,
    back(curved) {
      const to = { dv: direction.product, dg: scale.product }
      if (curved) builder.along(weightNormCurve, { ...dual, dw: gradient, dwTangent: product, ...to })
      else builder.along(weightNormBack, { ...words, dw: product, ...to })
    },
  }
}
