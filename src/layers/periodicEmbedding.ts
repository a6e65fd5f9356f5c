/** Trained periodic features of numeric columns. */
import { randomNormal, randomUniform } from '../catalogue/initializers/initializers.ts'
import { checkFloat, checkInteger, checkOptions, orDefault } from '../lib/check.ts'
import * as ops from '../machine/ops/features.ts'
import type { LayerKind, ParameterSpec } from './builder.ts'
import { carrying } from './carried.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'

export interface PeriodicEmbeddingLayer extends Identity {
  readonly kind: 'periodicEmbedding'
  readonly frequencies: number
  readonly units: number
  readonly stddev: number
}

export interface PeriodicEmbeddingOptions {
  frequencies?: number
  units?: number
  stddev?: number
  trainable?: boolean
  name?: string
}

const OPTIONS = ['frequencies', 'units', 'stddev', ...IDENTITY_OPTIONS] as const

const periodicEmbeddingKind: LayerKind<PeriodicEmbeddingLayer> = {
  outputs: ({ units }, inputs) => inputs * (1 + units),
  revive: ({ kind: _, ...options }) => periodicEmbedding(options),

  parameters({ frequencies, units, stddev }, inputs) {
    const bound = 1 / Math.sqrt(frequencies)
    const linear = randomUniform({ minval: -bound, maxval: bound })
    const phases = randomUniform({ minval: -Math.PI, maxval: Math.PI })
    const table = (name: string, shape: number[], initializer: ParameterSpec['initializer']): ParameterSpec => {
      return { name, shape, layout: 'table', initializer }
    }
    return [
      table('frequencies', [inputs, frequencies], randomNormal({ mean: 0, stddev })),
      table('phases', [inputs, frequencies], phases),
      table('kernel', [inputs, units, frequencies], linear),
      table('bias', [inputs, units], linear),
    ]
  },

  lower({ frequencies, units }, builder, x) {
    const [w, b, kernel, bias] = ['frequencies', 'phases', 'kernel', 'bias'].map((name) => builder.parameter(name))
    const y = builder.matrix(x.cols * (1 + units))
    const words = {
      x: x.address,
      xStride: x.stride,
      cols: x.cols,
      frequencies,
      units,
      w: w.address,
      b: b.address,
      kernel: kernel.address,
    }
    builder.emit(ops.periodic, { ...words, y: y.address, yStride: y.stride, bias: bias.address })
    return {
      y,
      backward(dy, wanted) {
        const dx = wanted.input ? builder.matrix(x.cols) : undefined
        builder.emit(ops.periodicBack, {
          ...words,
          dy: dy.address,
          yStride: dy.stride,
          dx: dx?.address,
          ...(wanted.parameters && {
            dw: w.gradient,
            db: b.gradient,
            dkernel: kernel.gradient,
            dbias: bias.gradient,
          }),
        })
        if (dx) builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

/**
 * Numeric embeddings (Gorishniy, Rubachev and Babenko 2022, arXiv:2203.05556, in the "PBLD" form of Holzmüller, Grinsztajn and Steinwart
 * 2024, arXiv:2407.04491): every column x becomes x followed by `units` values kernel · cos(2 pi x w + b) + bias, with one w and b per
 * frequency. All four are trained, separately for each column. Inputs should be scaled to vary by about 1.
 * Defaults: 16 frequencies from N(0, stddev²), stddev 0.1, phases from U(-pi, pi), 3 units, kernel and bias from
 * U(±1 / sqrt(frequencies)).
 * @throws TypeError or RangeError naming the option.
 */
export const periodicEmbedding: (options?: PeriodicEmbeddingOptions) => PeriodicEmbeddingLayer = carrying(
  'periodicEmbedding',
  periodicEmbeddingKind,
  (options = {}) => {
    const where = 'periodicEmbedding'
    checkOptions(where, options, OPTIONS)
    return Object.freeze({
      kind: where,
      frequencies: checkInteger(where, 'frequencies', orDefault(options.frequencies, 16), 1),
      units: checkInteger(where, 'units', orDefault(options.units, 3), 1),
      stddev: checkFloat(where, 'stddev', orDefault(options.stddev, 0.1), { above: 0 }),
      ...checkIdentity(where, options),
    })
  },
)
