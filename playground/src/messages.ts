/** The messages between the page and its worker. The worker only answers: each frame is requested, so that none pile up. */
import type { LayerDiagnosis } from 'fourlane'
import type { OptimizerName, Settings } from './settings.ts'

/** A user's table, and what to do with it. */
export interface OwnTable {
  readonly name: string
  readonly text: string
  readonly target: string
  /** Columns that span the picture. */
  readonly across: string
  readonly up: string
}

/** Cells on each side that outputs, and pictures of units, are computed in. */
export const OUTPUT_CELLS = 56
export const UNIT_CELLS = 20
/** Points of a loss surface on each side. */
export const SURFACE_POINTS = 41

export type Ask =
  | { readonly kind: 'start'; readonly run: number; readonly settings: Settings; readonly table?: OwnTable }
  | {
      readonly kind: 'advance'
      readonly run: number
      /** Updates of each racer; `max`: as many as fit into a frame. */
      readonly steps: number | 'max'
      /** Train these against one another, instead of the page's model. */
      readonly racers?: readonly OptimizerName[]
      readonly diagnose: boolean
    }
  | { readonly kind: 'surface'; readonly run: number; readonly directions: 'path' | 'random'; readonly seed: number }
  | { readonly kind: 'export'; readonly run: number; readonly format: 'safetensors' | 'onnx' }

/** What is drawn of the data. */
export interface Scene {
  readonly task: 'binary' | 'classes' | 'values'
  readonly classNames: readonly string[]
  /** Names and ends of the axes. */
  readonly across: Axis
  readonly up: Axis
  /** Pairs in the unit square, y upwards. */
  readonly at: Float32Array
  /** Classes, or values from -1 to 1. */
  readonly targets: Float32Array
  /** Index of the first test point. */
  readonly tested: number
  readonly inputs: readonly string[]
  /** Pictures of the inputs, [inputs][UNIT_CELLS²], 0 to 255 for -1 to 1; empty for a table. */
  readonly inputPictures: Uint8ClampedArray
  /** Columns that can be axes of the picture, and that can be the target. */
  readonly columns: readonly string[]
  readonly targetColumn: string
  readonly notes: readonly string[]
}

export interface Axis {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Names instead of numbers. */
  readonly categories?: readonly string[]
}

export interface Racer {
  readonly optimizer: OptimizerName
  readonly rate: number
  readonly step: number
  readonly epoch: number
  readonly trainLoss: number
  readonly testLoss: number
  /** Of the test rows; NaN for values. */
  readonly accuracy: number
  /** A square, rows from the top: 0 to 255 for -1 to 1; for several classes, class + confidence, which is below 1. */
  readonly picture: Uint8ClampedArray | Float32Array
  /** Why it stopped. */
  readonly fault?: string
}

export interface Frame {
  readonly kind: 'frame'
  readonly run: number
  readonly racers: readonly Racer[]
  /** Of the first racer, per hidden layer: [units][UNIT_CELLS²], 0 to 255 for minus to plus the layer's largest magnitude. */
  readonly units: readonly Uint8ClampedArray[]
  /** Of the first racer, per layer, output layer included: kernels, [inputs, units]. */
  readonly kernels: readonly Float32Array[]
  readonly diagnosis?: readonly LayerDiagnosis[]
  /** Updates made for this frame, and the time they took. */
  readonly steps: number
  readonly milliseconds: number
}

export interface Surface {
  readonly kind: 'surface'
  readonly run: number
  readonly u: Float64Array
  readonly v: Float64Array
  readonly loss: Float64Array
  readonly path: readonly { readonly u: number; readonly v: number }[]
  readonly explained?: readonly [number, number]
  readonly milliseconds: number
}

export type Answer =
  | { readonly kind: 'started'; readonly run: number; readonly scene: Scene; readonly parameters: number }
  | Frame
  | Surface
  | { readonly kind: 'file'; readonly run: number; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly run: number; readonly message: string }
