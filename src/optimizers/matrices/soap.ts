/** SOAP: Adam in the eigenbasis of Shampoo's factors. */
import { orDefault } from '../../lib/check.ts'
import { rowStride } from '../../machine/matrixLayout.ts'
import * as ops from '../../machine/ops/matrix.ts'
import { type Step, step } from '../../machine/program.ts'
import type { DecayOptions } from '../optimizers.ts'
import { within } from '../rules/make.ts'
import { corrections, type Hypers, number } from '../rules/rule.ts'
import {
  accumulate,
  type Desk,
  type FactorOptions,
  factorChecks,
  factorDefaults,
  layOut,
  move,
  type Side,
  sandwich,
  sidesOf,
  squareFloats,
  type When,
} from './factors.ts'
import { chooseMatrices, type MatrixOptions, makeMatrixRule } from './makeMatrixRule.ts'
import type { MatrixRule, Scratch, Taken } from './matrixRule.ts'

export interface SoapOptions extends MatrixOptions, DecayOptions, FactorOptions {
  /** Decay of the running mean of gradients. Default 0.95. */
  readonly beta1?: number
  /** Decay of the running mean of squared gradients in the eigenbasis. Default 0.95. */
  readonly beta2?: number
  /** Decay of the running means of G Gᵀ and Gᵀ G. Default beta2. */
  readonly factorBeta?: number
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number
}

const checks = { ...factorChecks, factorBeta: within({ minimum: 0, below: 1 }) }

/**
 * SOAP: Adam on the gradient rotated into the eigenbasis of running means of G Gᵀ and Gᵀ G; the update is rotated back. Between
 * decompositions the basis is constant, and Adam's second moment continues in it. The first update only computes a basis and
 * leaves the matrices unchanged, as in the authors' implementation, which refreshes the basis by one step of power iteration with
 * QR instead of a full decomposition. A side that is too long has the identity as its basis.
 * Defaults: learningRate 0.003, beta1 and beta2 0.95, weightDecay 0.01 (decoupled), epsilon 1e-8, a basis every 10 updates,
 * fallback adamw().
 * Source: Vyas et al. 2024, arXiv:2409.11321.
 * @throws TypeError or RangeError naming the option.
 */
export function soap(options: SoapOptions = {}): MatrixRule<'soap'> {
  const beta2 = orDefault(options.beta2, 0.95)
  const defaults = {
    learningRate: 0.003,
    beta1: 0.95,
    beta2: 0.95,
    factorBeta: beta2,
    epsilon: 1e-8,
    ...factorDefaults,
    weightDecay: 0.01,
  }
  const made = makeMatrixRule('soap', options, defaults, checks)
  return Object.freeze({
    ...made,
    takes: (tensors) => chooseMatrices(made, tensors, () => true),
    states: (tensor) => {
      const { matrix = [0, 0] } = tensor
      const sides = sidesOf(tensor, made.options).flatMap(({ name, size }) =>
        [name, basisOf(name)].map((state) => ({ name: state, shape: [size, size] })),
      )
      const moments = ['firstMoment', 'secondMoment'].map((name) => ({ name, shape: matrix }))
      return [...moments, ...sides].map((state) => ({ ...state, layout: 'panels' as const }))
    },
    // the first update is not a step of Adam
    scalars: (given, t) => corrections(given, Math.max(t - 1, 1)),
    lower: (taken, scratch) =>
      taken.flatMap((each) => {
        if (!each.tensor.trainable) return []
        scratch.clear()
        return updateOf(each, made.options, scratch)
      }),
  } satisfies MatrixRule<'soap'>)
}

/** Name of the state whose rows are the eigenvectors. */
const basisOf = (name: Side['name']) => `${name}Basis`

/** Adam's step in the current basis, the new factors, and periodically a new basis. */
function updateOf(taken: Taken, options: Hypers, scratch: Scratch): Step[] {
  const { tensor, settings, gradients } = taken
  const { matrix: [inputs, units] = [0, 0], count } = tensor
  const sides = sidesOf(tensor, options)
  const desk = layOut(tensor, gradients, sides, scratch)
  const [turned, squares, back] = [scratch.take(count * 4), scratch.take(count * 4), scratch.take(count * 4)]
  const again = scratch.take(inputs * desk.stride)
  const [first, second] = [taken.state('firstMoment'), taken.state('secondMoment')]
  const [beta1, beta2, factorBeta] = [number(options, 'beta1'), number(options, 'beta2'), number(options, 'factorBeta')]
  const rows = { stride: desk.stride, rows: inputs, cols: units, scale: 1 }
  const adam = { since: 2 }
  const refresh = { every: number(options, 'preconditionerEvery') }
  const moments = { first, second, g: turned, next: squares, to: back, count, beta: beta2, rest: 1 - beta2 }
  return [
    ...desk.lay,
    ...turn('into', taken, sides, desk, desk.rows, turned, adam),
    step(ops.blend, { ...adam, x: first, y: turned, to: desk.beside, count, alpha: beta1, beta: 1 - beta1 }),
    step(ops.copy, { ...adam, from: desk.beside, to: first, count }),
    step(ops.adapt, { ...adam, ...moments, epsilon: settings.epsilon ?? number(options, 'epsilon') }),
    step(ops.copy, { ...adam, from: squares, to: second, count }),
    step(ops.toRows, { ...adam, from: back, to: again, ...rows }),
    ...turn('outOf', taken, sides, desk, again, turned, adam),
    ...move(taken, desk, turned, adam),
    ...sides.flatMap((side) => accumulate(side, tensor, desk, taken.state(side.name), factorBeta, 1 - factorBeta)),
    // rotate the first moment into the new basis; before the first basis it is 0
    step(ops.toRows, { ...refresh, from: first, to: again, ...rows }),
    ...turn('outOf', taken, sides, desk, again, turned, refresh),
    ...sides.flatMap((side) => decompose(side, taken, desk, refresh)),
    step(ops.toRows, { ...refresh, from: turned, to: again, ...rows }),
    ...turn('into', taken, sides, desk, again, turned, refresh),
    step(ops.copy, { ...refresh, from: turned, to: first, count }),
  ]
}

/** to = E x Fᵀ, or Eᵀ x F (back); the rows of E and F are the eigenvectors of the left and right factors. */
function turn(
  way: 'into' | 'outOf',
  taken: Taken,
  sides: readonly Side[],
  desk: Desk,
  x: number,
  to: number,
  when: When,
): Step[] {
  const { squareRows, square } = desk
  const steps: Step[] = []
  let left: number | undefined
  let right: number | undefined
  // right side first: both use squareRows
  for (const { name, size } of [...sides].reverse()) {
    const from = taken.state(basisOf(name))
    const whole = { ...when, stride: rowStride(size), rows: size, cols: size, scale: 1 }
    const isTransposed = way === 'into'
    if (name === 'left') {
      steps.push(step(ops.toRows, { ...whole, from, to: squareRows, transposed: isTransposed ? 1 : 0 }))
      left = squareRows
    } else if (isTransposed) {
      steps.push(step(ops.toRows, { ...whole, from, to: squareRows, transposed: 1 }))
      steps.push(step(ops.toPanels, { ...whole, from: squareRows, to: square }))
      right = square
    } else {
      right = from
    }
  }
  return [...steps, ...sandwich(taken.tensor, desk, x, { left, right }, to, when)]
}

/** Eigenvectors of a side's factor, in ascending order of eigenvalues. */
function decompose({ name, size }: Side, taken: Taken, desk: Desk, when: When): Step[] {
  const { square, squareRows, wide } = desk
  const whole = { ...when, stride: rowStride(size) }
  return [
    step(ops.eigen, { ...whole, from: taken.state(name), size, to: squareRows, scratch: wide, roots: 0 }),
    step(ops.toPanels, { ...whole, from: squareRows, to: square, rows: size, cols: size, scale: 1 }),
    step(ops.copy, { ...when, from: square, to: taken.state(basisOf(name)), count: squareFloats(size) }),
  ]
}
