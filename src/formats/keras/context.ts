/** A Keras layer with its context, and access to its options. */
import { quote, show } from '../../lib/check.ts'
import type { Stage } from '../network.ts'
import { asNumber, isObject, type Json } from './json.ts'

/** A layer as described by its configuration. */
export interface KerasLayer {
  readonly name: string
  readonly className: string
  readonly config: Json
}

/** A layer with everything needed to convert it. */
export interface KerasContext extends KerasLayer {
  /** The function that the user called, for messages. */
  readonly where: string
  /** The layer's name, if it can be used for parameter names. */
  readonly ownName: string | undefined
  /** Shape of an input row. */
  readonly shape: readonly number[]
  /** Whether the file is from Keras 2 or TensorFlow.js, which have a steeper hard sigmoid. */
  readonly old: boolean
  /**
   * The layer's variables, in the order of creation.
   * @throws RangeError for one that is missing or has a different number of values.
   */
  variables(names: readonly string[], sizes: readonly number[]): Float32Array[]
  /**
   * A constant column that is not stored in the file.
   * @throws RangeError if their total length exceeds what a model of that size needs.
   */
  filled(length: number, value: number): Float32Array
}

/** The converted layer, and its output shape. */
export interface Converted {
  readonly stages: readonly Stage[]
  readonly shape: readonly number[]
}

/** Keras' own conversion: `LayerNormalization` is `layer_normalization`, `PReLU` is `p_re_lu`. */
export const snakeCase = (name: string): string =>
  name
    .slice(0, 200)
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

export const say = ({ where, name, className }: KerasContext, text: string) =>
  new RangeError(`${where}: layer ${quote(name)} (${quote(className).slice(1, -1)}) ${text}`)

/** Requires one of the given values for an option, since others would make a different layer. */
export function requireOption(layer: KerasContext, option: string, ...values: readonly unknown[]): void {
  const given = layer.config[option]
  // an axis may be given as a list of one
  const plain = Array.isArray(given) && given.length === 1 ? given[0] : given
  if (given !== undefined && !values.includes(plain))
    throw say(layer, `has ${quote(option)} ${show(given)}, which is not supported`)
}

export const flag = ({ config }: KerasContext, option: string, preset = true): boolean =>
  (config[option] ?? preset) !== false

export function number(layer: KerasContext, option: string, preset: number): number {
  const value = layer.config[option]
  // how old versions serialized an array of one number
  const plain = isObject(value) && 'value' in value ? value.value : value
  return plain === undefined || plain === null ? preset : asNumber(`${layer.where}: ${quote(option)}`, plain)
}

/** Preserves `trainable: false` and user-given names. */
export const identity = ({ ownName, config }: KerasContext): { name?: string; trainable?: boolean } => ({
  ...(ownName !== undefined && { name: ownName }),
  ...(config.trainable === false && { trainable: false }),
})

/** The width of rows, which must be one-dimensional. */
export function widthOf(layer: KerasContext): number {
  const { shape } = layer
  if (shape.length !== 1)
    throw say(layer, `gets rows of [${shape.slice(0, 8).join(', ')}], expected one size; flatten them before`)
  return shape[0]
}
