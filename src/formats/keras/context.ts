/** A Keras layer in its place, and how its options are read. */
import { quote, show } from '../../lib/check.ts'
import type { Stage } from '../network.ts'
import { asNumber, isObject, type Json } from './json.ts'

/** A layer as its configuration says. */
export interface KerasLayer {
  readonly name: string
  readonly className: string
  readonly config: Json
}

/** A layer in its place, with what it needs to become ours. */
export interface KerasContext extends KerasLayer {
  /** For messages: the function the user called. */
  readonly where: string
  /** The name, if parameters can be called after it here. */
  readonly ownName: string | undefined
  /** Sizes of a row that it gets. */
  readonly shape: readonly number[]
  /** Whether this is Keras 2 or TensorFlow.js, whose hard sigmoid is steeper. */
  readonly old: boolean
  /**
   * The layer's variables, in the order in which it makes them.
   * @throws RangeError for one that is not there or has another number of values.
   */
  variables(names: readonly string[], sizes: readonly number[]): Float32Array[]
  /**
   * A column of one value, which no file has to hold.
   * @throws RangeError when all of them are longer than a model of that size needs.
   */
  filled(length: number, value: number): Float32Array
}

/** What a layer becomes, and the sizes of its rows. */
export interface Converted {
  readonly stages: readonly Stage[]
  readonly shape: readonly number[]
}

/** Keras' own: `LayerNormalization` is `layer_normalization`, `PReLU` is `p_re_lu`. */
export const snakeCase = (name: string): string =>
  name
    .slice(0, 200)
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

export const say = ({ where, name, className }: KerasContext, text: string) =>
  new RangeError(`${where}: layer ${quote(name)} (${quote(className).slice(1, -1)}) ${text}`)

/** An option that must have one value, as others would make another layer. */
export function requireOption(layer: KerasContext, option: string, ...values: readonly unknown[]): void {
  const given = layer.config[option]
  // axes come as lists of one
  const plain = Array.isArray(given) && given.length === 1 ? given[0] : given
  if (given !== undefined && !values.includes(plain))
    throw say(layer, `has ${quote(option)} ${show(given)}, which is not supported`)
}

export const flag = ({ config }: KerasContext, option: string, preset = true): boolean =>
  (config[option] ?? preset) !== false

export function number(layer: KerasContext, option: string, preset: number): number {
  const value = layer.config[option]
  // what JSON has for an array of one number, as old versions wrote it
  const plain = isObject(value) && 'value' in value ? value.value : value
  return plain === undefined || plain === null ? preset : asNumber(`${layer.where}: ${quote(option)}`, plain)
}

/** Frozen layers stay so, and names that somebody chose are kept. */
export const identity = ({ ownName, config }: KerasContext): { name?: string; trainable?: boolean } => ({
  ...(ownName !== undefined && { name: ownName }),
  ...(config.trainable === false && { trainable: false }),
})

/** The width of rows, which must not have more sizes. */
export function widthOf(layer: KerasContext): number {
  const { shape } = layer
  if (shape.length !== 1)
    throw say(layer, `gets rows of [${shape.slice(0, 8).join(', ')}], expected one size; flatten them before`)
  return shape[0]
}
