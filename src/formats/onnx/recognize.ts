/**
 * Recognizes activations and normalizations by what they compute. Exporters write GELU, Mish, softplus or layer normalization as up
 * to a dozen nodes, each in its own way. So the steps are evaluated on sample rows in float64 and compared with known functions.
 */
import { type ActivationName, resolveActivation } from '../../catalogue/activations.ts'
import { activation } from '../../layers/layers.ts'
import { stage } from '../network.ts'
import type { Flow, Item } from './flows.ts'
import { elu, gelu, geluTanh, hardSigmoid, mish, selu, sigmoid, softplus } from './pointwise.ts'
import { byRow, layerNorm, logSoftmax, rmsNorm, SAMPLE_COLUMNS, softmax } from './rowwise.ts'
import { tidy } from './tidy.ts'

/** A candidate: the item that the steps may be, and its values on the samples. */
interface Hypothesis {
  readonly item: Item
  readonly expected: (x: Float64Array) => Float64Array
}

const pointwise: Readonly<Partial<Record<ActivationName, (x: number) => number>>> = {
  relu: (x) => Math.max(x, 0),
  sigmoid,
  tanh: Math.tanh,
  gelu,
  geluTanh,
  silu: (x) => x * sigmoid(x),
  mish,
  softplus,
  selu: (x) => selu(x),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  hardSwish: (x) => x * hardSigmoid(x),
  hardSigmoid: (x) => hardSigmoid(x),
  softsign: (x) => x / (1 + Math.abs(x)),
  exponential: Math.exp,
  cos: Math.cos,
  sin: Math.sin,
}
const rowwise = { softmax, logSoftmax }

function hypothesis(kind: ActivationName, expected: Hypothesis['expected'], alpha?: number): Hypothesis {
  const layer = activation(resolveActivation('importOnnx', { kind, ...(alpha !== undefined && { alpha }) }))
  return { item: { kind: 'stage', stage: stage(layer) }, expected }
}

/** Activations without parameters. */
const fixed = (): Hypothesis[] => [
  ...Object.entries(pointwise).map(([kind, f]) => hypothesis(kind as ActivationName, (x) => x.map(f))),
  ...Object.entries(rowwise).map(([kind, f]) => hypothesis(kind as ActivationName, (x) => byRow(f)([x]))),
]

/** A few samples that rule out most hypotheses. The second row varies so little that an epsilon matters. */
const FEW = [
  ...[-1.2, 0.3, -3.1, 7.3, 0.9, -0.4, 2.6, -6.8],
  ...[0.011, -0.007, 0.002, 0.016, -0.012, 0.005, -0.001, 0.009],
]

/** Many samples: all magnitudes and signs, and around every constant of the steps, where there may be kinks. */
function manySamples(scalars: readonly number[]): Float64Array {
  const values: number[] = []
  for (let i = 0; i < 56; i++) values.push((i % 2 ? -1 : 1) * 64 * 0.82 ** ((i * 23) % 56))
  for (let i = 0; i < 40; i++) values.push(0.05 * Math.sin(i * 12.9898) + 0.2, Math.sin(i * 78.233) * 8)
  const large = new Set(
    scalars
      .slice(0, 32)
      .map(Math.abs)
      .filter((size) => size < 1e9),
  )
  for (const size of large) for (const factor of [0.9, 0.999, 1.001, 1.1, 2]) values.push(size * factor, -size * factor)
  while (values.length % SAMPLE_COLUMNS) values.push(values.length / 100)
  return Float64Array.from(values)
}

/** Constants in files are float32. */
const TOLERANCE = 2e-6
/** Above it, float32 exponentials, and what is computed from them, may overflow. */
const OVERFLOW = 80

function agree(x: Float64Array, found: Float64Array, expected: Float64Array): boolean {
  for (let at = 0; at < x.length; at += SAMPLE_COLUMNS) {
    const mayOverflow = x.subarray(at, at + SAMPLE_COLUMNS).some((value) => Math.abs(value) > OVERFLOW)
    for (let i = at; i < at + SAMPLE_COLUMNS; i++) {
      const fits = Math.abs(found[i] - expected[i]) <= TOLERANCE * (1 + Math.abs(expected[i]))
      if (!fits && !(mayOverflow && !Number.isFinite(found[i]))) return false
    }
  }
  return true
}

/** Candidates whose parameter is fitted to the values, or taken from the constants. */
function fitted(few: Float64Array, y: Float64Array, epsilons: Iterable<number>): Hypothesis[] {
  const found: Hypothesis[] = []
  const slope = tidy(y[0] / few[0])
  const depth = tidy(y[0] / Math.expm1(few[0]))
  // slope 1 is the identity
  if (slope >= 0 && slope !== 1 && slope < 1e30) {
    const leaky = (x: Float64Array) => x.map((v) => (v > 0 ? v : slope * v))
    if (agree(few, y, leaky(few))) found.push(hypothesis('leakyRelu', leaky, slope))
  }
  if (depth >= 0 && depth < 1e30) {
    const exponential = (x: Float64Array) => x.map((v) => elu(v, depth))
    if (agree(few, y, exponential(few))) found.push(hypothesis('elu', exponential, depth))
  }
  for (const scalar of epsilons) {
    const epsilon = tidy(scalar)
    const steep = (x: Float64Array) => x.map((v) => softplus(epsilon * v) / epsilon)
    if (epsilon > 0 && epsilon < 1e30 && agree(few, y, steep(few))) found.push(hypothesis('softplus', steep, epsilon))
    for (const [layer, f] of [['layerNorm', layerNorm] as const, ['rmsNorm', rmsNorm] as const]) {
      const expected = (x: Float64Array) => byRow((row) => f(row, epsilon))([x])
      // the number of channels is determined where the rows are known
      const item: Item = { kind: 'norm', layer, groups: 1, channels: 0, epsilon }
      if (agree(few, y, expected(few))) found.push({ item, expected })
    }
  }
  return found
}

/** Maximum number of steps, and of blocks of steps, to consider: enough for the longest form that exporters write. */
const MOST_STEPS = 24
export const MOST_BLOCKS = 6

/** A step's values on the known samples; undefined if it treats columns differently or depends on something else. */
function sampled(step: Flow, known: ReadonlyMap<Flow, Float64Array>): Float64Array | undefined {
  const operands: Float64Array[] = []
  for (const flow of step.from) {
    const x = known.get(flow)
    if (!x) return undefined
    operands.push(x)
  }
  return step.sample?.(operands)
}

/** A candidate for a run of steps that agrees with the first samples. */
interface Possible extends Hypothesis {
  readonly steps: number
  readonly blocks: number
  readonly groups: number
}

/** An item applied to groups of a row of `size`; undefined if that is impossible. */
function inGroups(item: Item, size: number, groups: number): Item | undefined {
  if (item.kind === 'norm' && groups > 1)
    return item.layer === 'layerNorm' ? { ...item, layer: 'groupNorm', groups, channels: size } : undefined
  return groups > 1 ? undefined : item.kind === 'norm' ? { ...item, channels: size } : item
}

/** Finds items in runs of steps. */
export class Recognizer {
  readonly #few = Float64Array.from(FEW)
  readonly #fixed = fixed().map((each) => ({ ...each, few: each.expected(this.#few) }))

  /**
   * The longest run of steps after `from` that is a single activation or normalization.
   * @param blocks the steps between consecutive trunk nodes, which all paths from `from` on pass through, in order.
   * @returns the item and the number of blocks it covers.
   */
  recognize(from: Flow, blocks: Iterable<readonly Flow[]>): { item: Item; blocks: number } | undefined {
    const possible: Possible[] = []
    const known = new Map<Flow, Float64Array>([[from, this.#few]])
    const steps: Flow[] = []
    const epsilons = new Set<number>()
    const seen = new Set<string>()
    /** Groups of a row that the steps work on; 0 while they are elementwise. */
    let groups = 0
    let taken = 0
    for (const block of blocks) {
      if (steps.length + block.length > MOST_STEPS || taken === MOST_BLOCKS) break
      // a longer run can only extend an activation by one more: softmax and its logarithm
      if (possible.length > 0 && taken > possible[0].blocks + 1) break
      for (const step of block) {
        const y = sampled(step, known)
        if (!y) return this.#surest(from, steps, possible)
        known.set(step, y)
        steps.push(step)
        if (groups > 0 && step.groups !== undefined && step.groups !== groups)
          return this.#surest(from, steps, possible)
        groups = step.groups ?? groups
        for (const scalar of step.scalars ?? []) if (scalar > 0 && scalar < 1) epsilons.add(scalar)
      }
      taken++
      const last = steps[steps.length - 1]
      const y = known.get(last)
      if (!y || last.size !== from.size) continue
      const run = { steps: steps.length, blocks: taken, groups }
      const agreeing = this.#fixed.filter(({ few }) => agree(this.#few, y, few))
      for (const { item, expected } of [...agreeing, ...fitted(this.#few, y, groups > 0 ? epsilons : [])]) {
        // steps without further effect may belong to the next item: the mean after a normalization
        const name = JSON.stringify(item.kind === 'stage' ? item.stage.layer : item)
        if (!seen.has(name)) possible.push({ item, expected, ...run })
        seen.add(name)
      }
    }
    return this.#surest(from, steps, possible)
  }

  /** The longest candidate that also agrees with many samples. */
  #surest(from: Flow, steps: readonly Flow[], possible: readonly Possible[]) {
    for (const { item, expected, ...run } of [...possible].sort((a, b) => b.steps - a.steps)) {
      const those = steps.slice(0, run.steps)
      const x = manySamples(those.flatMap((step) => step.scalars ?? []))
      const known = new Map<Flow, Float64Array>([[from, x]])
      for (const step of those) known.set(step, sampled(step, known) as Float64Array)
      const y = known.get(those[those.length - 1]) as Float64Array
      const found = inGroups(item, from.size, run.groups)
      if (found && agree(x, y, expected(x))) return { item: found, blocks: run.blocks }
    }
    return undefined
  }
}
