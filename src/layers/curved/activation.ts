/** Activations along a direction. */
import { type Activation, type ActivationName, activationKinds, alphaOf } from '../../catalogue/activations.ts'
import { activateCurve, logSoftmaxTangent } from '../../machine/ops/curvature.ts'
import { type ActivationLayer, emitActivation, emitSlope } from '../activation.ts'
import type { Matrix } from '../builder.ts'
import { type CurvedBuilder, type CurvedKind, type Dual, type DualGradient, shapeOf } from './curved.ts'

/** Straight between their kinks: f'' is 0. */
const STRAIGHT: readonly ActivationName[] = ['relu', 'leakyRelu', 'relu6', 'hardSigmoid']

/**
 * y = f(z), both computed already: ty = f'(z) tz; dz = f'(z) dy: tdz = f'(z) tdy + f''(z) tz dy.
 * Row by row for softmax and its logarithm.
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
  /** How f moves: the matrix of its derivatives is symmetric, but for logSoftmax. */
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
