/** Fully connected layers. */
import { ACTIVATION_LINEAR } from '../abi/activations.ts'
import { PANEL } from '../abi/layout.ts'
import {
  type Activation,
  type ActivationName,
  activationKinds,
  alphaOf,
  resolveActivation,
} from '../catalogue/activations.ts'
import type { Initializer, InitializerName } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import { checkBoolean, checkInteger, checkOptions } from '../lib/check.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as gradientOps from '../machine/ops/gradients.ts'
import * as ops from '../machine/ops/layers.ts'
import { emitActivation } from './activation.ts'
import type { LayerKind } from './builder.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'
import { emitKernelGradient } from './kernelGradient.ts'
import { forTraining, type Resolvers } from './resolvers.ts'
import { emitWeightNorm, weightNormParameters } from './weightNorm.ts'

export interface DenseLayer extends Identity {
  readonly kind: 'dense'
  readonly units: number
  readonly activation: Activation
  readonly useBias: boolean
  readonly kernelInitializer: Initializer
  readonly biasInitializer: Initializer
  readonly kernelRegularizer?: Regularizer
  readonly biasRegularizer?: Regularizer
  readonly activityRegularizer?: Regularizer
  readonly weightNorm?: boolean
}

export interface DenseOptions {
  activation?: ActivationName | Activation
  useBias?: boolean
  kernelInitializer?: InitializerName | Initializer
  biasInitializer?: InitializerName | Initializer
  kernelRegularizer?: Regularizer
  biasRegularizer?: Regularizer
  activityRegularizer?: Regularizer
  weightNorm?: boolean
  trainable?: boolean
  name?: string
}

const DENSE_OPTIONS = [
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'activityRegularizer',
  'weightNorm',
  ...IDENTITY_OPTIONS,
] as const

/**
 * A fully connected layer: y = activation(x·W + b), x [rows, inputs], W [inputs, units], b [units].
 * PyTorch's `Linear` (which stores W transposed), Keras' `Dense`.
 * Defaults: linear activation, bias, Glorot-uniform kernel, zero bias.
 * With `weightNorm`, W = scale · direction / |direction| for each unit (Salimans and Kingma 2016, arXiv:1602.07868;
 * PyTorch's `weight_norm`): `direction` and `scale` replace the kernel, and W starts as initialized.
 * `activityRegularizer` adds its penalty on y, averaged over the rows, to the loss, as in Keras.
 * @throws TypeError or RangeError naming the option.
 */
export function dense(units: number, options: DenseOptions = {}): DenseLayer {
  return makeDense(units, options, forTraining)
}

function makeDense(units: number, options: DenseOptions, { initializer, regularizer }: Resolvers): DenseLayer {
  checkInteger('dense', 'units', units, 1)
  checkOptions('dense', options, DENSE_OPTIONS)
  const { activation = 'linear', useBias = true, weightNorm = false } = options
  const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros' } = options
  const kernelRegularizer = regularizer('dense', options.kernelRegularizer, 'kernelRegularizer')
  const biasRegularizer = regularizer('dense', options.biasRegularizer, 'biasRegularizer')
  const activityRegularizer = regularizer('dense', options.activityRegularizer, 'activityRegularizer')
  if (checkBoolean('dense', 'weightNorm', weightNorm) && kernelRegularizer?.l1) {
    throw new RangeError(
      'dense: an l1 "kernelRegularizer" cannot go with weightNorm, which has no kernel to thin out; use l2',
    )
  }
  return Object.freeze({
    kind: 'dense',
    units,
    activation: resolveActivation('dense', activation),
    useBias: checkBoolean('dense', 'useBias', useBias),
    kernelInitializer: initializer('dense', kernelInitializer, 'kernelInitializer'),
    biasInitializer: initializer('dense', biasInitializer, 'biasInitializer'),
    ...(weightNorm && { weightNorm }),
    ...checkIdentity('dense', options),
    ...(kernelRegularizer && { kernelRegularizer }),
    ...(biasRegularizer && { biasRegularizer }),
    ...(activityRegularizer && { activityRegularizer }),
  })
}

export const denseKind: LayerKind<DenseLayer> = {
  outputs: (layer) => layer.units,
  revive: ({ kind: _, units, ...options }, resolvers) => makeDense(units, options, resolvers),

  parameters: ({ units, useBias, ...layer }, inputs) => [
    ...(layer.weightNorm
      ? weightNormParameters([inputs, units], layer.kernelInitializer, layer.kernelRegularizer)
      : ([
          {
            name: 'kernel',
            shape: [inputs, units],
            layout: 'panels',
            initializer: layer.kernelInitializer,
            ...(layer.kernelRegularizer && { regularizer: layer.kernelRegularizer }),
          },
        ] as const)),
    ...(useBias
      ? ([
          {
            name: 'bias',
            shape: [units],
            layout: 'row',
            initializer: layer.biasInitializer,
            ...(layer.biasRegularizer && { regularizer: layer.biasRegularizer }),
          },
        ] as const)
      : []),
  ],

  lower(layer, builder, x) {
    const kind = activationKinds[layer.activation.kind]
    const normed = layer.weightNorm ? emitWeightNorm(builder, x.cols, layer.units) : undefined
    const kernel = normed ?? builder.parameter('kernel')
    const bias = layer.useBias ? builder.parameter('bias') : undefined
    const y = builder.matrix(layer.units)
    const z = builder.training && kind.saves === 'input' ? builder.matrix(layer.units) : undefined
    const before = kind.apart && z ? z : y
    const shape = { inputs: x.cols, units: layer.units }
    const from = { x: x.address, xStride: x.stride }
    builder.emit(ops.dense, {
      ...shape,
      ...from,
      w: kernel.address,
      b: bias?.address,
      y: before.address,
      yStride: before.stride,
      activation: kind.apart ? ACTIVATION_LINEAR : kind.code,
      alpha: alphaOf(layer.activation),
      saved: kind.apart ? 0 : z?.address,
      savedStride: z?.stride,
    })
    if (kind.apart) emitActivation(builder, layer.activation, before, y)

    const pending = { ...y, activation: layer.activation, saved: z ?? y }
    const activity = layer.activityRegularizer
    const penalty = activity && {
      y: y.address,
      stride: y.stride,
      cols: y.cols,
      l1: activity.l1,
      l2: activity.l2,
    }
    if (penalty) builder.emit(gradientOps.activity, penalty)

    return {
      // an activity penalty acts between y's gradient and its derivative, so no layer above may fold the derivative in
      y: activity ? y : pending,
      backward(dy, wanted) {
        let dz = dy
        if (penalty) {
          dz = builder.matrix(layer.units)
          builder.emit(gradientOps.activityBack, { ...penalty, dy: dy.address, to: dz.address })
          builder.applyDerivative(pending, dz)
        }
        const gradient = { ...shape, dz: dz.address, dzStride: dz.stride }
        if (wanted.parameters) {
          const to = { dw: kernel.gradient, db: bias?.gradient }
          emitKernelGradient(builder, (op, operands) => builder.emit(op, operands), { ...gradient, ...from, ...to })
          normed?.back()
        }
        if (!wanted.input) return undefined
        const dx = builder.matrix(x.cols)
        const below = x.activation && activationKinds[x.activation.kind]
        const folded = below !== undefined && !below.apart
        builder.emit(ops.denseDx, {
          ...gradient,
          w: kernel.address,
          dx: dx.address,
          dxStride: dx.stride,
          scratch: builder.scratch(roundUp(x.cols, PANEL) * layer.units * 4),
          activation: folded ? below.code : ACTIVATION_LINEAR,
          alpha: x.activation && alphaOf(x.activation),
          saved: x.saved?.address,
          savedStride: x.saved?.stride,
        })
        if (!folded) builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}
