/** A rectifier with a trained slope below zero. */
import { constant } from '../catalogue/initializers/initializers.ts'
import { checkFloat, checkOptions, orDefault } from '../lib/check.ts'
import * as ops from '../machine/ops/layers.ts'
import type { LayerKind } from './builder.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'

export interface PreluLayer extends Identity {
  readonly kind: 'prelu'
  /** Initial slope of every unit. */
  readonly alpha: number
}

/**
 * y = x if x > 0, else alpha x, with one trained alpha per unit (He et al. 2015, arXiv:1502.01852). PyTorch's
 * `PReLU(num_parameters=units)`, Keras' `PReLU` (whose alphas start at 0). At x = 0 the derivative is alpha.
 * Default: alpha starts at 0.25. Weight decay pulls the slopes to 0; exclude them with `parameterGroups`.
 * @throws TypeError or RangeError naming the option.
 */
export function prelu(options: { alpha?: number; trainable?: boolean; name?: string } = {}): PreluLayer {
  checkOptions('prelu', options, ['alpha', ...IDENTITY_OPTIONS])
  const alpha = checkFloat('prelu', 'alpha', orDefault(options.alpha, 0.25))
  return Object.freeze({ kind: 'prelu', alpha, ...checkIdentity('prelu', options) })
}

export const preluKind: LayerKind<PreluLayer> = {
  outputs: (_, inputs) => inputs,
  revive: ({ kind: _, ...options }) => prelu(options),
  parameters: ({ alpha }, inputs) => [{ name: 'alpha', shape: [inputs], layout: 'row', initializer: constant(alpha) }],

  lower(_, builder, x) {
    const alpha = builder.parameter('alpha')
    const y = builder.matrix(x.cols)
    const columns = { x: x.address, stride: x.stride, cols: x.cols, alpha: alpha.address }
    builder.emit(ops.prelu, { ...columns, y: y.address })
    return {
      y,
      backward(dy, wanted) {
        const dx = wanted.input ? builder.matrix(x.cols) : undefined
        builder.emit(ops.preluBack, {
          ...columns,
          dy: dy.address,
          dx: dx?.address,
          dalpha: wanted.parameters ? alpha.gradient : 0,
        })
        if (dx) builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}
