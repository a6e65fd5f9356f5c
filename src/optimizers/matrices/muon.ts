/** Muon: momentum with orthogonalized updates. */

import { SUM_CHUNK } from '../../abi/layout.ts'
import { checkFloat, checkInteger, checkOneOf, show } from '../../lib/check.ts'
import { roundUp, rowStride } from '../../machine/matrixLayout.ts'
import * as ops from '../../machine/ops/matrix.ts'
import { dotPartials } from '../../machine/ops/solve.ts'
import { type Step, step } from '../../machine/program.ts'
import type { DecayOptions } from '../optimizers.ts'
import type { Check } from '../rules/make.ts'
import { type Hypers, number } from '../rules/rule.ts'
import { chooseMatrices, type MatrixOptions, makeMatrixRule } from './makeMatrixRule.ts'
import type { MatrixRule, Scratch, Taken } from './matrixRule.ts'

const ADJUSTMENTS = ['original', 'matchRmsAdamw'] as const

export interface MuonOptions extends MatrixOptions, DecayOptions {
  /** Decay of the running mean of gradients. Default 0.95. */
  readonly momentum?: number
  /** Nesterov momentum. Default true. */
  readonly nesterov?: boolean
  /** Newton-Schulz iterations, 0 to 99. Default 5. */
  readonly newtonSchulzSteps?: number
  /** Coefficients of their polynomial a x + b x³ + c x⁵. Default [3.4445, -4.775, 2.0315]. */
  readonly coefficients?: readonly [number, number, number]
  /** Lower bound on the norm that the momentum is divided by. Default 1e-7. */
  readonly epsilon?: number
  /**
   * Factor on the rate of a matrix. `original`: sqrt(max(1, units / inputs)); `matchRmsAdamw`: 0.2 sqrt(max(units, inputs)), for
   * AdamW's rates and decays. Default `original`.
   */
  readonly adjustLearningRate?: (typeof ADJUSTMENTS)[number]
}

const three: Check = (where, name, value) => {
  if (!Array.isArray(value) || value.length !== 3) {
    throw new TypeError(`${where}: "${name}" must be an array of three numbers, got ${show(value)}`)
  }
  return Object.freeze(value.map((each, i) => checkFloat(where, `${name}[${i}]`, each)))
}

const checks: Readonly<Record<string, Check>> = {
  momentum: (where, name, value) => checkFloat(where, name, value, { minimum: 0, below: 1 }),
  newtonSchulzSteps: (where, name, value) => checkInteger(where, name, value, 0, 99),
  coefficients: three,
  adjustLearningRate: (where, name, value) => checkOneOf(where, name, value, ADJUSTMENTS),
}

/**
 * Muon: B = momentum B + (1 - momentum) G; W -= lr scale orthogonalize(B), where Newton-Schulz iterations approximate the nearest
 * matrix with orthonormal rows or columns, so that all directions are learned at the same rate. By default it updates all matrices
 * except a model's first and last; those, biases and norms go to the fallback. PyTorch's `Muon`, with float32 instead of bfloat16.
 * Defaults: learningRate 0.001, weightDecay 0.1 (decoupled), momentum 0.95 with nesterov, fallback adamw().
 * Source: Jordan et al. 2024; matchRmsAdamw: Liu et al. 2025, arXiv:2502.16982.
 * @throws TypeError or RangeError naming the option.
 */
export function muon(options: MuonOptions = {}): MatrixRule<'muon'> {
  const made = makeMatrixRule(
    'muon',
    options,
    {
      learningRate: 0.001,
      momentum: 0.95,
      nesterov: true,
      newtonSchulzSteps: 5,
      coefficients: [3.4445, -4.775, 2.0315],
      epsilon: 1e-7,
      adjustLearningRate: 'original',
      weightDecay: 0.1,
    },
    checks,
  )
  return Object.freeze({
    ...made,
    takes: (tensors) =>
      // outside of a model there is no first and last matrix
      chooseMatrices(
        made,
        tensors,
        (i, { length, [i]: tensor }) => tensor.layer === undefined || (i > 0 && i < length - 1),
      ),
    states: ({ matrix = [0, 0] }) => [{ name: 'momentum', shape: matrix, layout: 'panels' }],
    lower: (taken, scratch) =>
      taken.flatMap((each) => {
        if (!each.tensor.trainable) return []
        scratch.clear()
        return descentOf(each, made.options, scratch)
      }),
  } satisfies MatrixRule<'muon'>)
}

/** b = momentum b + (1 - momentum) g, then w -= rate orthogonalize(b), or of b's look-ahead with nesterov. */
function descentOf(taken: Taken, options: Hypers, scratch: Scratch): Step[] {
  const { tensor, settings, parameters, gradients } = taken
  const { matrix: [inputs, units] = [0, 0], count } = tensor
  const momentum = number(options, 'momentum')
  const average = taken.state('momentum')
  // in order: the new b before it is copied, the input of the orthogonalization, the new w before it is copied
  const beside = scratch.take(count * 4)
  const blend = { x: average, y: gradients, to: beside, count, alpha: momentum, beta: 1 - momentum }
  const nesterov = options.nesterov === true
  const direction = orthogonalized(
    { panels: nesterov ? beside : average, inputs, units, count },
    options,
    settings.epsilon ?? number(options, 'epsilon'),
    scratch,
  )
  return [
    step(ops.blend, blend),
    step(ops.copy, { from: beside, to: average, count }),
    ...(nesterov ? [step(ops.blend, blend)] : []),
    ...direction.steps,
    step(ops.descend, {
      w: parameters,
      x: direction.rows,
      xStride: direction.stride,
      transposed: direction.transposed,
      to: beside,
      rows: inputs,
      cols: units,
      rate: settings.rateScale,
      factor:
        options.adjustLearningRate === 'original'
          ? Math.sqrt(Math.max(1, units / inputs))
          : 0.2 * Math.sqrt(Math.max(inputs, units)),
      decayScale: settings.decay === undefined ? settings.decayScale : 0,
      decay: settings.decay ?? 0,
    }),
    step(ops.copy, { from: beside, to: parameters, count }),
  ]
}

interface Orthogonalized {
  readonly steps: Step[]
  /** The result, row-major; transposed if `transposed`. */
  readonly rows: number
  readonly stride: number
  readonly transposed: number
}

/** X = u / max(|u|, epsilon), tall; then X = X (a I + b S + c S²) with S = Xᵀ X, of which only one triangle is computed. */
function orthogonalized(
  u: { readonly panels: number; readonly inputs: number; readonly units: number; readonly count: number },
  options: Hypers,
  epsilon: number,
  scratch: Scratch,
): Orthogonalized {
  const { panels, inputs, units, count } = u
  const [a, b, c] = options.coefficients as readonly number[]
  const [long, short] = [Math.max(inputs, units), Math.min(inputs, units)]
  const transposed = inputs < units ? 1 : 0
  const stride = rowStride(short)
  const chunks = Math.ceil(count / SUM_CHUNK)
  const partials = scratch.take(chunks * 8)
  let [x, next] = [scratch.take(long * stride), scratch.take(long * stride)]
  const [s, p] = [scratch.take(short * stride), scratch.take(short * stride)]
  const square = scratch.take(roundUp(short, 8) * short * 4)
  const sides = { rows: short, cols: short, upper: 1 }
  const steps = [
    step(dotPartials, { x: panels, y: panels, count, partials }),
    step(ops.toRows, {
      from: panels,
      to: x,
      stride,
      rows: inputs,
      cols: units,
      transposed,
      scale: 1,
      partials,
      partialCount: chunks,
      epsilon,
    }),
  ]
  for (let i = 0; i < number(options, 'newtonSchulzSteps'); i++) {
    steps.push(
      step(ops.columnProduct, { a: x, aStride: stride, b: x, bStride: stride, c: square, ...sides, depth: long }),
      step(ops.toRows, { from: square, to: s, stride, ...sides, scale: c, shift: b }),
      step(ops.mirror, { matrix: square, size: short }),
      step(ops.product, { a: s, aStride: stride, b: square, c: p, cStride: stride, ...sides, depth: short }),
      step(ops.toPanels, { from: p, to: square, stride, ...sides, scale: 1, shift: a }),
      step(ops.product, {
        a: x,
        aStride: stride,
        b: square,
        c: next,
        cStride: stride,
        rows: long,
        depth: short,
        cols: short,
      }),
    )
    ;[x, next] = [next, x]
  }
  return { steps, rows: x, stride, transposed }
}
