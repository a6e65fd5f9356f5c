/** Shampoo: gradients preconditioned by inverse roots of accumulated Kronecker factors. */
import { rowStride } from '../../machine/matrixLayout.ts'
import * as ops from '../../machine/ops/matrix.ts'
import { type Step, step } from '../../machine/program.ts'
import type { DecayOptions } from '../optimizers.ts'
import { within } from '../rules/make.ts'
import { type Hypers, number } from '../rules/rule.ts'
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
} from './factors.ts'
import { chooseMatrices, type MatrixOptions, makeMatrixRule } from './makeMatrixRule.ts'
import type { MatrixRule, Scratch, Taken } from './matrixRule.ts'

export interface ShampooOptions extends MatrixOptions, DecayOptions, FactorOptions {
  /** Decay of the running mean of gradients that is preconditioned; the factors use the gradients themselves. Default 0. */
  readonly momentum?: number
  /** The factors start at epsilon times the identity. Default 1e-4. */
  readonly epsilon?: number
}

const checks = { ...factorChecks, momentum: within({ minimum: 0, below: 1 }) }

/**
 * Shampoo: Adagrad with a full matrix for each side of a weight matrix, W -= learningRate * L^(-1/4) G R^(-1/4), L and R the sums of
 * G Gᵀ and Gᵀ G over all updates. If only one side is short enough, its root has order -1/2.
 * With momentum, a running mean of gradients replaces G in the product.
 * Defaults: learningRate 0.1, momentum 0, weightDecay 0 (decoupled), epsilon 1e-4, roots every 10 updates, fallback adamw().
 * Source: Gupta, Koren and Singer 2018, arXiv:1802.09568.
 * @throws TypeError or RangeError naming the option.
 */
export function shampoo(options: ShampooOptions = {}): MatrixRule<'shampoo'> {
  const defaults = { learningRate: 0.1, momentum: 0, epsilon: 1e-4, ...factorDefaults, weightDecay: 0 }
  const made = makeMatrixRule('shampoo', options, defaults, checks)
  return Object.freeze({
    ...made,
    takes: (tensors) => chooseMatrices(made, tensors, () => true),
    states: (tensor) => {
      const { matrix = [0, 0] } = tensor
      const sides = sidesOf(tensor, made.options).flatMap(({ name, size }) =>
        [name, `${name}Root`].map((state) => ({ name: state, shape: [size, size] })),
      )
      const average = hasMomentum(made.options) ? [{ name: 'momentum', shape: matrix }] : []
      return [...sides, ...average].map((state) => ({ ...state, layout: 'panels' as const }))
    },
    lower: (taken, scratch) =>
      taken.flatMap((each) => {
        if (!each.tensor.trainable) return []
        scratch.clear()
        return descentOf(each, made.options, scratch)
      }),
  } satisfies MatrixRule<'shampoo'>)
}

const hasMomentum = (options: Hypers) => number(options, 'momentum') > 0

function descentOf(taken: Taken, options: Hypers, scratch: Scratch): Step[] {
  const { tensor, settings, gradients } = taken
  const { matrix: [inputs] = [0], count } = tensor
  const sides = sidesOf(tensor, options)
  const desk = layOut(tensor, gradients, sides, scratch)
  const epsilon = settings.epsilon ?? number(options, 'epsilon')
  const direction = scratch.take(count * 4)
  const steps = [...desk.lay]
  for (const side of sides) {
    steps.push(...accumulate(side, tensor, desk, taken.state(side.name), 1, 1))
    // order doubled: the root is B Bᵀ, see below
    steps.push(...rootOf(side, taken, desk, sides.length + 1, epsilon, number(options, 'preconditionerEvery')))
  }
  if (hasMomentum(options)) steps.push(...average(taken, desk, number(options, 'momentum')))
  const has = (name: Side['name']) => sides.some((side) => side.name === name)
  const left = has('left') ? desk.squareRows : undefined
  const right = has('right') ? taken.state('rightRoot') : undefined
  if (left !== undefined) {
    const size = { stride: rowStride(inputs), rows: inputs, cols: inputs }
    steps.push(step(ops.toRows, { from: taken.state('leftRoot'), to: left, ...size, scale: 1 }))
  }
  const preconditioned = sandwich(tensor, desk, desk.rows, { left, right }, direction)
  return [...steps, ...preconditioned, ...move(taken, desk, direction)]
}

/** momentum = beta momentum + (1 - beta) G, written over the row-major G. */
function average({ tensor, gradients, state }: Taken, { rows, stride, beside }: Desk, beta: number): Step[] {
  const { matrix: [inputs, units] = [0, 0], count } = tensor
  const kept = state('momentum')
  return [
    step(ops.blend, { x: kept, y: gradients, to: beside, count, alpha: beta, beta: 1 - beta }),
    step(ops.copy, { from: beside, to: kept, count }),
    step(ops.toRows, { from: kept, to: rows, stride, rows: inputs, cols: units, scale: 1 }),
  ]
}

/** (factor + epsilon I)^(-1/2^order) = B Bᵀ, B the eigenvectors divided by roots of twice that order; recomputed every `every` updates. */
function rootOf({ name, size }: Side, taken: Taken, desk: Desk, order: number, epsilon: number, every: number): Step[] {
  const { square, squareRows, wide } = desk
  const stride = rowStride(size)
  const b = { a: squareRows, aStride: stride, b: squareRows, bStride: stride }
  return [
    step(ops.eigen, {
      every,
      from: taken.state(name),
      size,
      to: squareRows,
      stride,
      scratch: wide,
      roots: order,
      shift: epsilon,
    }),
    step(ops.columnProduct, { every, ...b, c: square, rows: size, depth: size, cols: size, upper: 1 }),
    step(ops.mirror, { every, matrix: square, size }),
    step(ops.copy, { every, from: square, to: taken.state(`${name}Root`), count: squareFloats(size) }),
  ]
}
