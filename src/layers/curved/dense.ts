/** Tangents of fully connected layers. */
import { ACTIVATION_LINEAR } from '../../abi/activations.ts'
import { PANEL } from '../../abi/layout.ts'
import { activationKinds, alphaOf } from '../../catalogue/activations.ts'
import { roundUp } from '../../machine/matrixLayout.ts'
import { activityBack } from '../../machine/ops/gradients.ts'
import { dense, denseDx } from '../../machine/ops/layers.ts'
import { axpy } from '../../machine/ops/solve.ts'
import { emitActivation } from '../activation.ts'
import type { Matrix } from '../builder.ts'
import type { DenseLayer } from '../dense.ts'
import { emitKernelGradient } from '../kernelGradient.ts'
import { curvedActivation } from './activation.ts'
import {
  type CurvedBuilder,
  type CurvedKernel,
  type CurvedKind,
  type Dual,
  type DualGradient,
  ONE,
  shapeOf,
  sumAlong,
} from './curved.ts'
import { curvedWeightNorm } from './weightNorm.ts'

/**
 * z = x W + b: tz = tx W + x tW + tb
 * dx = dz Wᵀ, dW = xᵀ dz: tdx = tdz Wᵀ + dz tWᵀ, tdW = xᵀ tdz + txᵀ dz; tdb is the column sum of tdz.
 */
export const curvedDense: CurvedKind<DenseLayer> = (layer, builder, x) => {
  const { units, activation } = layer
  const inputs = x.value.cols
  const kernel: CurvedKernel = layer.weightNorm ? curvedWeightNorm(builder, inputs, units) : builder.parameter('kernel')
  const bias = layer.useBias ? builder.parameter('bias') : undefined
  const shape = { inputs, units }
  const from = ({ address, stride }: Matrix) => ({ ...shape, x: address, xStride: stride })
  const of = ({ address, stride }: Matrix) => ({ dz: address, dzStride: stride })

  const { y, z } = emitForward()
  const product = (a: Matrix, w: number, b: number | undefined): Matrix => {
    const to = builder.matrix(units)
    builder.along(dense, { ...from(a), w, b, y: to.address, yStride: to.stride, activation: ACTIVATION_LINEAR })
    return to
  }
  const passed = x.tangent && product(x.tangent, kernel.address, bias?.tangent)
  const moved = kernel.tangent ? product(x.value, kernel.tangent, passed ? 0 : bias?.tangent) : undefined
  const tangent = sumAlong(builder, passed, moved)
  const activated = curvedActivation(builder, activation, { value: z, tangent }, y)

  return {
    y: activated.y,
    backward(dy, wanted) {
      const dz = activated.backward(penalized(builder, layer, activated.y, dy))
      if (wanted.parameters) weightsBack(dz)
      return wanted.input ? inputBack(dz) : undefined
    },
  }

  function emitForward(): { y: Matrix; z: Matrix } {
    const { code, saves, apart } = activationKinds[activation.kind]
    const y = builder.matrix(units)
    const z = saves === 'input' ? builder.matrix(units) : y
    const before = apart ? z : y
    builder.emit(dense, {
      ...from(x.value),
      w: kernel.address,
      b: bias?.address,
      y: before.address,
      yStride: before.stride,
      activation: apart ? ACTIVATION_LINEAR : code,
      alpha: alphaOf(activation),
      saved: z === before ? 0 : z.address,
      savedStride: z.stride,
    })
    if (apart) emitActivation(builder, activation, before, y)
    return { y, z }
  }

  function weightsBack({ value, tangent }: DualGradient): void {
    const to = kernel.product
    const along: CurvedBuilder['along'] = (op, operands) => builder.along(op, operands)
    emitKernelGradient(builder, along, { ...from(x.value), ...of(tangent), dw: to, db: bias?.product })
    if (value && x.tangent) {
      const count = inputs * roundUp(units, PANEL)
      // a buffer of its own: the products do not write the padding
      const crossed = builder.region(count * 4)
      emitKernelGradient(builder, along, { ...from(x.tangent), ...of(value), dw: crossed })
      builder.along(axpy, { x: crossed, y: to, to, count, scalar: ONE })
    }
    if (value && kernel.gradient) {
      const emit: CurvedBuilder['emit'] = (op, operands) => builder.emit(op, operands)
      emitKernelGradient(builder, emit, { ...from(x.value), ...of(value), dw: kernel.gradient })
    }
    kernel.back?.(value !== undefined)
  }

  function inputBack({ value, tangent }: DualGradient): DualGradient {
    const through = (list: 'emit' | 'along', dz: Matrix, w: number): Matrix => {
      const dx = builder.matrix(inputs)
      const to = { dx: dx.address, dxStride: dx.stride, activation: ACTIVATION_LINEAR }
      const scratch = builder.scratch(roundUp(inputs, PANEL) * units * 4)
      builder[list](denseDx, { ...shape, ...of(dz), ...to, w, scratch })
      return dx
    }
    const passed = through('along', tangent, kernel.address)
    const moved = value && kernel.tangent ? through('along', value, kernel.tangent) : undefined
    return {
      value: value && through('emit', value, kernel.address),
      tangent: sumAlong(builder, passed, moved) ?? passed,
    }
  }
}

/** dy plus the activity penalty's (l1 sign(y) + l2 y) / rows; its tangent is tdy + l2 ty / rows. */
function penalized(
  builder: CurvedBuilder,
  { activityRegularizer }: DenseLayer,
  { value: y, tangent: moved }: Dual,
  dy: DualGradient,
): DualGradient {
  if (!activityRegularizer || !builder.penalties) return dy
  const { l1, l2 } = activityRegularizer
  const add = (list: 'emit' | 'along', of: Matrix, to: Matrix, l1: number): Matrix => {
    const sum = builder.matrix(y.cols)
    builder[list](activityBack, { y: of.address, ...shapeOf(y), dy: to.address, to: sum.address, l1, l2 })
    return sum
  }
  return {
    value: dy.value && add('emit', y, dy.value, l1),
    tangent: moved ? add('along', moved, dy.tangent, 0) : dy.tangent,
  }
}
