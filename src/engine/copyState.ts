/** Everything that training has made of one engine, in another. */
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import type { Engine } from './engine.ts'

/** Gives an engine the parameters, state and progress of one of the same layers that is compiled alike. */
export function copyState(target: Engine, source: Engine): void {
  source.flush()
  if (source.storage.frozen.size > 0) target.setFrozen([...source.storage.frozen], true)
  if (source.statisticsFrozen) target.setFrozenStatistics(true)
  const [to, from] = [target.storage, source.storage]
  const copy = (own: number, theirs: number) => to.view(own).set(from.view(theirs))
  copy(to.parameters, from.parameters)
  // most of a solver's vectors may never have been used
  const used = source.session ? [...source.session.used] : [...to.states.keys()]
  for (const i of used) copy(to.states[i], from.states[i])
  to.viewKept().set(from.viewKept())
  if (source.session) target.restartSolver(source.session.scalars, used)
  copyMatrices(source.session, target.session)
  target.steps = source.steps
  target.learningRateScale = source.learningRateScale
}

/** State of one session to another of the same shapes. */
function copyMatrices(from: SolverSession | undefined, to: SolverSession | undefined): void {
  for (const [i, { shape, read }] of (from?.matrices ?? []).entries()) {
    const values = new Float32Array(shape[0] * shape[1])
    read(0, values)
    to?.matrices?.[i].write(0, values)
  }
  to?.restored?.()
}
