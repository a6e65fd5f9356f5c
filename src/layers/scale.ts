/** Columns times trained factors. */
import { BATCH_NORM_MODE_CONSTANT_VARIANCE, STATISTICS_ROWS } from '../abi/layers.ts'
import { PANEL } from '../abi/layout.ts'
import type { Initializer, InitializerName } from '../catalogue/initializers/initializers.ts'
import { checkOptions } from '../lib/check.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/layers.ts'
import type { LayerKind } from './builder.ts'
import { carrying } from './carried.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'
import { forTraining, type Resolvers } from './resolvers.ts'

export interface ScaleLayer extends Identity {
  readonly kind: 'scale'
  readonly initializer: Initializer
}

export interface ScaleOptions {
  initializer?: InitializerName | Initializer
  trainable?: boolean
  name?: string
}

function makeScale(options: ScaleOptions, { initializer }: Resolvers): ScaleLayer {
  checkOptions('scale', options, ['initializer', ...IDENTITY_OPTIONS])
  return Object.freeze({
    kind: 'scale',
    initializer: initializer('scale', options.initializer ?? 'ones', 'initializer'),
    ...checkIdentity('scale', options),
  })
}

/** Batch normalization with constant mean 0 and variance 1: (x - 0) · gamma / sqrt(0 + 1). */
const scaleKind: LayerKind<ScaleLayer> = {
  outputs: (_, inputs) => inputs,
  revive: ({ kind: _, ...options }, resolvers) => makeScale(options, resolvers),
  parameters: ({ initializer }, inputs) => [{ name: 'scale', shape: [inputs], layout: 'row', initializer }],

  lower(_, builder, x) {
    const factors = builder.parameter('scale')
    const y = builder.matrix(x.cols)
    const row = roundUp(x.cols, PANEL) * 4
    const statistics = {
      cols: x.cols,
      mode: BATCH_NORM_MODE_CONSTANT_VARIANCE,
      statistics: builder.region(STATISTICS_ROWS * row),
      statisticsStride: row,
    }
    const columns = { x: x.address, stride: x.stride, gamma: factors.address }
    builder.emit(ops.batchNorm, { ...columns, ...statistics, y: y.address, epsilon: 1 })
    return {
      y,
      backward(dy, wanted) {
        const dx = wanted.input ? builder.matrix(x.cols) : undefined
        if (!dx && !wanted.parameters) return undefined
        builder.emit(ops.batchNormBack, {
          ...columns,
          ...statistics,
          dy: dy.address,
          dx: dx?.address,
          dgamma: wanted.parameters ? factors.gradient : 0,
        })
        if (dx) builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

/**
 * y = scale · x, with one trained factor per column (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491). As the first
 * layer it learns which features matter. Defaults: factors start at 1, trainable.
 * @throws TypeError or RangeError naming the option.
 */
export const scale: (options?: ScaleOptions) => ScaleLayer = carrying('scale', scaleKind, (options = {}) =>
  makeScale(options, forTraining),
)
