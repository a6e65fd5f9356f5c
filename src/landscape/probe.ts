/** Evaluates the loss of a model at other parameters, and restores them. */
import type { ParameterPlace } from '../compiler/parameterLayout.ts'
import { type DataSet, readDataSet } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { checkBoolean } from '../lib/check.ts'
import type { AnyTargets, RowWeightsOf } from '../model/compileOptions.ts'
import type { AnyModel } from '../model/model.ts'
import { checkRows } from '../model/task.ts'
import { checkSnapshot } from '../model/weightSnapshots.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'

/** How the loss is evaluated. */
export interface ProbeOptions {
  /** Weight of each row's loss. For a model with heads also an object with weights for some heads. */
  sampleWeight?: RowWeightsOf<string>
  /** As one training batch: with batch statistics, dropout and noise. Default false: as `evaluate` does. */
  training?: boolean
}

export const PROBE_OPTIONS = ['sampleWeight', 'training'] as const

export class Probe {
  readonly places: readonly ParameterPlace[]
  /** A copy of the current parameters in storage layout. */
  readonly center: Float32Array
  readonly #model: AnyModel
  readonly #score: () => Logs

  /** @throws Error for a model that is not compiled; TypeError or RangeError naming the argument. */
  constructor(
    where: string,
    model: AnyModel,
    x: Features,
    y: AnyTargets,
    { sampleWeight, training = false }: ProbeOptions,
  ) {
    const task = model.task(where)
    const data: DataSet = readDataSet(
      where,
      task.intake(where),
      x,
      y as Targets,
      sampleWeight as ArrayLike<number> | undefined,
    )
    if (checkBoolean(where, 'training', training)) checkRows(where, model.engine, data.rows)
    this.#model = model
    this.places = model.engine.places
    this.center = model.getWeights()
    this.#score = () => task.score(where, data, training)
  }

  /** @throws TypeError or RangeError unless its shapes are those of a snapshot of this model. */
  check(weights: unknown): void {
    checkSnapshot(weights, this.center, this.places)
  }

  /** Loss and metrics at every point that `move` sets the parameters to; the parameters are restored afterwards. */
  visit(points: number, move: (point: number, parameters: Float32Array) => void): Record<string, Float64Array> {
    const { engine } = this.#model
    const { storage } = engine
    const found: Record<string, Float64Array> = {}
    engine.flush()
    storage.version++
    try {
      for (let point = 0; point < points; point++) {
        move(point, storage.view(storage.parameters))
        storage.flushParameters()
        for (const [name, value] of Object.entries(this.#score())) {
          found[name] ??= new Float64Array(points)
          found[name][point] = value
        }
      }
    } finally {
      storage.view(storage.parameters).set(this.center)
    }
    return found
  }
}
