/** Activations blended with the identity, with one trained factor per column. */
import { type Activation, type ActivationName, activationKinds, resolveActivation } from '../catalogue/activations.ts'
import type { Initializer, InitializerName } from '../catalogue/initializers/initializers.ts'
import { checkOptions } from '../lib/check.ts'
import * as ops from '../machine/ops/features.ts'
import { add } from '../machine/ops/layers.ts'
import { emitActivation } from './activation.ts'
import type { LayerKind } from './builder.ts'
import { carrying } from './carried.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'
import { forTraining, type Resolvers } from './resolvers.ts'

export interface BlendLayer extends Identity {
  readonly kind: 'blend'
  /** Not called `activation`, which a loss may absorb. */
  readonly nonlinearity: Activation
  readonly initializer: Initializer
}

export interface BlendOptions {
  initializer?: InitializerName | Initializer
  trainable?: boolean
  name?: string
}

function makeBlend(f: ActivationName | Activation, options: BlendOptions, { initializer }: Resolvers): BlendLayer {
  checkOptions('blend', options, ['initializer', ...IDENTITY_OPTIONS])
  return Object.freeze({
    kind: 'blend',
    nonlinearity: resolveActivation('blend', f),
    initializer: initializer('blend', options.initializer ?? 'ones', 'initializer'),
    ...checkIdentity('blend', options),
  })
}

const blendKind: LayerKind<BlendLayer> = {
  outputs: (_, inputs) => inputs,
  revive: ({ kind: _, nonlinearity, ...options }, resolvers) => makeBlend(nonlinearity, options, resolvers),
  parameters: ({ initializer }, inputs) => [{ name: 'alpha', shape: [inputs], layout: 'row', initializer }],

  lower({ nonlinearity }, builder, x) {
    const alpha = builder.parameter('alpha')
    const f = builder.matrix(x.cols)
    const y = builder.matrix(x.cols)
    emitActivation(builder, nonlinearity, x, f)
    const columns = { x: x.address, f: f.address, stride: x.stride, cols: x.cols, alpha: alpha.address }
    builder.emit(ops.mix, { ...columns, y: y.address })
    return {
      y,
      backward(dy, wanted) {
        const [dx, df] = wanted.input ? [builder.matrix(x.cols), builder.matrix(x.cols)] : []
        builder.emit(ops.mixBack, {
          ...columns,
          dy: dy.address,
          dx: dx?.address,
          df: df?.address,
          dalpha: wanted.parameters ? alpha.gradient : 0,
        })
        if (!dx || !df) return undefined
        const saved = activationKinds[nonlinearity.kind].saves === 'input' ? x : f
        builder.applyDerivative({ ...f, activation: nonlinearity, saved }, df)
        builder.emit(add, { a: dx.address, b: df.address, to: dx.address, stride: dx.stride, cols: dx.cols })
        builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

/**
 * y = x + alpha (f(x) - x), with one trained alpha per column: anywhere between the identity and f (Holzmüller, Grinsztajn and
 * Steinwart 2024, arXiv:2407.04491, "parametric activation"). Default: alpha starts at 1, where y = f(x).
 * @throws TypeError or RangeError naming the option.
 */
export const blend: (activation: ActivationName | Activation, options?: BlendOptions) => BlendLayer = carrying(
  'blend',
  blendKind,
  (activation, options = {}) => makeBlend(activation, options, forTraining),
)
