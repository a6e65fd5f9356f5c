/** Tangents of a rectifier with a trained slope. */
import { preluCurve, preluTangent } from '../../machine/ops/curvature.ts'
import { prelu, preluBack } from '../../machine/ops/layers.ts'
import type { PreluLayer } from '../prelu.ts'
import { type CurvedKind, shapeOf } from './curved.ts'

/** y = x if x > 0, else alpha x. Below 0: ty = alpha tx + talpha x, tdx = alpha tdy + talpha dy, tdalpha = sum of tdy x + dy tx. */
export const curvedPrelu: CurvedKind<PreluLayer> = (_, builder, { value: x, tangent: moved }) => {
  const alpha = builder.parameter('alpha')
  const columns = { x: x.address, ...shapeOf(x), alpha: alpha.address }
  const dual = { ...columns, xTangent: moved?.address, alphaTangent: alpha.tangent }
  const value = builder.matrix(x.cols)
  builder.emit(prelu, { ...columns, y: value.address })
  const tangent = moved || alpha.tangent ? builder.matrix(x.cols) : undefined
  if (tangent) builder.along(preluTangent, { ...dual, to: tangent.address })
  return {
    y: { value, tangent },
    backward(dy, wanted) {
      const dalpha = wanted.parameters ? alpha.product : 0
      const to = wanted.input ? builder.matrix(x.cols) : undefined
      if (!dy.value) {
        builder.along(preluBack, { ...columns, dy: dy.tangent.address, dx: to?.address, dalpha })
        return to && { value: undefined, tangent: to }
      }
      const gradients = { dy: dy.value.address, dyTangent: dy.tangent.address }
      builder.along(preluCurve, { ...dual, ...gradients, to: to?.address, dalpha })
      if (!to) return undefined
      const dx = builder.matrix(x.cols)
      builder.emit(preluBack, { ...columns, dy: dy.value.address, dx: dx.address })
      return { value: dx, tangent: to }
    },
  }
}
