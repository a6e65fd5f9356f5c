/** Nodes without arithmetic: constants, casts, concatenation. */
import { type Constant, constant } from './constants.ts'
import { elementwise } from './elementwise.ts'
import { type Context, int, type Reader, type Rows, rows } from './flows.ts'
import type { Call } from './graph.ts'
import { isFloat } from './schema.ts'

const stored: Reader = (call, _, context) => [storedIn(call, context)]

function storedIn(call: Call, context: Context): Constant {
  const attribute = (name: string) => call.attributes.get(name)
  const tensor = attribute('value')?.tensor
  if (tensor) return context.read(tensor)
  const float = attribute('value_float')?.float ?? attribute('value_int')?.int
  if (float !== undefined) return constant(Float64Array.of(float), [], attribute('value_int') !== undefined)
  const list = attribute('value_floats')?.floats ?? attribute('value_ints')?.ints
  if (list) return constant(list, [list.length], attribute('value_ints') !== undefined)
  const texts = attribute('value_strings')?.texts
  if (texts) return { ...constant(new Float64Array(0), [texts.length]), texts }
  throw context.fail(call, 'it holds no numbers')
}

/** Casts between numeric types keep the values. */
const same: Reader = (_, [x]) => (x ? [x] : [])

const cast: Reader = (call, operands, context) => {
  const isSame = operands[0]?.kind === 'labels' || isFloat(int(call, 'to', 1))
  return (isSame ? same : elementwise)(call, operands, context)
}

/** All slices of the input in order are the input; others are branches. */
const join: Reader = (call, operands, context) => {
  const all = operands.filter((operand): operand is Rows => operand?.kind === 'rows')
  const axis = int(call, 'axis', 0)
  const isBeside = all.every(({ dims }) => dims.length === 1) && (axis === 1 || axis === -1)
  if (all.length === 0 || all.length !== operands.length || !isBeside)
    throw context.fail(call, 'it must join rows along axis 1')
  const flows = all.map(({ flow }) => flow)
  const size = flows.reduce((sum, flow) => sum + flow.size, 0)
  const [source] = flows[0].from
  const isWhole =
    flows.every(({ role, from, id }, i) => role === 'part' && from[0] === source && id === flows[0].id + i) &&
    size === source?.size
  return [rows(isWhole ? source : context.flow({ call, from: flows, size, role: 'join' }))]
}

export const valueReaders: Readonly<Record<string, Reader>> = {
  Cast: cast,
  CastLike: same,
  Concat: join,
  Constant: stored,
}
