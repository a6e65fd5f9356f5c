/** Programs: steps by name, and their encoding as words. */
import { OP, STEP_GOES_ON, STEP_WORDS } from '../abi/ops.ts'
import type { Foreign, Op, Values } from './ops/op.ts'

/** Steps [from, to) of a program, and a bit mask of the wasm modules they need: bit m for module m. */
export type Range = readonly [from: number, to: number, modules: number]

/** A step before encoding. Operands that its op lacks are ignored, omitted ones are 0. */
export interface Step {
  readonly op: Op
  readonly operands: Readonly<Record<string, number | undefined>>
}

/** Views of linear memory. */
export interface Memory {
  readonly f32: Float32Array
  readonly i32: Int32Array
}

/** A step with exactly the operands of its op. */
export const step = <O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): Step => ({ op, operands })

/** Bit mask of the modules that steps need: bit m for module m. */
export const modulesOf = (steps: readonly Step[]): number => steps.reduce((bits, { op }) => bits | (1 << op.module), 0)

export const programBytes = (steps: number): number => steps * STEP_WORDS * 4

/** Encodes steps, starting at a byte address. */
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

/** Changes operands of step `index` of a program in place; `op` is that step's, or replaces it. */
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
