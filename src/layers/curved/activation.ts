/** Forward and backward tangents of activations. */
import { type Activation, type ActivationName, activationKinds, alphaOf } from '../../catalogue/activations.ts'
import { activateCurve, logSoftmaxTangent } from '../../machine/ops/curvature.ts'
import { type ActivationLayer, emitActivation, emitSlope } from '../activation.ts'
import type { Matrix } from '../builder.ts'
import { type CurvedBuilder, type CurvedKind, type Dual, type DualGradient, shapeOf } from './curved.ts'

/** Piecewise linear: f'' is 0. */
const STRAIGHT: readonly ActivationName[] = ['relu', 'leakyRelu', 'relu6', 'hardSigmoid']

/**
 * y = f(z), both already computed. ty = f'(z) tz; dz = f'(z) dy; tdz = f'(z) tdy + f''(z) tz dy.
 * softmax and logSoftmax work by row.
 */
export function curvedActivation(builder: CurvedBuilder, activation: Activation, z: Dual, y: Matrix) {
  const { kind } = activation
  if (kind === 'linear') return { y: { value: y, tangent: z.tangent }, backward: (dy: DualGradient) => dy }
  const { code, saves, rowwise } = activationKinds[kind]
  const saved = saves === 'input' ? z.value : y
  const along: Pick<CurvedBuilder, 'emit'> = { emit: (op, operands) => builder.along(op, operands) }
  const sloped = (list: Pick<CurvedBuilder, 'emit'>, from: Matrix): Matrix => {
    const to = builder.matrix(y.cols)
    emitSlope(list, activation, saved, from, to)
    return to
  }
  const moved = z.tangent && moveBy(z.tangent)
  /** J * tangent; the Jacobian J of f is symmetric except for logSoftmax. */
  function moveBy(tangent: Matrix): Matrix {
    if (kind !== 'logSoftmax') return sloped(along, tangent)
    const to = builder.matrix(y.cols)
    builder.along(logSoftmaxTangent, { y: y.address, tangent: tangent.address, to: to.address, ...shapeOf(y) })
    return to
  }
  return {
    y: { value: y, tangent: moved },
    backward(dy: DualGradient): DualGradient {
      const value = dy.value && sloped(builder, dy.value)
      const tangent = rowwise ? moved : z.tangent
      if (!dy.value || !tangent || STRAIGHT.includes(kind)) return { value, tangent: sloped(along, dy.tangent) }
      const to = builder.matrix(y.cols)
      builder.along(activateCurve, {
        dy: dy.value.address,
        dyTangent: dy.tangent.address,
        saved: saved.address,
        tangent: tangent.address,
        to: to.address,
        ...shapeOf(y),
        kind: code,
        alpha: alphaOf(activation),
      })
      return { value, tangent: to }
    },
  }
}

export const curvedActivationLayer: CurvedKind<ActivationLayer> = ({ activation }, builder, x) => {
  const y = builder.matrix(x.value.cols)
  emitActivation(builder, activation, x.value, y)
  const activated = curvedActivation(builder, activation, x, y)
  return { y: activated.y, backward: (dy, wanted) => (wanted.input ? activated.backward(dy) : undefined) }
}
