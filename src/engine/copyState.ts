/** Copies the complete training state from one engine to another. */
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import type { Engine } from './engine.ts'

/** Copies parameters, state and progress to an engine with the same layers and compile options. */
export function copyState(target: Engine, source: Engine): void {
  source.flush()
  if (source.storage.frozen.size > 0) target.setFrozen([...source.storage.frozen], true)
  if (source.statisticsFrozen) target.setFrozenStatistics(true)
  const [to, from] = [target.storage, source.storage]
  const copy = (own: number, theirs: number) => to.view(own).set(from.view(theirs))
  copy(to.parameters, from.parameters)
  // most of a solver's vectors may be unused
  const used = source.session ? [...source.session.used] : [...to.states.keys()]
  for (const i of used) copy(to.states[i], from.states[i])
  to.viewKept().set(from.viewKept())
  if (source.session) target.restartSolver(source.session.scalars, used)
  copyMatrices(source.session, target.session)
  target.steps = source.steps
  target.learningRateScale = source.learningRateScale
}

/** Copies the matrices of a session to another with the same shapes. */
function copyMatrices(from: SolverSession | undefined, to: SolverSession | undefined): void {
  for (const [i, { shape, read }] of (from?.matrices ?? []).entries()) {
    const values = new Float32Array(shape[0] * shape[1])
    read(0, values)
    to?.matrices?.[i].write(0, values)
  }
  to?.restored?.()
}
