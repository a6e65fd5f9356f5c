/** The parts of onnx.proto that are read: messages as plain objects, and type codes. */

export interface OnnxModel {
  /** Opset version by domain; '' is ONNX's own. */
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
  /** Names of values; '' if omitted. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, OnnxAttribute>
}

export interface OnnxAttribute {
  /** In a function: the attribute of the caller that this one refers to. */
  readonly reference?: string
  readonly float?: number
  readonly int?: number
  readonly text?: string
  readonly tensor?: OnnxTensor
  readonly floats: Float64Array
  readonly ints: Float64Array
  readonly texts: readonly string[]
}

/** An operator that the file defines by nodes. */
export interface OnnxFunction {
  readonly domain: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly nodes: readonly OnnxNode[]
  readonly opsets: ReadonlyMap<string, number>
  /** Default attributes. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>
}

export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** TensorProto.DataType. */
  readonly type: number
  /** Values as little-endian bytes, unless in one of the lists. */
  readonly raw?: Uint8Array
  readonly numbers: Float64Array
  readonly texts: readonly string[]
  /** `location`, `offset` and `length` of external values. */
  readonly external?: ReadonlyMap<string, string>
}

/** An input or output of the graph. */
export interface OnnxValue {
  readonly name: string
  /** TensorProto.DataType; undefined if it is not a tensor. */
  readonly type?: number
  /** Sizes, undefined if symbolic or missing; undefined if the rank is unknown. */
  readonly shape?: readonly (number | undefined)[]
}

/** Maximum rank: dense networks need no more, and a hostile file could use many to waste time. */
export const MOST_AXES = 16

/** TensorProto.DataType of strings. */
export const TEXT = 8

/** Whether a TensorProto.DataType is floating point: float32, float16, float64, bfloat16. */
export const isFloat = (type: number): boolean => type === 1 || type === 10 || type === 11 || type === 16
