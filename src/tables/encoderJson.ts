/** Parses and validates an encoder's JSON from a file, which is untrusted. */
import { checkBoolean, checkInteger, checkNumber, checkOneOf, checkOptions, quote, show } from '../lib/check.ts'
import { CATEGORY_ENCODINGS, type CategoryFeature, type Feature, type Scale, widthOf } from './features.ts'
import type { Target } from './target.ts'

/** The result of `toJSON`: plain data for a file. */
export interface EncoderJson {
  readonly format: 'fourlane/encoder/1'
  /** Number of training rows. */
  readonly rows: number
  readonly missing: readonly string[]
  readonly features: readonly Feature[]
  readonly target: Target
}

/** Maximum number of columns. */
const WIDEST = 2 ** 24

type Json = Readonly<Record<string, unknown>>

/** @throws TypeError or RangeError naming the invalid place. */
export function readEncoder(where: string, json: unknown): EncoderJson {
  const given = readObject(where, 'json', json, ['format', 'rows', 'missing', 'features', 'target'])
  const format = checkOneOf(where, 'format', given.format, ['fourlane/encoder/1'])
  const rows = checkInteger(where, 'rows', given.rows, 1)
  const missing = readTexts(where, 'missing', given.missing)
  if (!Array.isArray(given.features) || given.features.length === 0) {
    throw new TypeError(`${where}: "features" must be an array of columns, got ${show(given.features)}`)
  }
  const features = given.features.map((feature, i) => readFeature(where, `features[${i}]`, feature))
  const target = readTarget(where, given.target)
  const names = new Set([target.name])
  for (const { name } of features) {
    if (names.has(name)) throw new RangeError(`${where}: column ${quote(name)} occurs twice`)
    names.add(name)
  }
  const width = features.reduce((sum, feature) => sum + widthOf(feature), 0)
  if (width > WIDEST) throw new RangeError(`${where}: the encoder has ${width} columns, more than ${WIDEST}`)
  return Object.freeze({ format, rows, missing, features: Object.freeze(features), target })
}

function readObject(where: string, path: string, value: unknown, known: readonly string[]): Json {
  checkOptions(`${where}: ${path}`, value, known)
  // own properties only
  return Object.assign(Object.create(null), value)
}

function readText(where: string, path: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${where}: "${path}" must be a text, got ${show(value)}`)
  return value
}

/** A list of distinct strings. */
function readTexts(where: string, path: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: "${path}" must be an array of texts, got ${show(value)}`)
  const texts = value.map((text, i) => readText(where, `${path}[${i}]`, text))
  if (new Set(texts).size < texts.length) throw new RangeError(`${where}: "${path}" holds a text twice`)
  return Object.freeze(texts)
}

function readScale(where: string, path: string, value: unknown): Scale {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`${where}: "${path}" must be [median, factor], got ${show(value)}`)
  }
  const median = checkNumber(where, `${path}[0]`, value[0])
  return Object.freeze([median, checkNumber(where, `${path}[1]`, value[1], { minimum: 0 })] as const)
}

function readScales(where: string, path: string, value: unknown, count: number): Scale[] {
  if (!Array.isArray(value) || value.length !== count) {
    throw new TypeError(`${where}: "${path}" must be an array of ${count}, got ${show(value)}`)
  }
  return value.map((scale, i) => readScale(where, `${path}[${i}]`, scale))
}

function readFeature(where: string, path: string, json: unknown): Feature {
  const keys = ['type', 'name', 'minimum', 'maximum', 'scale', 'scales', 'missing', 'categories', 'encoding']
  const given = readObject(where, path, json, keys)
  const type = checkOneOf(where, `${path}.type`, given.type, ['number', 'date', 'category'])
  const name = readText(where, `${path}.name`, given.name)
  const missing = given.missing === undefined ? undefined : readScale(where, `${path}.missing`, given.missing)
  const own: Record<typeof type, readonly string[]> = {
    number: ['minimum', 'maximum', 'scale', 'missing'],
    date: ['scales', 'missing'],
    category: ['scales', 'categories', 'encoding'],
  }
  readObject(where, path, json, ['type', 'name', ...own[type]])
  if (type === 'category') return readCategory(where, path, name, given)
  if (type === 'date') {
    const [year, month, dayOfWeek, seconds] = readScales(where, `${path}.scales`, given.scales, 4)
    return Object.freeze({
      type,
      name,
      scales: Object.freeze([year, month, dayOfWeek, seconds] as const),
      ...(missing && { missing }),
    })
  }
  const minimum = checkNumber(where, `${path}.minimum`, given.minimum)
  const maximum = checkNumber(where, `${path}.maximum`, given.maximum, { minimum })
  const scale = readScale(where, `${path}.scale`, given.scale)
  return Object.freeze({ type, name, minimum, maximum, scale, ...(missing && { missing }) })
}

function readCategory(where: string, path: string, name: string, given: Json): CategoryFeature {
  const categories = readTexts(where, `${path}.categories`, given.categories)
  if (categories.length === 0) throw new RangeError(`${where}: "${path}.categories" is empty`)
  const encoding = checkOneOf(where, `${path}.encoding`, given.encoding, CATEGORY_ENCODINGS)
  if (encoding === 'sign' && categories.length !== 2) {
    throw new RangeError(`${where}: "${path}" has ${categories.length} categories, but "sign" is for two`)
  }
  const count = { sign: 1, oneHot: categories.length, index: 0 }[encoding]
  const scales = Object.freeze(readScales(where, `${path}.scales`, given.scales, count))
  return Object.freeze({ type: 'category', name, categories, encoding, scales })
}

function readTarget(where: string, json: unknown): Target {
  const path = 'target'
  const keys = ['task', 'name', 'classes', 'numeric', 'mean', 'standardDeviation', 'minimum', 'maximum']
  const given = readObject(where, path, json, keys)
  const task = checkOneOf(where, `${path}.task`, given.task, ['classification', 'regression'])
  const name = readText(where, `${path}.name`, given.name)
  readObject(where, path, json, ['task', 'name', ...(task === 'regression' ? keys.slice(4) : keys.slice(2, 4))])
  if (task === 'classification') {
    const classes = readTexts(where, `${path}.classes`, given.classes)
    if (classes.length < 2)
      throw new RangeError(`${where}: "${path}.classes" must be at least 2, got ${classes.length}`)
    return Object.freeze({ task, name, classes, numeric: checkBoolean(where, `${path}.numeric`, given.numeric) })
  }
  const mean = checkNumber(where, `${path}.mean`, given.mean)
  const standardDeviation = checkNumber(where, `${path}.standardDeviation`, given.standardDeviation, { above: 0 })
  const minimum = checkNumber(where, `${path}.minimum`, given.minimum)
  const maximum = checkNumber(where, `${path}.maximum`, given.maximum, { minimum })
  return Object.freeze({ task, name, mean, standardDeviation, minimum, maximum })
}
