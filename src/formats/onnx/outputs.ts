/** What a graph gives: which of its outputs are scores and which only labels, the one that the model is to have, its classes. */
import { quote, show } from '../../lib/check.ts'
import { parseJson } from '../safetensorsHeader.ts'
import type { Rows, Value } from './flows.ts'
import { CLASS_NAMES } from './names.ts'
import { isFloat, type OnnxGraph, type OnnxValue } from './schema.ts'

/** The graph's outputs, or the one that is wanted. @throws RangeError when there is none. */
export function outputsOf(where: string, { outputs }: OnnxGraph, wanted: string | undefined): readonly OnnxValue[] {
  if (outputs.length === 0) throw new RangeError(`${where}: the graph has no outputs`)
  if (wanted === undefined) return outputs
  const found = outputs.filter(({ name }) => name === wanted)
  if (found.length > 0) return found
  throw new RangeError(`${where}: there is no output ${show(wanted)}; known: ${listed(outputs)}`)
}

/** Those whose type is not that of labels: whole numbers, truth values, texts. All of them when there are none. */
export function scoresAmong(outputs: readonly OnnxValue[]): readonly OnnxValue[] {
  const scores = outputs.filter(isScores)
  return scores.length > 0 ? scores : outputs
}

const isScores = ({ type }: OnnxValue): boolean => type === undefined || type === 0 || isFloat(type)

/** An output that a model gives. */
export interface Score {
  readonly name: string
  readonly value: Rows
}

/** Values that are more than labels, or the scores that the labels are chosen by; one where all are the same. */
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

/** Names of heads, which have no other letters; those that begin otherwise get a beginning. */
export const headNames = (scores: readonly Score[]): string[] =>
  scores.map(({ name }) => name.replace(/\W/g, '_').replace(/^(?![A-Za-z])/, 'output_'))

const listed = (outputs: readonly OnnxValue[]): string =>
  outputs
    .slice(0, 10)
    .map(({ name }) => quote(name))
    .join(', ')

/** What the scores stand for: as the values say, or the file's metadata; undefined when that is not one name for each. */
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
    // a file's metadata are anybody's
    return undefined
  }
}
