/** The Kronecker factors of a matrix's gradient, G Gᵀ and Gᵀ G, products with them, and the final update. */
import { PANEL } from '../../abi/layout.ts'
import { checkInteger } from '../../lib/check.ts'
import { roundUp, rowStride } from '../../machine/matrixLayout.ts'
import * as ops from '../../machine/ops/matrix.ts'
import { type Step, step } from '../../machine/program.ts'
import type { Check } from '../rules/make.ts'
import { type Hypers, number } from '../rules/rule.ts'
import type { Tensor } from '../rules/tensor.ts'
import type { Scratch, Taken } from './matrixRule.ts'

/** Maximum size of a factor. */
export const LARGEST = 2048

export interface FactorOptions {
  /** Updates between decompositions of the factors. Default 10. */
  readonly preconditionerEvery?: number
  /** Sides longer than this (2048 at most) are not preconditioned. Default 2048. */
  readonly maxPreconditionerSize?: number
}

export const factorDefaults = { preconditionerEvery: 10, maxPreconditionerSize: LARGEST } as const

export const factorChecks: Readonly<Record<keyof FactorOptions, Check>> = {
  preconditionerEvery: (where, name, value) => checkInteger(where, name, value, 1),
  maxPreconditionerSize: (where, name, value) => checkInteger(where, name, value, 1, LARGEST),
}

export interface Side {
  readonly name: 'left' | 'right'
  readonly size: number
}

/** The sides of a matrix [inputs, units] that are short enough. */
export function sidesOf({ matrix: [inputs, units] = [0, 0] }: Tensor, options: Hypers): Side[] {
  const sides: Side[] = [
    { name: 'left', size: inputs },
    { name: 'right', size: units },
  ]
  return sides.filter(({ size }) => size <= number(options, 'maxPreconditionerSize'))
}

/** Floats of a square matrix stored in panels. */
export const squareFloats = (size: number): number => roundUp(size, PANEL) * size

/** Work buffers of an update: the gradient row-major, plain and transposed, and space for a new factor. */
export interface Desk {
  /** [inputs, units], row-major. */
  readonly rows: number
  readonly stride: number
  /** Same size as `rows`. */
  readonly other: number
  /** Sized for the largest block. */
  readonly beside: number
  /** For a square matrix, in panels and row-major. */
  readonly square: number
  readonly squareRows: number
  /** For eigenvectors, in float64. */
  readonly wide: number
  readonly lay: Step[]
  readonly turned: number
}

export function layOut(tensor: Tensor, gradients: number, sides: readonly Side[], scratch: Scratch): Desk {
  const { matrix: [inputs, units] = [0, 0], count } = tensor
  const stride = rowStride(units)
  const largest = sides.reduce((most, { size }) => Math.max(most, size), 0)
  const rows = scratch.take(inputs * stride)
  const turned = scratch.take(units * rowStride(inputs))
  const from = { from: gradients, rows: inputs, cols: units, scale: 1 }
  return {
    rows,
    stride,
    turned,
    other: scratch.take(inputs * stride),
    beside: scratch.take(Math.max(count, squareFloats(largest)) * 4),
    square: scratch.take(squareFloats(largest) * 4),
    squareRows: scratch.take(largest * rowStride(largest)),
    wide: scratch.take((largest + 2) * largest * 8),
    lay: [
      step(ops.toRows, { ...from, to: rows, stride }),
      step(ops.toRows, { ...from, to: turned, stride: rowStride(inputs), transposed: 1 }),
    ],
  }
}

/** factor = kept * factor + fresh * G Gᵀ (or Gᵀ G). */
export function accumulate(
  { name, size }: Side,
  tensor: Tensor,
  desk: Desk,
  factor: number,
  kept: number,
  fresh: number,
): Step[] {
  const { matrix: [inputs, units] = [0, 0] } = tensor
  const [a, aStride, depth] =
    name === 'left' ? [desk.turned, rowStride(inputs), units] : [desk.rows, desk.stride, inputs]
  const { square, beside } = desk
  const count = squareFloats(size)
  return [
    step(ops.columnProduct, { a, aStride, b: a, bStride: aStride, c: square, rows: size, depth, cols: size, upper: 1 }),
    step(ops.mirror, { matrix: square, size }),
    step(ops.blend, { x: factor, y: square, to: beside, count, alpha: kept, beta: fresh }),
    step(ops.copy, { from: beside, to: factor, count }),
  ]
}

/** Which updates the steps run in; default all. */
export interface When {
  readonly since?: number
  readonly every?: number
}

/**
 * to = leftᵀ x right. x and left are row-major, right and `to` in panels; a missing side is the identity. Overwrites desk.other,
 * not x.
 */
export function sandwich(
  tensor: Tensor,
  { stride, other }: Desk,
  x: number,
  { left, right }: { readonly left: number | undefined; readonly right: number | undefined },
  to: number,
  when: When = {},
): Step[] {
  const { matrix: [inputs, units] = [0, 0] } = tensor
  const size = { rows: inputs, cols: units }
  const steps: Step[] = []
  if (right !== undefined) {
    const whole = { aStride: stride, cStride: stride, ...size, depth: units }
    steps.push(step(ops.product, { ...when, a: x, b: right, c: other, ...whole }))
  }
  const from = right === undefined ? x : other
  steps.push(
    left === undefined
      ? step(ops.toPanels, { ...when, from, to, stride, ...size, scale: 1 })
      : step(ops.columnProduct, {
          ...when,
          a: left,
          aStride: rowStride(inputs),
          b: from,
          bStride: stride,
          c: to,
          ...size,
          depth: inputs,
        }),
  )
  return steps
}

/** w -= rate x, plus weight decay; x in panels. Overwrites desk.other and desk.beside. */
export function move(taken: Taken, { other, stride, beside }: Desk, x: number, when: When = {}): Step[] {
  const { tensor, settings, parameters } = taken
  const { matrix: [inputs, units] = [0, 0], count } = tensor
  return [
    step(ops.toRows, { ...when, from: x, to: other, stride, rows: inputs, cols: units, scale: 1 }),
    step(ops.descend, {
      ...when,
      w: parameters,
      x: other,
      xStride: stride,
      to: beside,
      rows: inputs,
      cols: units,
      rate: settings.rateScale,
      factor: 1,
      decayScale: settings.decay === undefined ? settings.decayScale : 0,
      decay: settings.decay ?? 0,
    }),
    step(ops.copy, { ...when, from: beside, to: parameters, count }),
  ]
}
