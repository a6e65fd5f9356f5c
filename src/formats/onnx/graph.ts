/** Flattens a model's graph to a list of nodes: calls of the file's own functions are inlined. */
import { quote } from '../../lib/check.ts'
import type { OnnxAttribute, OnnxFunction, OnnxModel, OnnxNode } from './schema.ts'

/** A node with the opset version of its domain. */
export interface Call extends OnnxNode {
  readonly opset: number
}

/** Maximum number of nodes after inlining: small functions that call each other may expand to billions. */
const MOST_NODES = 2 ** 13
const MOST_NAMES = 2 ** 18
const DEEPEST = 32

/** `node "name", Op of (inputs)`: a node in messages. */
export function describe({ name, op, domain, inputs }: OnnxNode): string {
  const shown = inputs.length > 6 ? [...inputs.slice(0, 5).map(cutName), '...'] : inputs.map(cutName)
  const called = name === '' ? 'node' : `node ${quote(name)},`
  return `${called} ${cutName(domain === '' ? op : `${domain}.${op}`)} of (${shown.join(', ')})`
}

const cutName = (name: string): string => quote(name).slice(1, -1)

type Names = (name: string) => string

/**
 * The nodes of the graph in order, with calls inlined.
 * @throws RangeError for recursive functions, or for too many nodes.
 */
export function inline(where: string, { graph, functions, opsets }: OnnxModel): Call[] {
  const known = new Map(functions.map((body) => [`${body.domain}:${body.name}`, body]))
  const nodes: Call[] = []
  let calls = 0
  let names = 0

  function add(node: OnnxNode, versions: ReadonlyMap<string, number>, rename: Names, depth: number): void {
    const body = known.get(`${node.domain}:${node.op}`)
    names += node.inputs.length + node.outputs.length
    if (++calls > MOST_NODES || names > MOST_NAMES)
      throw new RangeError(`${where}: the model has more than ${MOST_NODES} nodes, its functions written out`)
    const renamed = { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }
    if (!body) {
      nodes.push({ ...renamed, opset: versions.get(node.domain) ?? 0 })
      return
    }
    if (depth === DEEPEST)
      throw new RangeError(`${where}: ${describe(node)} calls functions more than ${DEEPEST} deep, or itself`)
    names += body.inputs.length + body.outputs.length
    const inner = namesInside(body, renamed, calls)
    for (const each of body.nodes) add(withAttributes(each, node, body), body.opsets, inner, depth + 1)
  }
  for (const node of graph.nodes) add(node, opsets, (name) => name, 0)
  return nodes
}

/** In an inlined call, a function's inputs and outputs get the caller's names, other values a prefix. */
function namesInside(body: OnnxFunction, caller: OnnxNode, call: number): Names {
  const given = new Map<string, string>()
  for (const [i, name] of body.inputs.entries()) given.set(name, caller.inputs[i] ?? '')
  for (const [i, name] of body.outputs.entries()) if (caller.outputs[i]) given.set(name, caller.outputs[i])
  return (name) => given.get(name) ?? (name === '' ? '' : `${call}:${name}`)
}

/** Resolves attributes that refer to the caller's; those that are not given are dropped. */
function withAttributes(node: OnnxNode, caller: OnnxNode, { defaults }: OnnxFunction): OnnxNode {
  if (![...node.attributes.values()].some(({ reference }) => reference !== undefined)) return node
  const attributes = new Map<string, OnnxAttribute>()
  for (const [name, attribute] of node.attributes) {
    const { reference } = attribute
    const value = reference === undefined ? attribute : (caller.attributes.get(reference) ?? defaults.get(reference))
    if (value) attributes.set(name, value)
  }
  return { ...node, attributes }
}
