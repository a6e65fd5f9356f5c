/** Slow float64 reference of every layer: forward only, plain loops over rows of a batch. */
import { type ActivationName, activationKinds } from '../../src/catalogue/activations.ts'
import { branchPrefix } from '../../src/layers/branches.ts'
import type { Lowerable } from '../../src/layers/layers.ts'
import { oracle } from './activations.ts'

/** Parameters of a stack by name, as the layer declares them. */
export type Values = Readonly<Record<string, ArrayLike<number>>>

/** How the layers act; `step` and `seed` choose the noise. */
export interface OraclePass {
  readonly training: boolean
  readonly seed: number
  readonly step: number
  /** Batch renorm's r and d by layer and column: written when empty, else taken as they are, for they have no gradient. */
  readonly renorm: Map<string, (readonly [r: number, d: number])[]>
}

type Rows = number[][]

/** Outputs of the layers, in order; parameters are found under `prefixes[i] + name`. */
export function forward(layers: readonly Lowerable[], x: Rows, values: Values, pass: OraclePass): Rows {
  return stack(layers, x, values, '', pass, { next: 0 })
}

function stack(
  layers: readonly Lowerable[],
  x: Rows,
  values: Values,
  outer: string,
  pass: OraclePass,
  streams: { next: number },
): Rows {
  const seen: Record<string, number> = {}
  let y = x
  for (const layer of layers) {
    seen[layer.kind] = (seen[layer.kind] ?? 0) + 1
    const prefix = `${outer}${('name' in layer && layer.name) || `${layer.kind}_${seen[layer.kind]}`}.`
    y = apply(layer, y, (name) => values[prefix + name], values, prefix, pass, streams)
  }
  return y
}

function apply(
  layer: Lowerable,
  x: Rows,
  value: (name: string) => ArrayLike<number>,
  values: Values,
  prefix: string,
  pass: OraclePass,
  streams: { next: number },
): Rows {
  switch (layer.kind) {
    case 'dense': {
      const kernel = layer.weightNorm ? normedKernel(value('direction'), value('scale'), layer.units) : value('kernel')
      const bias = layer.useBias ? value('bias') : new Float64Array(layer.units)
      const z = x.map((row) => {
        const out = Array.from(bias)
        for (let k = 0; k < row.length; k++) {
          for (let u = 0; u < layer.units; u++) out[u] += row[k] * kernel[k * layer.units + u]
        }
        return out
      })
      return activate(z, layer.activation.kind, layer.activation.alpha)
    }
    case 'activation':
      return activate(x, layer.activation.kind, layer.activation.alpha)
    case 'batchNorm':
    case 'batchRenorm':
      return batchwise(layer, x, value, prefix, pass)
    case 'layerNorm':
    case 'rmsNorm':
      return rowwise(layer, x, value, 1, x[0].length)
    case 'groupNorm':
      return rowwise(layer, x, value, layer.groups, layer.channels ?? x[0].length)
    case 'instanceNorm':
      return rowwise(layer, x, value, layer.channels, layer.channels)
    case 'dropout': {
      const stream = streams.next++
      const rate = typeof layer.rate === 'number' ? layer.rate : layer.rate.at(pass.step - 1)
      if (!pass.training || rate === 0) return x
      const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1)
      return eachElement(x, (v, i) => (randomBits(pass, stream, i) >= threshold ? v / (1 - rate) : 0))
    }
    case 'alphaDropout': {
      const stream = streams.next++
      const { rate } = layer
      if (!pass.training || rate === 0) return x
      const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1)
      const saturation = -1.6732632423543772 * 1.0507009873554805
      const a = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5
      const b = -a * rate * saturation
      return eachElement(x, (v, i) => a * (randomBits(pass, stream, i) >= threshold ? v : saturation) + b)
    }
    case 'gaussianNoise': {
      const stream = streams.next++
      if (!pass.training || layer.stddev === 0) return x
      return eachElement(x, (v, i) => v + layer.stddev * normalOf(randomBits(pass, stream, i)))
    }
    case 'prelu': {
      const alpha = value('alpha')
      return x.map((row) => row.map((v, c) => (v > 0 ? v : alpha[c] * v)))
    }
    case 'scale': {
      const factors = value('scale')
      return x.map((row) => row.map((v, c) => factors[c] * v))
    }
    case 'unitNorm':
      return x.map((row) => {
        const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 1e-12))
        return row.map((v) => v / length)
      })
    case 'select':
      return x.map((row) => layer.columns.map((c) => row[c]))
    case 'heads':
    case 'concatenate': {
      const outputs = layer.branches.map((branch, b) =>
        stack(
          branch,
          x,
          values,
          `${prefix}${branchPrefix(b, 'names' in layer ? layer.names : undefined)}`,
          pass,
          streams,
        ),
      )
      return x.map((_, r) => outputs.flatMap((rows) => rows[r]))
    }
    case 'embedding': {
      const taken = layer.tables.flatMap(({ columns }) => columns)
      return x.map((row) => [
        ...row.filter((_, c) => !taken.includes(c)),
        ...layer.tables.flatMap(({ columns, units }, t) => {
          const table = value(layer.tables.length === 1 ? 'table' : `table_${t + 1}`)
          return columns.flatMap((c) =>
            Array.from({ length: units }, (_, u) => (row[c] < 0 ? 0 : table[row[c] * units + u])),
          )
        }),
      ])
    }
    case 'oneHotColumns':
      return x.map((row) => [
        ...row.filter((_, c) => !layer.columns.includes(c)),
        ...layer.columns.flatMap((c) => Array.from({ length: layer.categories }, (_, i) => Number(row[c] === i))),
      ])
    case 'blend': {
      const alpha = value('alpha')
      const f = activate(x, layer.nonlinearity.kind, layer.nonlinearity.alpha)
      return x.map((row, r) => row.map((v, c) => v + alpha[c] * (f[r][c] - v)))
    }
    case 'periodicEmbedding': {
      const { frequencies, units } = layer
      const [w, b] = [value('frequencies'), value('phases')]
      const [kernel, bias] = [value('kernel'), value('bias')]
      const waves = (v: number, c: number) =>
        Array.from({ length: frequencies }, (_, k) => {
          return Math.cos(2 * Math.PI * v * w[c * frequencies + k] + b[c * frequencies + k])
        })
      const linear = (wave: readonly number[], unit: number) =>
        wave.reduce((sum, h, k) => sum + h * kernel[unit * frequencies + k], bias[unit])
      return x.map((row) =>
        row.flatMap((v, c) => {
          const wave = waves(v, c)
          return [v, ...Array.from({ length: units }, (_, u) => linear(wave, c * units + u))]
        }),
      )
    }
    case 'residual': {
      const inner = stack(layer.layers, x, values, prefix, pass, streams)
      return x.map((row, r) => row.map((v, c) => v + inner[r][c]))
    }
  }
}

function activate(z: Rows, kind: ActivationName, alpha = activationKinds[kind].alpha ?? 0): Rows {
  if (kind !== 'softmax' && kind !== 'logSoftmax') return z.map((row) => row.map((v) => oracle[kind](v, alpha)))
  return z.map((row) => {
    const top = Math.max(...row)
    const sum = row.reduce((total, v) => total + Math.exp(v - top), 0)
    return row.map((v) => (kind === 'softmax' ? Math.exp(v - top) / sum : v - top - Math.log(sum)))
  })
}

function normedKernel(direction: ArrayLike<number>, scale: ArrayLike<number>, units: number): number[] {
  const squares = new Array<number>(units).fill(0)
  for (let i = 0; i < direction.length; i++) squares[i % units] += direction[i] ** 2
  return Array.from(direction, (v, i) =>
    squares[i % units] === 0 ? 0 : (v * scale[i % units]) / Math.sqrt(squares[i % units]),
  )
}

/** Mean and biased variance. */
function moments(v: readonly number[]): [number, number] {
  const mean = v.reduce((sum, a) => sum + a, 0) / v.length
  return [mean, v.reduce((sum, a) => sum + (a - mean) ** 2, 0) / v.length]
}

function batchwise(
  layer: Extract<Lowerable, { kind: 'batchNorm' | 'batchRenorm' }>,
  x: Rows,
  value: (name: string) => ArrayLike<number>,
  prefix: string,
  { training: asTraining, renorm }: OraclePass,
): Rows {
  const training = asTraining && layer.trainable
  const runningMean = value('runningMean')
  const columns = x[0].map((_, c) => {
    const [mean, variance] = moments(x.map((row) => row[c]))
    const spread = Math.sqrt(variance + layer.epsilon)
    if (layer.kind === 'batchNorm') {
      return training
        ? [mean, 1 / spread, 0]
        : [runningMean[c], 1 / Math.sqrt(value('runningVariance')[c] + layer.epsilon), 0]
    }
    const sigma = value('runningDeviation')[c]
    if (!training) return [runningMean[c], 1 / sigma, 0]
    const known = renorm.get(prefix) ?? []
    renorm.set(prefix, known)
    known[c] ??= [
      Math.min(Math.max(spread / sigma, 1 / layer.rMax), layer.rMax),
      Math.min(Math.max((mean - runningMean[c]) / sigma, -layer.dMax), layer.dMax),
    ]
    const [r, d] = known[c]
    return [mean, r / spread, d]
  })
  return x.map((row) =>
    row.map((v, c) => {
      const [mean, factor, d] = columns[c]
      const n = (v - mean) * factor + d
      return layer.affine ? value('gamma')[c] * n + value('beta')[c] : n
    }),
  )
}

function rowwise(
  layer: Extract<Lowerable, { kind: 'layerNorm' | 'rmsNorm' | 'groupNorm' | 'instanceNorm' }>,
  x: Rows,
  value: (name: string) => ArrayLike<number>,
  groups: number,
  channels: number,
): Rows {
  return x.map((row) => {
    const size = row.length / groups
    const statistics = Array.from({ length: groups }, (_, g) => moments(row.slice(g * size, (g + 1) * size)))
    return row.map((v, c) => {
      const [mean, variance] = statistics[Math.floor(c / size)]
      const centered = layer.kind === 'rmsNorm' ? 0 : mean
      const n = (v - centered) / Math.sqrt(variance + mean ** 2 - centered ** 2 + layer.epsilon)
      const channel = Math.floor((c * channels) / row.length)
      if (!layer.affine) return n
      return value('gamma')[channel] * n + (layer.kind === 'rmsNorm' ? 0 : value('beta')[channel])
    })
  })
}

/** Elements are numbered along rows padded to whole panels of 8. */
function eachElement(x: Rows, f: (v: number, index: number) => number): Rows {
  return x.map((row, r) => row.map((v, c) => f(v, r * Math.ceil(row.length / 8) * 8 + c)))
}

const GAMMA = 0x9e3779b9
function mix(word: number): number {
  let z = word | 0
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  return z ^ (z >>> 16)
}

/** The 32 bits of one element of one stream in one step. */
export function randomBits({ seed, step }: Pick<OraclePass, 'seed' | 'step'>, stream: number, index: number): number {
  const key = (word: number) =>
    mix(mix(mix(seed + Math.imul(GAMMA, word + 1)) ^ (step + GAMMA)) + Math.imul(GAMMA, stream + 1))
  let z = index ^ key(0)
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul((z ^ (z >>> 15)) + key(1), 0x846ca68b)
  return (z ^ (z >>> 16)) >>> 0
}

/** The standard normal z with P(Z < z) = (1 + u) / 2, u the odd multiple of 2^-24 that the bits stand for: bisection. */
export function normalOf(bits: number): number {
  const u = (((bits >>> 7) | 1) - 2 ** 24) / 2 ** 24
  const tail = (1 - Math.abs(u)) / 2
  let low = 0
  let high = 6
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (upperTail(middle) > tail) low = middle
    else high = middle
  }
  return Math.sign(u) * low
}

/** P(Z > z), z >= 0: the continued fraction for large z, the series for small. */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z < 3) {
    let term = z
    let sum = z
    for (let k = 1; k < 80; k++) {
      term *= (z * z) / (2 * k + 1)
      sum += term
    }
    return 0.5 - density * sum
  }
  let fraction = z
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction
  return density / fraction
}
