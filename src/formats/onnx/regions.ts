/**
 * From the graph of steps to a sequence of items. All paths from the input to the output share some steps; between two consecutive
 * ones lies a layer, an activation written as many nodes, or summed branches: a residual block.
 */
import { activation } from '../../layers/layers.ts'
import { block, stage } from '../network.ts'
import { assemble } from './assemble.ts'
import type { PerColumn } from './columns.ts'
import type { Context, Flow, Item } from './flows.ts'
import { MOST_BLOCKS, type Recognizer } from './recognize.ts'

/** Nested blocks are handled by recursion, up to the depth that layers may be nested. */
const DEEPEST = 99

/** The items that compute `target` from `source`. @throws naming the first unsupported node. */
export function itemsBetween(source: Flow, target: Flow, recognizer: Recognizer, context: Context, depth = 0): Item[] {
  const chain = chainOf(source, target)
  const items: Item[] = []
  let at = source
  for (let i = 0; i < chain.length; ) {
    const rest = chain.slice(i, i + MOST_BLOCKS)
    const found = recognizer.recognize(at, rest)
    if (found) items.push(found.item)
    else items.push(...itemsOf(at, rest[0], items, recognizer, context, depth))
    i += found?.blocks ?? 1
    const block = chain[i - 1]
    at = block[block.length - 1]
  }
  return items
}

/** One block of steps that is not an activation itself. */
function itemsOf(
  source: Flow,
  steps: readonly Flow[],
  before: Item[],
  recognizer: Recognizer,
  context: Context,
  depth: number,
): Item[] {
  const last = steps[steps.length - 1]
  if (steps.length === 1 && last.item && last.from.length === 1) return [last.item]
  if (last.role === 'sum' && last.from.includes(source) && depth < DEEPEST) {
    const inner = last.from[0] === source ? last.from[1] : last.from[0]
    const items = inner === source ? [] : itemsBetween(source, inner, recognizer, context, depth + 1)
    const stages = assemble(items, source.size, context)
    return [{ kind: 'stage', stage: block(stages.length > 0 ? stages : [stage(activation('linear'))]) }]
  }
  if (last.role === 'join') {
    const both = bothClasses(source, last, before)
    if (both) return both
  }
  throw refusal(source, steps, context)
}

/**
 * 1 - p and p concatenated, p = sigmoid(z): the two probabilities of a classifier with one output. They equal the softmax of 0 and
 * z, so the preceding dense layer gets a second unit.
 */
function bothClasses(source: Flow, join: Flow, before: Item[]): Item[] | undefined {
  const [no, yes] = join.from
  const item = no?.item
  const isOpposite =
    join.from.length === 2 &&
    yes === source &&
    source.size === 1 &&
    item?.kind === 'columns' &&
    no.from[0] === source &&
    item.columns.center === 0 &&
    item.columns.scale === -1 &&
    item.columns.shift === 1
  const last = before[before.length - 1]
  const isSigmoid =
    last?.kind === 'stage' && last.stage.layer.kind === 'activation' && last.stage.layer.activation.kind === 'sigmoid'
  const begin = before.findLastIndex(({ kind }) => kind === 'dense')
  const between = before.slice(begin + 1, -1)
  if (!isOpposite || !isSigmoid || begin < 0 || !between.every(({ kind }) => kind === 'columns')) return undefined
  const doubled = before.splice(begin).slice(0, -1).map(withZero)
  return [...doubled, { kind: 'stage', stage: stage(activation('softmax')) }]
}

/** Extends an item that computes z to compute 0 and z. */
function withZero(item: Item): Item {
  if (item.kind === 'dense') {
    const doubled = (values: ArrayLike<number>) =>
      Float64Array.from({ length: 2 * values.length }, (_, i) => (i % 2 ? values[(i - 1) / 2] : 0))
    const { kernel, bias } = item
    return { kind: 'dense', units: 2, kernel: doubled(kernel), ...(bias && { bias: doubled(bias) }) }
  }
  if (item.kind !== 'columns') return item
  const { center, scale, shift } = item.columns
  const pair = (zero: number, value: PerColumn) => Float64Array.of(zero, typeof value === 'number' ? value : value[0])
  return { kind: 'columns', columns: { center: pair(0, center), scale: pair(1, scale), shift: pair(0, shift) } }
}

const JOINS = 'it joins branches, which needs the layer concatenate, not there yet'
const PART = 'it takes one of several inputs by itself, which needs the layer select, not there yet'
const SUM = 'it adds branches of which none is what both begin with, which needs the layer concatenate, not there yet'

/** The error for the first unsupported step. */
function refusal(source: Flow, steps: readonly Flow[], context: Context): Error {
  const known = new Set([source])
  for (const step of steps) {
    const isUnknown = !step.item && (!step.sample || step.from.some((flow) => !known.has(flow)))
    if (step.call && (isUnknown || step === steps[steps.length - 1])) {
      const reasons = { join: JOINS, part: PART, sum: SUM }
      const reason =
        step.role !== undefined && step.role in reasons ? reasons[step.role as keyof typeof reasons] : undefined
      const alone =
        steps.length === 1 ? 'what it computes is no layer' : 'the nodes that end here compute no layer together'
      return context.fail(step.call, reason ?? alone)
    }
    known.add(step)
  }
  return new RangeError('importOnnx: the output does not depend on the input')
}

/** The last step that all paths to the targets pass through; the source if there is none. */
export function trunkOf(source: Flow, targets: readonly Flow[]): Flow {
  const end: Flow = { id: Number.POSITIVE_INFINITY, call: undefined, from: targets, size: 0 }
  return chainOf(source, end).at(-2)?.at(-1) ?? source
}

/** The steps after `source` up to `target`, split after every one that all paths pass through. */
function chainOf(source: Flow, target: Flow): Flow[][] {
  const needed = new Set<Flow>()
  const open = target === source ? [] : [target]
  for (let flow = open.pop(); flow; flow = open.pop()) {
    if (needed.has(flow)) continue
    needed.add(flow)
    for (const below of flow.from) if (below !== source && !needed.has(below)) open.push(below)
  }
  const steps = [...needed].sort((a, b) => a.id - b.id)
  /** The last step that reads each. */
  const taken = new Map<Flow, number>()
  for (const [i, step] of steps.entries()) for (const below of step.from) taken.set(below, i)
  const chain: Flow[][] = []
  let block: Flow[] = []
  let reach = taken.get(source) ?? -1
  for (const [i, step] of steps.entries()) {
    block.push(step)
    if (reach <= i) {
      chain.push(block)
      block = []
    }
    reach = Math.max(reach, taken.get(step) ?? -1)
  }
  return block.length > 0 ? [...chain, block] : chain
}
