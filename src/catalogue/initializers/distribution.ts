/** From an initializer and a layer's fans to a distribution, and samples from it. */

import type { Random } from '../../lib/random.ts'
import { fillIdentity, fillNormal, fillOrthogonal, fillTruncatedNormal, fillUniform } from './fill.ts'
import type { Initializer } from './initializers.ts'

/** Standard deviation of a standard normal truncated at ±2. */
const TRUNCATED_STDDEV = 0.87962566103423978

/** The distribution of an initializer for known fans. */
export type InitialDistribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal' | 'truncatedNormal'; readonly mean: number; readonly stddev: number }
  | { readonly kind: 'orthogonal' | 'identity'; readonly gain: number }

const uniform = (bound: number): InitialDistribution => ({ kind: 'uniform', low: -bound, high: bound })
const normal = (stddev: number): InitialDistribution => ({ kind: 'normal', mean: 0, stddev })

/** The distribution for a spec. The stddev of `truncatedNormal` is that of the normal before truncation at ±2 stddev. */
export function initialDistribution(spec: Initializer, fanIn: number, fanOut: number): InitialDistribution {
  switch (spec.kind) {
    case 'zeros':
      return { kind: 'constant', value: 0 }
    case 'ones':
      return { kind: 'constant', value: 1 }
    case 'constant':
      return { kind: 'constant', value: spec.value }
    case 'randomUniform':
      return { kind: 'uniform', low: spec.minval, high: spec.maxval }
    case 'randomNormal':
      return { kind: 'normal', mean: spec.mean, stddev: spec.stddev }
    case 'truncatedNormal':
      return { kind: 'truncatedNormal', mean: spec.mean, stddev: spec.stddev }
    case 'varianceScaling': {
      const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[spec.mode]
      const stddev = Math.sqrt(spec.scale / fan)
      if (spec.distribution === 'uniform') return uniform(Math.sqrt(3) * stddev)
      if (spec.distribution === 'normal') return normal(stddev)
      return { kind: 'truncatedNormal', mean: 0, stddev: stddev / TRUNCATED_STDDEV }
    }
    case 'glorotUniform':
      return uniform(spec.gain * Math.sqrt(6 / (fanIn + fanOut)))
    case 'glorotNormal':
      return normal(spec.gain * Math.sqrt(2 / (fanIn + fanOut)))
    case 'heUniform':
      return uniform(spec.gain * Math.sqrt(3 / (spec.mode === 'fanIn' ? fanIn : fanOut)))
    case 'heNormal':
      return normal(spec.gain / Math.sqrt(spec.mode === 'fanIn' ? fanIn : fanOut))
    case 'lecunUniform':
      return uniform(Math.sqrt(3 / fanIn))
    case 'lecunNormal':
      return normal(Math.sqrt(1 / fanIn))
    case 'orthogonal':
    case 'identity':
      return { kind: spec.kind, gain: spec.gain }
    case 'torchLinear':
      return uniform(1 / Math.sqrt(fanIn))
  }
}

/**
 * Fills a kernel (`out` in canonical [fanIn, fanOut] row-major order) or a bias (`out` of length fanOut).
 * Computed in float64 with portable operations and rounded once: the same seed gives the same bits everywhere.
 * @throws RangeError for orthogonal or identity on anything but a [fanIn, fanOut] matrix.
 */
export function fillInitial(spec: Initializer, out: Float32Array, fanIn: number, fanOut: number, random: Random): void {
  const drawn = initialDistribution(spec, fanIn, fanOut)
  if ((drawn.kind === 'orthogonal' || drawn.kind === 'identity') && out.length !== fanIn * fanOut) {
    throw new RangeError(
      `${spec.kind}: fills only matrices, got ${out.length} values for ${fanIn} inputs and ${fanOut} units`,
    )
  }
  switch (drawn.kind) {
    case 'constant':
      out.fill(drawn.value)
      break
    case 'uniform':
      fillUniform(out, drawn.low, drawn.high, random)
      break
    case 'normal':
      fillNormal(out, drawn.mean, drawn.stddev, random)
      break
    case 'truncatedNormal':
      fillTruncatedNormal(out, drawn.mean, drawn.stddev, random)
      break
    case 'orthogonal':
      fillOrthogonal(out, fanIn, fanOut, drawn.gain, random)
      break
    case 'identity':
      fillIdentity(out, fanIn, fanOut, drawn.gain)
      break
  }
}
