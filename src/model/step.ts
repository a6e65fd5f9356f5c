/** One step on rows from outside: by their targets, or by a loss that a callback computes of the outputs. */
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import type { Engine } from '../engine/engine.ts'
import { checkOptions } from '../lib/check.ts'
import type { LossCallback } from './callbackLoss.ts'
import { judgeOfCallback } from './goals.ts'
import type { StepOptions } from './headData.ts'
import { checkRows, type Task } from './task.ts'

/** As much of a model as a step takes. */
interface Steppable {
  readonly engine: Engine
  task(where: string): Task
}

/** Gradients of these rows, and the update by them when it is a step of training; returns the loss. */
export function step<K extends string>(
  where: 'trainStep' | 'gradients',
  model: Steppable,
  x: Features,
  second: unknown,
  options: StepOptions<K>,
): number {
  const { engine } = model
  const task = model.task(where)
  checkOptions(where, options, ['sampleWeight'])
  if (typeof second !== 'function') {
    const data = task.readBatch(where, x, second as Targets, options.sampleWeight as ArrayLike<number> | undefined)
    return where === 'trainStep' ? engine.trainBatch(data) : engine.computeGradients(data)
  }
  if (options.sampleWeight)
    throw new TypeError(`${where}: "sampleWeight" is for targets; the callback weighs its rows itself`)
  const { values, rows } = readFeatures(where, 'x', x, engine.inputs, engine.doors)
  checkRows(where, engine, rows)
  const judge = judgeOfCallback(where, second as LossCallback, engine, task.heads)
  const evaluate = () => engine.computeOpenGradients(values, rows, judge)
  if (where !== 'trainStep') return evaluate()
  if (engine.session?.between) {
    throw new TypeError(
      `${where}: ${engine.session.solver.kind} needs the curvature of the loss: give targets, and compile a loss of the catalogue`,
    )
  }
  if (engine.session) return engine.solve(evaluate)
  const loss = evaluate()
  engine.applyUpdate()
  return loss
}
