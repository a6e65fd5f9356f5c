/** Converts a graph of layers to a stack: chains, and residual blocks. */

import type { Activation } from '../../catalogue/activations.ts'
import { activation } from '../../layers/layers.ts'
import { quote, show } from '../../lib/check.ts'
import { block, type Stage, stage } from '../network.ts'

/** A layer in a graph. */
export interface GraphNode {
  readonly name: string
  /** The class of a merge layer: `Add`, `Multiply`, or an unsupported one. */
  readonly merge?: string
  /** For other layers, the stages applied to their single input. */
  readonly stages: readonly Stage[]
  /** Position in a topological order. */
  readonly order: number
  readonly inputs: readonly GraphNode[]
}

/** x · f(x), or x · x without f; only supported if it turns out to be an activation. */
interface Product {
  readonly factor: readonly Item[]
  readonly node: GraphNode
}
type Item = Stage | Product

const DEEPEST = 50

/**
 * The stages between the input and the output.
 * @throws RangeError for merges other than `Add` around a block.
 */
export function stackOf(where: string, output: GraphNode, input: GraphNode): Stage[] {
  return settle(where, chain(where, output, input, 0))
}

/** From `start`, which comes first, to `end`. */
function chain(where: string, end: GraphNode, start: GraphNode, depth: number): Item[] {
  if (depth > DEEPEST) throw new RangeError(`${where}: blocks are nested more than ${DEEPEST} deep`)
  const items: Item[][] = []
  let node = end
  while (node !== start) {
    if (node.order <= start.order || node.inputs.length === 0)
      throw new RangeError(
        `${where}: layers ${quote(start.name)} and ${quote(end.name)} are connected in a way that is not supported`,
      )
    if (node.merge === undefined) {
      items.push([...node.stages])
      node = node.inputs[0]
      continue
    }
    const [a, b] = node.inputs
    const isKnown = node.merge === 'Add' || node.merge === 'Multiply'
    if (!isKnown || node.inputs.length !== 2) throw unknownMerge(where, node)
    const [shortcut, branch] = a.order < b.order ? [a, b] : [b, a]
    const inner = chain(where, branch, shortcut, depth + 1)
    if (node.merge === 'Add' && inner.length === 0) throw unknownMerge(where, node)
    if (node.merge === 'Add') items.push([block(settle(where, inner))])
    else items.push([{ factor: inner, node }])
    node = shortcut
  }
  return items.reverse().flat()
}

const unknownMerge = (where: string, { name, merge = '', inputs }: GraphNode) =>
  new RangeError(
    `${where}: layer ${quote(name)} (${quote(merge).slice(1, -1)}) merges ${inputs.length} branches in a way that is not supported`,
  )

/** Replaces products by the activations that they compute. */
function settle(where: string, items: readonly Item[]): Stage[] {
  return items.map((item) => {
    if ('layer' in item) return item
    const found = activationOf(item)
    if (found) return stage(activation(found))
    const { name, merge } = item.node
    throw new RangeError(
      `${where}: layer ${quote(name)} (${show(merge).slice(1, -1)}) multiplies branches, which is not supported`,
    )
  })
}

/** The scalar scale and shift of a constant normalization that treats all columns alike. */
function constantsOf({ layer, values }: Stage): [scale: number, shift: number] | undefined {
  if (layer.kind !== 'batchNorm' || !layer.affine) return undefined
  const { gamma, beta, runningMean, runningVariance } = values
  const alike = [gamma, beta, runningMean, runningVariance].every((list) => list.every((value) => value === list[0]))
  const scale = gamma[0] / Math.sqrt(runningVariance[0] + layer.epsilon)
  return alike && gamma.length > 0 ? [scale, beta[0] - runningMean[0] * scale] : undefined
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b)

/** In GELU's approximation, the argument of the sigmoid: 2 sqrt(2 / pi) (x + 0.044715 x³). */
export const GELU_SCALE = 2 * Math.sqrt(2 / Math.PI)
export const GELU_CUBE = 0.044715

/** The product of the scales of constant normalizations without shift; NaN for anything else. */
const scaleOf = (items: readonly Item[]): number =>
  items.reduce((product, item) => {
    const found = 'layer' in item ? constantsOf(item) : undefined
    return found?.[1] === 0 ? product * found[0] : Number.NaN
  }, 1)

/** silu, x sigmoid(x); hardSwish, x hardSigmoid(x); geluTanh, x sigmoid(x (a + b x²)). */
function activationOf({ factor }: Product): Activation | undefined {
  const last = factor[factor.length - 1]
  if (!last || !('layer' in last) || last.layer.kind !== 'activation') return undefined
  const { kind } = last.layer.activation
  const before = factor.slice(0, -1)
  if (kind === 'hardSigmoid') return near(scaleOf(before), 1) ? { kind: 'hardSwish' } : undefined
  if (kind !== 'sigmoid') return undefined
  if (before.length === 0) return { kind: 'silu' }
  const [argument, ...rest] = before
  if (rest.length > 0 || 'layer' in argument) return undefined
  const [square, line, ...more] = argument.factor
  if (more.length > 0 || !square || !line || 'layer' in square || !('layer' in line)) return undefined
  const found = constantsOf(line)
  const isGelu = found && near(found[0], GELU_SCALE * GELU_CUBE) && near(found[1], GELU_SCALE)
  return isGelu && near(scaleOf(square.factor), 1) ? { kind: 'geluTanh' } : undefined
}
