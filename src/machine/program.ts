/** Programs: steps by name, and the one place where they become words. */
import { OP, STEP_GOES_ON, STEP_WORDS } from '../abi/ops.ts'
import type { Foreign, Op, Values } from './ops/op.ts'

/** Steps [from, to) of a program, and the wasm modules that they are of: bit m for module m. */
export type Range = readonly [from: number, to: number, modules: number]

/** A step before it is written. Operands that its op lacks are ignored, those left out are 0. */
export interface Step {
  readonly op: Op
  readonly operands: Readonly<Record<string, number | undefined>>
}

/** Views of linear memory. */
export interface Memory {
  readonly f32: Float32Array
  readonly i32: Int32Array
}

/** A step with every operand that its op needs, and no other. */
export const step = <O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): Step => ({ op, operands })

/** The modules that steps are of: bit m for module m. */
export const modulesOf = (steps: readonly Step[]): number => steps.reduce((bits, { op }) => bits | (1 << op.module), 0)

export const programBytes = (steps: number): number => steps * STEP_WORDS * 4

/** Writes steps one after the other, from a byte address on. */
export function encode({ f32, i32 }: Memory, program: number, steps: readonly Step[]): void {
  steps.forEach(({ op, operands }, i) => {
    const at = program / 4 + i * STEP_WORDS
    const { overlaps } = op
    const next = steps[i + 1]?.op.code
    i32[at + OP] = op.code
    i32[at + STEP_GOES_ON] = overlaps === 'any' || (next !== undefined && overlaps.includes(next)) ? 1 : 0
    for (const [name, word] of Object.entries(op.ints)) i32[at + word] = operands[name] ?? 0
    for (const [name, word] of Object.entries(op.floats)) f32[at + word] = operands[name] ?? 0
  })
}

/** Changes operands of step `index` of a program in place; `op` is that step's, or makes it one of this op. */
export function patch<O extends Op>(
  { f32, i32 }: Memory,
  program: number,
  index: number,
  op: O,
  operands: Partial<Values<O>>,
): void {
  const at = program / 4 + index * STEP_WORDS
  i32[at + OP] = op.code
  for (const [name, value] of Object.entries<number | undefined>(operands)) {
    if (name in op.floats) f32[at + op.floats[name]] = value ?? 0
    else i32[at + op.ints[name]] = value ?? 0
  }
}
