/** What of onnx.proto a model is read from: messages as plain objects, and the numbers that stand for types. */

export interface OnnxModel {
  /** Version of the operators, by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>
  readonly producer: string
  readonly graph: OnnxGraph
  readonly functions: readonly OnnxFunction[]
  readonly metadata: ReadonlyMap<string, string>
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}

export interface OnnxNode {
  readonly name: string
  readonly op: string
  readonly domain: string
  /** Names of values; '' for one that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, OnnxAttribute>
}

export interface OnnxAttribute {
  /** In a function: the attribute of the calling node that this one is. */
  readonly reference?: string
  readonly float?: number
  readonly int?: number
  readonly text?: string
  readonly tensor?: OnnxTensor
  readonly floats: Float64Array
  readonly ints: Float64Array
  readonly texts: readonly string[]
}

/** An operator that the file itself describes by nodes. */
export interface OnnxFunction {
  readonly domain: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly nodes: readonly OnnxNode[]
  readonly opsets: ReadonlyMap<string, number>
  /** What attributes are when a call does not say. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>
}

export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** TensorProto.DataType. */
  readonly type: number
  /** Values as little-endian bytes, or else in one of the lists. */
  readonly raw?: Uint8Array
  readonly numbers: Float64Array
  readonly texts: readonly string[]
  /** `location`, `offset` and `length` of values in another file. */
  readonly external?: ReadonlyMap<string, string>
}

/** An input or output of the graph. */
export interface OnnxValue {
  readonly name: string
  /** TensorProto.DataType; undefined when it is no tensor. */
  readonly type?: number
  /** Sizes, undefined where they are symbols or not said; undefined when the rank is not said. */
  readonly shape?: readonly (number | undefined)[]
}

/** Axes of a tensor: what dense networks have no use for may be made to take forever. */
export const MOST_AXES = 16

/** TensorProto.DataType of texts. */
export const TEXT = 8

/** Whether a TensorProto.DataType is of floating point: float32, float16, float64, bfloat16. */
export const isFloat = (type: number): boolean => type === 1 || type === 10 || type === 11 || type === 16
