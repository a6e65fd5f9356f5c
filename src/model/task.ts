/** What a model is compiled for: its training goal, how it reads rows, and what it reports. */
import { targetRange } from '../catalogue/judgement.ts'
import { valuesOf } from '../compiler/parameterLayout.ts'
import {
  type BatchSource,
  batchesOf,
  checkBatches,
  type DataSet,
  type Intake,
  readBatch,
  readDataSet,
  sliceRows,
} from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import type { Engine } from '../engine/engine.ts'
import { isMatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { checkMatches } from '../optimizers/optimizers.ts'
import { isSolver, type Solver } from '../optimizers/solvers/solver.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import { type Measures, Scorer } from '../training/scorer.ts'
import { validate } from '../training/validate.ts'
import { resolveCompile } from './compile.ts'
import type { Compiled, CompileOptions, HeadsCompileOptions } from './compileOptions.ts'
import { goalsOf, type HeadsTask } from './goals.ts'

export class Task {
  readonly compiled: Compiled
  readonly judgement: Measures['judgement'] | undefined
  /** For models with several outputs and losses. */
  readonly heads: HeadsTask | undefined
  readonly #scorer: Scorer | undefined
  readonly #engine: Engine

  /** @throws TypeError or RangeError naming the option, or the fix for a loss that does not fit the last layer. */
  constructor(engine: Engine, options: CompileOptions) {
    const [compiled, measures, heads] = resolveTask(options, engine)
    if (isSolver(compiled.optimizer)) checkSize(compiled.optimizer, engine)
    if ('parameterGroups' in compiled.optimizer) {
      const names = engine.places.map(({ path }) => path)
      checkMatches('compile', compiled.optimizer.parameterGroups, names)
      if (isMatrixRule(compiled.optimizer)) {
        compiled.optimizer.checkLayers?.(engine.layers)
        compiled.optimizer.takes(engine.storage.tensors)
        checkMatches('compile', compiled.optimizer.fallback?.parameterGroups ?? [], names)
      }
    }
    this.compiled = compiled
    this.#scorer = measures && new Scorer(measures)
    this.heads = heads
    this.judgement = measures?.judgement
    this.#engine = engine
  }

  /** Makes it the engine's goal. */
  begin(): void {
    const { optimizer, clipping, loss } = this.compiled
    const { loss: lowered, correct } = this.#scorer ?? {}
    const compute = loss?.kind === 'custom' && { compute: loss.compute }
    this.#engine.compile({
      optimizer,
      loss: lowered,
      ...compute,
      ...this.heads?.goal,
      ...(correct && { correct }),
      ...clipping,
    })
  }

  /** @throws Error if there is no loss. */
  scorer(where: string): Scorer {
    if (this.#scorer) return this.#scorer
    throw new Error(
      `${where}: the model is compiled without a loss; call compile({ optimizer, loss }), or trainStep(x, callback)`,
    )
  }

  /** Requirements on a data set, or on a batch, for which metrics are irrelevant and the weight may be 0. */
  intake(where: string, batch = false): Intake {
    const { inputs, doors, areFinite } = this.#engine
    const { targets, classTargets, rowClasses } = this.scorer(where)
    return {
      inputs,
      doors,
      areFinite,
      outputs: targets.targetColumns,
      kind: targets.targets,
      rowClasses,
      batch,
      ...(this.compiled.loss && targetRange(this.compiled.loss.kind)),
      ...(!batch && classTargets && { classTargets }),
      ...this.heads?.intake,
    }
  }

  /** @throws TypeError or RangeError naming the argument. */
  readRows(where: string, x: Features, y: Targets, sampleWeight?: ArrayLike<number>): DataSet {
    return readDataSet(where, this.intake(where, true), x, y, sampleWeight)
  }

  /** A training batch. @throws TypeError or RangeError naming the argument. */
  readBatch(where: string, x: Features, y: Targets, sampleWeight?: ArrayLike<number>): DataSet {
    const data = this.readRows(where, x, y, sampleWeight)
    checkRows(where, this.#engine, data.rows)
    return data
  }

  /** Loss and metrics of a stream of batches. */
  async scoreBatches(where: string, source: BatchSource): Promise<Logs> {
    const intake = this.intake(where)
    const data = batchesOf(where, source, (batch) => readBatch(`${where}: batch`, intake, batch))
    return validate(where, { engine: this.#engine, scorer: this.scorer(where), signal: undefined }, data)
  }

  /** Loss and metrics; as one training batch if `training`. */
  score(where: string, data: DataSet, training = false): Logs {
    const scorer = this.scorer(where).fresh()
    const visit = (outputs: Float32Array, first: number, rows: number) =>
      scorer.update(outputs, sliceRows(data, first, rows))
    return scorer.logs(this.#engine.evaluate(data, scorer.needsOutputs ? visit : undefined, training))
  }
}

/** What a model is compiled for, with the losses of its heads if it has any. */
function resolveTask(options: CompileOptions, { layers, outputs, named }: Engine) {
  const goals = named && goalsOf(layers)
  if (!goals) return resolveCompile(options, layers, outputs)
  const given = options as unknown as HeadsCompileOptions
  const { loss: _, lossWeights: __, metrics: ___, weightedMetrics: ____, ...others } = given
  const [compiled] = resolveCompile(others, layers, outputs)
  const heads = goals.resolve(given, layers, named)
  return [heads ? { ...compiled, heads: heads.compiled } : compiled, heads?.measures, heads] as const
}

/** @throws RangeError if there are more trainable parameters than the solver supports. */
function checkSize({ kind, mostParameters = Number.POSITIVE_INFINITY }: Solver, { places, storage }: Engine): void {
  const size = places.filter(storage.isTrainable).reduce((sum, place) => sum + valuesOf(place), 0)
  if (size <= mostParameters) return
  throw new RangeError(
    `compile: ${kind} takes at most ${mostParameters} parameters that train, the model has ${size}; use newtonCg`,
  )
}

/** @throws RangeError if a batch would be too small for a layer's batch statistics. */
export function checkRows(where: string, engine: Engine, rows: number, batchSize = rows): void {
  checkBatches(where, rows, batchSize, engine.plan(batchSize, true).minimumRows)
}
