/** Types of the arguments of `fit`, `evaluate` and steps, for one output or several named ones. */
import type { BatchInput, BatchSource } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { FitOptions } from '../training/fitOptions.ts'
import type { RowWeightsOf, TargetsOf } from './compileOptions.ts'

/** A batch from a stream. */
export interface BatchInputOf<K extends string> extends Omit<BatchInput, 'y' | 'sampleWeight'> {
  y: TargetsOf<K>
  sampleWeight?: RowWeightsOf<K>
}

export type BatchSourceOf<K extends string> = [K] extends [never]
  ? BatchSource
  : Iterable<BatchInputOf<K>> | AsyncIterable<BatchInputOf<K>>

/** Options of `fit`. */
export type FitOptionsOf<K extends string> = [K] extends [never]
  ? FitOptions
  : Omit<FitOptions, 'sampleWeight' | 'validationData' | 'classWeight'> & {
      /** Weight of each row's loss: for all heads, or for some. */
      sampleWeight?: RowWeightsOf<K>
      validationData?: readonly [x: Features, y: TargetsOf<K>, sampleWeight?: RowWeightsOf<K>] | BatchSourceOf<K>
    }

export interface EvaluateOptions<K extends string = never> {
  /** Weight of each row's loss. For a model with heads also an object with weights for some heads. */
  sampleWeight?: RowWeightsOf<K>
  /** Whether to process the rows as one training batch. Default false. */
  training?: boolean
}

/** Options of a step on targets. */
export interface StepOptions<K extends string = never> {
  /** Weight of each row's loss. For a model with heads also an object with weights for some heads. */
  sampleWeight?: RowWeightsOf<K>
}
