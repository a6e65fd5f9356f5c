/** The ways of all methods down a surface. */
import { minimize, type Optimizer, type Solver } from 'fourlane'
import { digitsOf } from '../frame/numbers.ts'
import { RATES, RULES, SOLVER_KINDS, SOLVERS } from './methods.ts'
import type { Surface } from './surfaces.ts'

export const CLOSE = 1e-4
export const STEPS = 3000
/** Points of a path that are kept, for the pictures. */
const KEPT = 400

export interface Run {
  readonly rate: number | null
  /** Evaluations of the function and its gradient until it is within CLOSE of its minimum. */
  readonly evaluations: number | null
  readonly x: readonly (number | null)[]
  readonly y: readonly (number | null)[]
}

/** How far one method comes, and where it passes. */
function follow({ start, lowest, at }: Surface, method: Optimizer | Solver, rate: number | null, steps: number): Run {
  const path: (readonly [number, number])[] = []
  let evaluations = 0
  let reached: number | null = null
  const objective = (p: Float32Array | Float64Array, gradient: Float32Array | Float64Array): number => {
    evaluations++
    const [value, dx, dy] = at(p[0], p[1])
    gradient[0] = dx
    gradient[1] = dy
    if (value - lowest < CLOSE) reached ??= evaluations
    return value
  }
  const options = {
    maxSteps: steps,
    tolerance: 0,
    onStep: ({ x: [x, y] }: { readonly x: Float32Array | Float64Array }) => {
      path.push([x, y])
      return reached === null
    },
  }
  if ('kind' in method && SOLVER_KINDS.has(method.kind)) minimize(method as Solver, start, objective, options)
  else minimize(method as Optimizer, start, objective, options)
  const kept = path.length <= KEPT ? path : path.filter((_, i) => i % Math.ceil(path.length / KEPT) === 0)
  return {
    rate,
    evaluations: reached,
    x: digitsOf(
      kept.map(([x]) => x),
      4,
    ),
    y: digitsOf(
      kept.map(([, y]) => y),
      4,
    ),
  }
}

export function raceOn(surface: Surface, steps: number): { [method: string]: Run } {
  const best = RULES.map(([name, make]) => {
    const runs = RATES.map((rate) => follow(surface, make(rate), rate, steps))
    const order = (run: Run) => run.evaluations ?? Number.POSITIVE_INFINITY
    return [name, runs.reduce((top, run) => (order(run) < order(top) ? run : top))] as const
  })
  const solved = SOLVERS.map(([name, make]) => [name, follow(surface, make(), null, steps)] as const)
  return Object.fromEntries([...best, ...solved])
}
