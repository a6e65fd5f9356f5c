/** Quantized models: the layout of their tensors, and the steps of dense layers with 8-bit weights; everything else stays float. */
import { ACTIVATION_LINEAR } from '../abi/activations.ts'
import { MOST_INPUTS, ROW_BYTES } from '../abi/int8.ts'
import { ALIGN, PANEL } from '../abi/layout.ts'
import { activationKinds, alphaOf } from '../catalogue/activations.ts'
import { emitActivation } from '../layers/activation.ts'
import type { Lowered, Matrix, Value } from '../layers/builder.ts'
import type { Layer, Lowerable } from '../layers/layers.ts'
import { bytesStride, packedBytes } from '../machine/bytesLayout.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/int8.ts'
import { blockFloats, type ParameterPlace } from './parameterLayout.ts'
import type { ProgramBuilder } from './programBuilder.ts'

/** Quantization of a calibrated layer's inputs: real = (q - zero) * scale. */
export interface Grain {
  readonly scale: number
  readonly zero: number
}

/** A dense layer with an 8-bit kernel. */
export interface Int8Dense {
  readonly inputs: number
  readonly units: number
  /** Index of its layer in the model's list, and the prefix of its parameters' names there. */
  readonly layer: number
  readonly prefix: string
  /** Prefix of its tensors' paths, such as `dense_1.`. */
  readonly path: string
  readonly useBias: boolean
  /** Absent: dynamic quantization, a range per row. */
  readonly input?: Grain
}

export interface Int8Layout {
  /** The float parameters, without quantized kernels. */
  readonly floats: readonly ParameterPlace[]
  /** The same, followed by the tensors of each 8-bit layer. */
  readonly places: readonly ParameterPlace[]
  /** Total size in bytes. */
  readonly bytes: number
}

const KERNEL = 'kernel'
const LINE_FLOATS = ALIGN / 4

/** Whether a parameter can be quantized: the kernel of a dense layer whose sums fit into 32 bits. */
export const isKernel = ({ name, layout, shape }: ParameterPlace): boolean =>
  layout === 'panels' && name.endsWith(KERNEL) && shape[0] <= MOST_INPUTS

/** The 8-bit layer of a kernel. */
export function denseOf(place: ParameterPlace, all: readonly ParameterPlace[], input?: Grain): Int8Dense {
  const prefix = place.name.slice(0, -KERNEL.length)
  const path = place.path.slice(0, -KERNEL.length)
  const [inputs, units] = place.shape
  const useBias = all.some((other) => other.path === `${path}bias`)
  return { inputs, units, layer: place.layer, prefix, path, useBias, ...(input && { input }) }
}

/** The layout of a model with some 8-bit layers: their kernels, bytes and integers follow all floats. */
export function layoutInt8(all: readonly ParameterPlace[], quantized: readonly Int8Dense[]): Int8Layout {
  const kernels = new Set(quantized.map(({ path }) => path + KERNEL))
  let offset = 0
  const put = (place: ParameterPlace, floats: number): ParameterPlace => {
    const stored = roundUp(floats, LINE_FLOATS)
    const put = { ...place, offset, stored }
    offset += stored
    return put
  }
  const floats = all.filter(({ path }) => !kernels.has(path)).map((place) => put(place, place.stored))
  const behind = quantized.flatMap(({ inputs, units, layer, prefix, path, useBias }) => {
    const row = (name: string): ParameterPlace => {
      const spec = { name: prefix + name, path: path + name, layer, shape: [units], layout: 'row' } as const
      return put({ ...spec, initializer: { kind: 'zeros' }, offset: 0, stored: 0 }, roundUp(units, PANEL))
    }
    const kernel = { ...row(KERNEL), offset, stored: roundUp(packedBytes(inputs, units) / 4, LINE_FLOATS) }
    offset += kernel.stored
    return [kernel, row('kernelScale'), row('kernelSums'), ...(useBias ? [] : [row('bias')])]
  })
  return { floats, places: [...floats, ...behind], bytes: blockFloats([...floats, ...behind]) * 4 }
}

/** 8-bit rows, and ROW_BYTES of parameters per row. */
interface Int8Rows {
  readonly address: number
  readonly stride: number
  readonly rows: number
}

/** Lowers the layers of a quantized model for inference. */
export class Int8Lowering {
  readonly #builder: ProgramBuilder
  readonly #quantized: ReadonlyMap<number, Int8Dense>
  /** Inputs of 8-bit layers, for calibration. */
  readonly inputs = new Map<Int8Dense, Int8Rows>()
  /** @param quantized 8-bit layers by the address of their kernel. */
  constructor(builder: ProgramBuilder, quantized: ReadonlyMap<number, Int8Dense>) {
    this.#builder = builder
    this.#quantized = quantized
  }

  forward(layers: readonly Layer[], x: Matrix): Value {
    this.#builder.instead = (layer, x) => this.#lower(layer as Lowerable, x)
    return this.#builder.forward(layers, x, 'inference').y
  }

  /** Lowers 8-bit dense layers, nested ones included, and activations. */
  #lower(layer: Lowerable, x: Value): Lowered | undefined {
    const builder = this.#builder
    if (layer.kind === 'dense' && !layer.weightNorm) {
      const dense = this.#quantized.get(builder.parameter(KERNEL).address)
      return dense && this.#dense(layer, dense, x)
    }
    if (layer.kind !== 'activation') return undefined
    const y = builder.matrix(x.cols)
    this.#activate(layer, x, y)
    return forwardOnly(y)
  }

  #dense(layer: Extract<Lowerable, { kind: 'dense' }>, dense: Int8Dense, x: Value): Lowered {
    const builder = this.#builder
    const { inputs, units, input } = dense
    const kind = activationKinds[layer.activation.kind]
    const rows = (input && this.#requantized(x, input)) ?? this.#quantize(x, input)
    this.inputs.set(dense, rows)
    const y = builder.matrix(units)
    builder.emit(ops.denseInt8, {
      x: rows.address,
      xStride: rows.stride,
      xRows: rows.rows,
      w: builder.parameter(KERNEL).address,
      sums: builder.parameter('kernelSums').address,
      scales: builder.parameter('kernelScale').address,
      b: builder.parameter('bias').address,
      inputs,
      units,
      y: y.address,
      yStride: y.stride,
      activation: kind.apart ? ACTIVATION_LINEAR : kind.code,
      alpha: alphaOf(layer.activation),
    })
    if (kind.apart) this.#activate(layer, y, y)
    return forwardOnly(y)
  }

  #rows(cols: number): Int8Rows {
    const { rows } = this.#builder.site
    const stride = bytesStride(cols)
    return { address: this.#builder.region(rows * stride), stride, rows: this.#builder.region(rows * ROW_BYTES) }
  }

  #quantize(x: Matrix, input: Grain | undefined): Int8Rows {
    const rows = this.#rows(x.cols)
    const to = { to: rows.address, toStride: rows.stride, rows: rows.rows }
    this.#builder.emit(ops.quantizeRows, { from: x.address, stride: x.stride, cols: x.cols, ...to, ...input })
    return rows
  }

  /** If the previous layer is an 8-bit layer and its step the last one, makes it write 8-bit outputs as well. */
  #requantized(x: Matrix, { scale, zero }: Grain): Int8Rows | undefined {
    const { steps } = this.#builder
    const { op, operands } = steps[steps.length - 1] ?? {}
    if (op?.code !== ops.denseInt8.code || operands?.y !== x.address || operands.to) return undefined
    const rows = this.#rows(x.cols)
    const to = { to: rows.address, toStride: rows.stride, toRows: rows.rows, toScale: scale, toZero: zero }
    steps[steps.length - 1] = { op, operands: { ...operands, ...to } }
    return rows
  }

  #activate(
    { activation }: Pick<Extract<Lowerable, { kind: 'activation' }>, 'activation'>,
    x: Matrix,
    y: Matrix,
  ): void {
    const { code, rowwise, apart } = activationKinds[activation.kind]
    // activations in a separate module have no exact form
    const elements = { from: x.address, to: y.address, stride: y.stride, cols: y.cols, kind: code }
    if (apart && !rowwise) emitActivation(this.#builder, activation, x, y)
    else this.#builder.emit(ops.activateExact, { ...elements, alpha: alphaOf(activation) ?? 0 })
  }
}

/** A layer without a backward pass. */
const forwardOnly = (y: Matrix): Lowered => ({ y, backward: () => undefined })
