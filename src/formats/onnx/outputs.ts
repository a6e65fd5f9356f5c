/** The outputs of a graph: which are scores and which labels, which one to use, and its class names. */
import { quote, show } from '../../lib/check.ts'
import { parseJson } from '../safetensorsHeader.ts'
import type { Rows, Value } from './flows.ts'
import { CLASS_NAMES } from './names.ts'
import { isFloat, type OnnxGraph, type OnnxValue } from './schema.ts'

/** The graph's outputs, or the requested one. @throws RangeError if there is none. */
export function outputsOf(where: string, { outputs }: OnnxGraph, wanted: string | undefined): readonly OnnxValue[] {
  if (outputs.length === 0) throw new RangeError(`${where}: the graph has no outputs`)
  if (wanted === undefined) return outputs
  const found = outputs.filter(({ name }) => name === wanted)
  if (found.length > 0) return found
  throw new RangeError(`${where}: there is no output ${show(wanted)}; known: ${listed(outputs)}`)
}

/** Outputs that cannot be labels (integers, booleans, strings); all of them if there are no others. */
export function scoresAmong(outputs: readonly OnnxValue[]): readonly OnnxValue[] {
  const scores = outputs.filter(isScores)
  return scores.length > 0 ? scores : outputs
}

const isScores = ({ type }: OnnxValue): boolean => type === undefined || type === 0 || isFloat(type)

/** An output to model. */
export interface Score {
  readonly name: string
  readonly value: Rows
}

/** The distinct outputs that are scores, or the scores that labels are derived from. */
export function scoresIn(where: string, found: readonly Value[], outputs: readonly OnnxValue[]): readonly Score[] {
  const all = found.flatMap((value, i): (Score & { readonly isScore: boolean })[] => {
    const { name } = outputs[i]
    if (value.kind === 'rows') return [{ name, value, isScore: isScores(outputs[i]) }]
    return value.kind === 'labels' && value.scores ? [{ name, value: value.scores, isScore: false }] : []
  })
  const scores = all.filter(({ isScore }) => isScore)
  const given = scores.length > 0 ? scores : all
  const [first] = given
  if (!first) throw new RangeError(`${where}: the graph has no output that layers compute`)
  return given.every(({ value }) => value.flow === first.value.flow) ? [first] : given
}

/** Valid head names: other characters are replaced, and a prefix is added if necessary. */
export const headNames = (scores: readonly Score[]): string[] =>
  scores.map(({ name }) => name.replace(/\W/g, '_').replace(/^(?![A-Za-z])/, 'output_'))

const listed = (outputs: readonly OnnxValue[]): string =>
  outputs
    .slice(0, 10)
    .map(({ name }) => quote(name))
    .join(', ')

/** Class names of the scores, from the values or the file's metadata; undefined unless there is one per output. */
export function classNamesOf(
  found: readonly Value[],
  { flow }: Rows,
  metadata: ReadonlyMap<string, string>,
): readonly string[] | undefined {
  const named = found.map((value) => (value.kind === 'constant' ? undefined : value.names))
  const names = named.find((list) => list !== undefined) ?? parseNames(metadata.get(CLASS_NAMES))
  return names?.length === flow.size ? names : undefined
}

function parseNames(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  try {
    const names = parseJson(text)
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined
  } catch {
    // the metadata is untrusted
    return undefined
  }
}
