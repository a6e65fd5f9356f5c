/** Nodes that multiply rows by a matrix. */
import type { Numbers } from '../elements.ts'
import { multiply, spread } from './columns.ts'
import { beside, binary } from './elementwise.ts'
import {
  type Context,
  constantOf,
  type DenseItem,
  int,
  type Reader,
  rows,
  rowsOf,
  sizeOf,
  type Value,
} from './flows.ts'
import type { Call } from './graph.ts'

/** How often matrices of a file may be used, on average. */
const SHARES = 16

/** rows · [inputs, units], of shape [units] by default. */
function product(
  call: Call,
  operand: Value | undefined,
  item: Omit<DenseItem, 'kind'>,
  context: Context,
  last: readonly number[] = [item.units],
): Value {
  const { flow, dims } = rowsOf(call, operand, context)
  const inputs = item.kernel.length / item.units
  if (dims.length === 0 || dims[dims.length - 1] !== inputs || flow.size !== inputs)
    throw context.fail(call, `it multiplies rows of shape [${dims.join(', ')}] by a matrix of ${inputs} rows`)
  // matrices may be shared, but every use is copied to a layer
  context.spend(item.kernel.length / SHARES)
  const of: DenseItem = { kind: 'dense', ...item }
  return rows(context.flow({ call, from: [flow], size: sizeOf(last), item: of }), [...dims.slice(0, -1), ...last])
}

/** The matrix as [inputs, units]. */
function matrixOf(call: Call, operand: Value | undefined, isTransposed: boolean, context: Context): [Numbers, number] {
  const { shape, data } = constantOf(call, operand, 'matrix', context)
  if (shape.length !== 2 || data.length === 0)
    throw context.fail(call, `its matrix must have the shape [inputs, units], got [${shape.join(', ')}]`)
  if (!isTransposed) return [data, shape[1]]
  context.spend(data.length)
  return [transposed(data, shape[0], shape[1]), shape[0]]
}

/** [rows, columns] to [columns, rows]. */
export function transposed(data: Numbers, height: number, width: number): Numbers {
  const out = data.slice()
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) out[c * height + r] = data[r * width + c]
  return out
}

function scaled(data: Numbers, factor: number, context: Context): ArrayLike<number> {
  if (factor === 1) return data
  context.spend(data.length)
  return Float64Array.from(data, (value) => value * factor)
}

const gemm: Reader = (call, [a, b, c], context) => {
  const factor = (name: string): number => call.attributes.get(name)?.float ?? 1
  if (int(call, 'transA', 0) !== 0) throw context.fail(call, 'transA would make columns of the rows')
  const [matrix, units] = matrixOf(call, b, int(call, 'transB', 0) !== 0, context)
  const kernel = scaled(matrix, factor('alpha'), context)
  const beta = factor('beta')
  if (c === undefined || beta === 0) return [product(call, a, { kernel, units }, context)]
  if (c.kind === 'constant') {
    const bias = spread(multiply(beside(call, c, [units], context), beta), units)
    return [product(call, a, { kernel, units, bias }, context)]
  }
  if (beta !== 1) throw context.fail(call, `it adds ${beta} times what is no constant`)
  return [binary('Add', call, [product(call, a, { kernel, units }, context), c], context)]
}

const matMul: Reader = (call, [a, b], context) => {
  const vector = b?.kind === 'constant' && b.shape.length === 1
  const [kernel, units] = matrixOf(call, vector ? { ...b, shape: [b.data.length, 1] } : b, false, context)
  return [product(call, a, { kernel, units }, context, vector ? [] : [units])]
}

/** Linear models of ai.onnx.ml, with coefficients [outputs, inputs] and intercepts as attributes. */
export function linear(call: Call, operand: Value | undefined, context: Context): Value {
  const { size } = rowsOf(call, operand, context).flow
  const coefficients = call.attributes.get('coefficients')?.floats ?? new Float64Array(0)
  const intercepts = call.attributes.get('intercepts')?.floats ?? new Float64Array(0)
  const units = coefficients.length / size
  if (!(units >= 1) || !Number.isInteger(units) || (intercepts.length !== 0 && intercepts.length !== units))
    throw context.fail(
      call,
      `${coefficients.length} coefficients and ${intercepts.length} intercepts do not fit ${size} inputs`,
    )
  context.spend(coefficients.length)
  const bias = intercepts.length > 0 ? { bias: intercepts } : {}
  return product(call, operand, { kernel: transposed(coefficients, units, size), units, ...bias }, context)
}

export const productReaders: Readonly<Record<string, Reader>> = { Gemm: gemm, MatMul: matMul }
