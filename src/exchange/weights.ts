/** Parameters only, from and to programs with their own names and layouts. */
import { isNumbers } from '../formats/elements.ts'
import { isKeras, type KerasTensors, readKerasTensors } from '../formats/keras/files.ts'
import { type Match, matchWeights, type NamedTensor, type Target } from '../formats/matchWeights.ts'
import { innerLayers } from '../formats/network.ts'
import { readSafetensors, type SafetensorsTensor } from '../formats/safetensors.ts'
import { countOf, isShape, showShape } from '../formats/shapes.ts'
import { KERAS_NAMES, slotsOf, transpose, WEIGHT_LAYOUTS, type WeightLayout } from '../formats/stateDict.ts'
import { type Lowerable, outputsOf, parametersOf } from '../layers/layers.ts'
import { asBytes, type Bytes } from '../lib/bytes.ts'
import { checkOneOf, checkOptions, isA, quote, show } from '../lib/check.ts'
import type { AnyModel } from '../model/model.ts'
import type { Parameter } from '../model/parameters.ts'
import { checkModel } from './models.ts'

export type { WeightLayout } from '../formats/stateDict.ts'

/** Tensors by name, as `readSafetensors` returns them; the dtype may be omitted for floats. */
export type WeightTensors =
  | ReadonlyMap<string, Omit<SafetensorsTensor, 'dtype'>>
  | Readonly<Record<string, Omit<SafetensorsTensor, 'dtype'>>>

export interface LoadWeightsOptions {
  /** The program whose names and axis order the tensors have. */
  layout: WeightLayout
  /** Tensors of parameters, as in `{ 'dense_1.kernel': 'hidden.weight' }`, if names and shapes are ambiguous. */
  names?: Readonly<Record<string, string>>
}

/** A layer with parameters and its place in a model. */
interface Leaf extends Target {
  readonly layer: Lowerable
}

/** The layers of a stack, including nested ones, each with the prefix of its parameters' names. */
function leavesOf(where: string, layout: WeightLayout, model: AnyModel): Leaf[] {
  const visit = (layer: Lowerable, path: string, inputs: number): Leaf[] => {
    const inner = innerLayers(layer)
    if (!inner) {
      const slots = slotsOf(where, layout, layer, path, parametersOf(layer, inputs))
      const stem = layout === 'keras' ? KERAS_NAMES[layer.kind] : undefined
      return slots.length === 0 ? [] : [{ layer, path, slots, ...(stem !== undefined && { stem }) }]
    }
    let width = inputs
    return inner.flatMap(({ layer: next, prefix }) => {
      const before = width
      width = outputsOf(next, before)
      return visit(next, `${path}.${prefix.slice(0, -1)}`, before)
    })
  }
  const { places, widths } = model.engine
  return model.layers.flatMap((layer, i) => {
    const place = places.find((candidate) => candidate.layer === i)
    if (layer.kind === 'input' || !place) return []
    return visit(layer, place.path.slice(0, -place.name.length - 1), widths[i - 1])
  })
}

function checkLayout(where: string, options: { layout: WeightLayout }, known: readonly string[]): WeightLayout {
  checkOptions(where, options, known)
  return checkOneOf(where, 'layout', options.layout, WEIGHT_LAYOUTS)
}

/** Types whose values are plain floats, not quantized. */
const FLOATS: readonly unknown[] = [undefined, 'F64', 'F32', 'F16', 'BF16'] satisfies (string | undefined)[]

function readTensors(where: string, source: Bytes | WeightTensors): KerasTensors {
  if (ArrayBuffer.isView(source) || isA(source, 'ArrayBuffer') || isA(source, 'SharedArrayBuffer')) {
    const bytes = asBytes(where, 'source', source)
    if (isKeras(bytes)) return readKerasTensors(where, bytes)
    return { tensors: checkTensors(where, readSafetensors(bytes).tensors), ordered: false }
  }
  if (typeof source !== 'object' || source === null)
    throw new TypeError(`${where}: "source" must be a file's bytes, or tensors by name, got ${show(source)}`)
  return { tensors: checkTensors(where, source as WeightTensors), ordered: false }
}

function checkTensors(where: string, tensors: WeightTensors): Map<string, NamedTensor> {
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors)
  const checked = entries.map(([name, tensor]): [string, NamedTensor] => {
    const { shape, data, dtype } = (tensor ?? {}) as Partial<SafetensorsTensor>
    if (typeof name !== 'string' || !isNumbers(data) || !isShape(shape)) {
      throw new TypeError(
        `${where}: tensor ${show(name)} must have a "shape" of whole numbers and "data", a typed array`,
      )
    }
    if (countOf(shape) !== data.length)
      throw new RangeError(
        `${where}: tensor ${quote(name)} of shape ${showShape(shape)} cannot have ${data.length} values`,
      )
    if (!FLOATS.includes(dtype) && !name.endsWith('num_batches_tracked'))
      throw new RangeError(`${where}: tensor ${quote(name)} is ${show(dtype)}, expected a float type`)
    return [name, { name, shape, data }]
  })
  return new Map(checked)
}

/**
 * Loads parameters trained by another program: PyTorch's `load_state_dict`, Keras' `load_weights`. Names are
 * matched by the numbers in them (`0.weight`, `fc1.weight`, `dense_1/kernel`), in layer order; otherwise by shapes, if
 * that is unambiguous; the rest must be given in `names`. `num_batches_tracked` is ignored.
 * @param source the contents of a safetensors, `.h5` or `.keras` file, or tensors by name. Floats of any size, rounded to float32.
 * @throws TypeError or RangeError naming the tensor if there is no assignment or more than one (with what fits where), for a tensor
 * without a place in the model, and for values that are not finite in float32. The model is then unchanged.
 */
export function loadWeights(model: AnyModel, source: Bytes | WeightTensors, options: LoadWeightsOptions): void {
  const where = 'loadWeights'
  checkModel(where, model)
  const layout = checkLayout(where, options, ['layout', 'names'])
  const { names = {} } = options
  if (typeof names !== 'object' || names === null || Symbol.iterator in names)
    throw new TypeError(`${where}: "names" must be an object of tensor names, got ${show(names)}`)
  const odd = Object.values(names).find((name) => typeof name !== 'string')
  if (odd !== undefined) throw new TypeError(`${where}: "names" must give names of tensors, got ${show(odd)}`)
  const { tensors, ordered } = readTensors(where, source)
  const matches = matchWeights(where, leavesOf(where, layout, model), tensors, names, ordered)
  const found = new Map(matches.map((match) => [`${match.path}.${match.slot.name}`, match]))
  const values = model.parameters.flatMap((parameter) => {
    const match = found.get(parameter.name)
    return match ? [[parameter, valuesOf(where, match, parameter)] as const] : []
  })
  for (const [parameter, data] of values) parameter.set(data)
}

function valuesOf(where: string, { slot, tensor }: Match, { size }: Parameter): Float32Array {
  const { data, shape } = tensor
  const bad = (data as Float32Array).findIndex((value) => !Number.isFinite(Math.fround(value)))
  if (bad >= 0)
    throw new RangeError(
      `${where}: value ${bad} of tensor ${quote(tensor.name)} is ${data[bad]}, not finite in float32`,
    )
  if (slot.transposed) return transpose(data, shape[0], shape[1])
  return data.length === size ? Float32Array.from(data) : new Float32Array(size).fill(data[0])
}

export interface ExportWeightsOptions {
  layout: WeightLayout
}

/**
 * The parameters of a model with another program's names and layouts, for `writeSafetensors`; copies, F32.
 * For PyTorch `N.weight` and so on, N the index in an `nn.Sequential` of the same layers, in which activations and dropout are
 * separate modules; noise and linear activations are an `nn.Identity`. Modules in a residual block, which is a subclass of
 * `nn.Sequential` there, are numbered within it (`3.0.weight`). For Keras `dense/kernel`, `dense_1/kernel` and so on.
 * @throws TypeError for an unknown option; RangeError for a layer that the other program does not have.
 */
export function exportWeights(model: AnyModel, options: ExportWeightsOptions): Map<string, SafetensorsTensor> {
  const where = 'exportWeights'
  checkModel(where, model)
  const layout = checkLayout(where, options, ['layout'])
  const leaves = leavesOf(where, layout, model)
  const names = layout === 'torch' ? torchNames(model.layers) : kerasNames(leaves)
  const parameters = new Map(model.parameters.map((parameter) => [parameter.name, parameter]))
  const tensors = new Map<string, SafetensorsTensor>()
  for (const { layer, path, slots } of leaves) {
    const name = names.get(layer)?.shift()
    for (const { name: own, suffix, shape, transposed } of slots) {
      const values = parameters.get(`${path}.${own}`)?.get() ?? new Float32Array(0)
      const data = transposed ? transpose(values, shape[1], shape[0]) : values
      const counter = suffix === 'num_batches_tracked'
      tensors.set(`${name}${layout === 'torch' ? '.' : '/'}${suffix}`, {
        dtype: counter ? 'I64' : 'F32',
        shape,
        data: counter ? Float64Array.from(data) : data,
      })
    }
    // PyTorch's batch norm always counts batches
    if (layout === 'torch' && layer.kind === 'batchNorm' && layer.momentum !== null)
      tensors.set(`${name}.num_batches_tracked`, { dtype: 'I64', shape: [], data: Float64Array.of(0) })
  }
  return tensors
}

/** The same layer object may occur at several places in a model. */
type NamesOf = Map<Lowerable, string[]>

function addName(names: NamesOf, layer: Lowerable, name: string): void {
  names.set(layer, [...(names.get(layer) ?? []), name])
}

function torchNames(layers: AnyModel['layers']): NamesOf {
  const names: NamesOf = new Map()
  const visit = (stack: readonly Lowerable[], prefix: string): void => {
    let next = 0
    for (const layer of stack) {
      addName(names, layer, `${prefix}${next}`)
      visit(innerLayers(layer)?.map((inner) => inner.layer) ?? [], `${prefix}${next}.`)
      next += layer.kind === 'dense' && layer.activation.kind !== 'linear' ? 2 : 1
    }
  }
  visit(
    layers.filter((layer) => layer.kind !== 'input'),
    '',
  )
  return names
}

function kerasNames(leaves: readonly Leaf[]): NamesOf {
  const names: NamesOf = new Map()
  const seen: Record<string, number> = {}
  for (const { layer } of leaves) {
    const name = KERAS_NAMES[layer.kind] ?? layer.kind
    const number = seen[name] ?? 0
    seen[name] = number + 1
    addName(names, layer, number === 0 ? name : `${name}_${number}`)
  }
  return names
}
