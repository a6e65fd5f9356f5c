/** Steps of the ops of solvers. */
import * as ops from '../../../src/machine/ops/solve.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COUNT } from './sizes.ts'

export function solveSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  return {
    dotPartials: step(ops.dotPartials, { x: room(), y: room(), count: COUNT, partials: room() }),
    dotSum: step(ops.dotSum, { partials: room(), count: 3 }),
    axpy: step(ops.axpy, { x: room(), y: room(), to: room(), count: COUNT, scalar: 1 }),
  }
}
