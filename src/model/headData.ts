/** Types of what `fit`, `evaluate` and steps take, of one output or of several under their names. */
import type { BatchInput, BatchSource } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { FitOptions } from '../training/fitOptions.ts'
import type { RowWeightsOf, TargetsOf } from './compileOptions.ts'

/** A batch of a data set that arrives piece by piece. */
export interface BatchInputOf<K extends string> extends Omit<BatchInput, 'y' | 'sampleWeight'> {
  y: TargetsOf<K>
  sampleWeight?: RowWeightsOf<K>
}

export type BatchSourceOf<K extends string> = [K] extends [never]
  ? BatchSource
  : Iterable<BatchInputOf<K>> | AsyncIterable<BatchInputOf<K>>

/** What `fit` takes besides the data. */
export type FitOptionsOf<K extends string> = [K] extends [never]
  ? FitOptions
  : Omit<FitOptions, 'sampleWeight' | 'validationData' | 'classWeight'> & {
      /** A factor on the loss of each row: for all heads, or for some. */
      sampleWeight?: RowWeightsOf<K>
      validationData?: readonly [x: Features, y: TargetsOf<K>, sampleWeight?: RowWeightsOf<K>] | BatchSourceOf<K>
    }

export interface EvaluateOptions<K extends string = never> {
  /** A factor on the loss of each row. Of a model with heads also an object with those of some heads. */
  sampleWeight?: RowWeightsOf<K>
  /** Whether the rows pass as one batch of training. Default false. */
  training?: boolean
}

/** Options of a step on targets. */
export interface StepOptions<K extends string = never> {
  /** A factor on the loss of each row. Of a model with heads also an object with those of some heads. */
  sampleWeight?: RowWeightsOf<K>
}
