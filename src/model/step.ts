/** A single step on given rows: with targets, or with a loss computed by a callback. */
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import type { Engine } from '../engine/engine.ts'
import { checkOptions } from '../lib/check.ts'
import type { LossCallback } from './callbackLoss.ts'
import { judgeOfCallback } from './goals.ts'
import type { StepOptions } from './headData.ts'
import { checkRows, type Task } from './task.ts'

/** The parts of a model that a step needs. */
interface Steppable {
  readonly engine: Engine
  task(where: string): Task
}

/** Computes gradients on these rows, and makes an update if it is a training step; returns the loss. */
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
