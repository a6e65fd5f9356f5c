/** What a model has been compiled for: what it trains on, how it reads rows, and what it reports of them. */
import { targetRange } from '../catalogue/losses.ts'
import { checkBatches, type DataSet, type Intake, readDataSet, sliceRows } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import type { Engine } from '../engine/engine.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import { type Measures, Scorer } from '../training/scorer.ts'
import { type Compiled, type CompileOptions, resolveCompile } from './compile.ts'

export class Task {
  readonly compiled: Compiled
  readonly scorer: Scorer
  readonly judgement: Measures['judgement']
  readonly #engine: Engine

  /** @throws TypeError or RangeError naming the option, or the fix for a loss that does not suit the last layer. */
  constructor(engine: Engine, options: CompileOptions) {
    const [compiled, measures] = resolveCompile(options, engine.layers, engine.outputs)
    this.compiled = compiled
    this.scorer = new Scorer(measures)
    this.judgement = measures.judgement
    this.#engine = engine
  }

  /** Makes it what the engine trains for. */
  begin(): void {
    const { loss, correct } = this.scorer
    const { optimizer, clipping } = this.compiled
    this.#engine.compile({ optimizer, loss, ...(correct && { correct }), ...clipping })
  }

  /** What a data set must be, or a batch: its metrics are not asked for, and it may have no weight. */
  intake(batch = false): Intake {
    const { inputs, outputs } = this.#engine
    const { loss, classTargets, rowClasses } = this.scorer
    return {
      inputs,
      outputs,
      kind: loss.targets,
      rowClasses,
      batch,
      ...targetRange(this.compiled.loss.kind),
      ...(!batch && classTargets && { classTargets }),
    }
  }

  /** @throws TypeError or RangeError naming the argument. */
  readBatch(where: string, x: Features, y: Targets, sampleWeight?: ArrayLike<number>): DataSet {
    const data = readDataSet(where, this.intake(true), x, y, sampleWeight)
    checkRows(where, this.#engine, data.rows)
    return data
  }

  /** Loss and metrics; as one batch of training when `training`. */
  score(data: DataSet, training = false): Logs {
    const scorer = this.scorer.fresh()
    const visit = (outputs: Float32Array, first: number, rows: number) =>
      scorer.update(outputs, sliceRows(data, first, rows))
    return scorer.logs(this.#engine.evaluate(data, scorer.needsOutputs ? visit : undefined, training))
  }
}

/** @throws RangeError when a batch would be too small for a layer's batch statistics. */
export function checkRows(where: string, engine: Engine, rows: number, batchSize = rows): void {
  checkBatches(where, rows, batchSize, engine.plan(batchSize, true).minimumRows)
}
