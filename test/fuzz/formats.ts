/** Files of other programs: safetensors, NumPy's, Keras' in both forms, TensorFlow.js'. */
import { deflateRawSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import {
  exportTfjs,
  exportWeights,
  importKeras,
  importTfjs,
  loadWeights,
  readNpy,
  readNpz,
  readSafetensors,
  type WeightLayout,
  writeNpz,
  writeSafetensors,
} from '../../src/entries/formats.ts'
import {
  batchNorm,
  dense,
  input,
  layerNorm,
  type Model,
  prelu,
  residual,
  sequential,
} from '../../src/entries/public.ts'
import { type ElementType, elements, type Numbers } from '../../src/formats/elements.ts'
import { readHdf5 } from '../../src/formats/hdf5/hdf5.ts'
import { readZip, writeZip } from '../../src/formats/zip.ts'
import { interopCases, interopFile, kerasCases, kerasFile } from '../support/interop.ts'
import { type Dice, damage } from './dice.ts'
import { mutate, write } from './json.ts'
import type { Target } from './target.ts'

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

/** More inputs than this would take longer to make than to read. */
const MOST_INPUTS = 1e5

/** A model that was read must predict, and be saved and loaded as itself. */
function checkModel(model: Model): void {
  const { inputs, outputs } = model.engine
  if (inputs <= MOST_INPUTS && outputs <= MOST_INPUTS) assert.is(model.predict(wave(2 * inputs)).length, 2 * outputs)
  for (const { shape, size } of model.parameters)
    assert.is(
      shape.reduce((product, length) => product * length, 1),
      size,
    )
  model.toBytes()
}

const TYPES = Object.keys(elements) as ElementType[]

/** Arrays of any types and shapes, with values that these hold. */
function arrays(dice: Dice): Map<string, { dtype: ElementType; shape: number[]; data: Numbers }> {
  const names = ['a', 'b', 'layer.0.weight', '__proto__', 'constructor', '']
  return new Map(
    Array.from({ length: dice.below(4) }, () => {
      const dtype = dice.of(TYPES)
      const shape = Array.from({ length: dice.below(4) }, () => dice.below(5))
      const data = new elements[dtype].array(shape.reduce((product, size) => product * size, 1))
      for (let i = 0; i < data.length; i++) data[i] = dice.below(2)
      return [dice.of(names), { dtype, shape, data }] as const
    }),
  )
}

/** The file with a header that is changed, and its data as they were. */
function withHeader(dice: Dice, bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  mutate(dice, header)
  const text = new TextEncoder().encode(write(header))
  const file = new Uint8Array(8 + text.length + bytes.length - 8 - length)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  file.set(bytes.subarray(8 + length), 8 + text.length)
  return file
}

export const safetensors: Target = {
  make(dice) {
    const list = Array.from(arrays(dice), ([name, { dtype, ...array }]) => {
      return [name, { ...array, dtype: elements[dtype].safetensors as never }] as const
    })
    const intact = writeSafetensors(new Map(list), { format: 'pt' }, { checksum: dice.chance(0.3) })
    const kind = dice.below(3)
    const bytes = kind === 0 ? intact : kind === 1 ? damage(dice, intact) : withHeader(dice, intact)
    return {
      size: bytes.length,
      run() {
        const { tensors, metadata } = readSafetensors(bytes)
        for (const { shape, data } of tensors.values())
          assert.is(
            shape.reduce((product, size) => product * size, 1),
            data.length,
          )
        assert.equal(readSafetensors(writeSafetensors(tensors, metadata)).metadata, metadata)
        if (kind === 0) assert.is(tensors.size, list.length)
      },
    }
  },
  ours: /^(safetensors|readSafetensors|writeSafetensors): /,
}

/** A zip of one file more than the archive has: deflated, with a size that may be another. */
function packed(dice: Dice, bytes: Uint8Array): Uint8Array {
  const content = deflateRawSync(new Uint8Array(dice.of([10, 1000, 3e6])))
  const at = dice.below(bytes.length + 1)
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), content, bytes.subarray(at)]))
}

export const npy: Target = {
  make(dice) {
    const list = Array.from(arrays(dice)).filter(([, { dtype }]) => dtype !== 'bfloat16')
    const named = new Map(list.filter(([name]) => name !== ''))
    const zip = dice.chance(0.5)
    const intact = zip
      ? writeNpz(named)
      : interopFile(dice.of(['float32.npy', 'float64-fortran.npy', 'big-endian.npy', 'scalar.npy']))
    const changed = dice.chance(0.1) ? packed(dice, intact) : damage(dice, intact)
    const bytes = dice.chance(0.1) ? intact : changed
    return {
      size: bytes.length,
      run() {
        const found = zip ? readNpz(bytes, { maximumBytes: 1e6 }) : new Map([['', readNpy(bytes)]])
        for (const { shape, data } of found.values())
          assert.is(
            shape.reduce((product, size) => product * size, 1),
            data.length,
          )
      },
    }
  },
  ours: /^(readNpy|readNpz): /,
}

/** A stack with every kind of parameter that PyTorch and Keras have. */
const trainee = () =>
  sequential(
    [
      input(4),
      dense(6),
      batchNorm(),
      residual([dense(3), prelu(), dense(6)]),
      layerNorm(),
      dense(2, { useBias: false }),
    ],
    { seed: 1 },
  )

export const weights: Target = {
  make(dice) {
    const layout = dice.of<WeightLayout>(['torch', 'keras'])
    const tensors = [...exportWeights(trainee(), { layout })]
    for (let times = dice.below(3); times > 0; times--) {
      const at = dice.below(tensors.length)
      const [name, tensor] = tensors[at]
      const other = dice.of([
        '0.weight',
        'x',
        '1.',
        '.weight',
        'a/b',
        '99999999999999999999.bias',
        name.replace('.', '.0.'),
      ])
      const changes = [
        () => tensors.splice(at, 1),
        () => tensors.push([other, tensor]),
        () => {
          tensors[at] = [other, tensor]
        },
        () => {
          tensors[at] = [name, { ...tensor, shape: [...tensor.shape].reverse() }]
        },
        () => tensor.data.fill(tensor.dtype === 'F32' ? dice.of([Number.NaN, Number.POSITIVE_INFINITY, 0]) : 7, 0, 1),
      ]
      dice.of(changes)()
    }
    const intact = writeSafetensors(new Map(tensors))
    const bytes = dice.chance(0.2) ? damage(dice, intact) : intact
    return {
      size: bytes.length,
      run() {
        const model = trainee()
        const before = model.toBytes()
        try {
          loadWeights(model, bytes, { layout })
        } catch (error) {
          assert.ok(Buffer.from(model.toBytes()).equals(before), 'what was refused has changed the model')
          throw error
        }
        checkModel(model)
      },
    }
  },
  ours: /^(loadWeights|safetensors|readSafetensors): /,
}

/** Keras' files by their kinds, read once. */
let files: Readonly<Record<'archives' | 'models' | 'weights', readonly Uint8Array[]>> | undefined

function corpus() {
  const all = [
    ...interopCases.map((found) => [found, interopFile] as const),
    ...kerasCases.filter(({ error_must_name: words }) => !words).map((found) => [found, kerasFile] as const),
  ].flatMap(([found, read]) => Object.values(found.files).map((name) => [name, read] as const))
  const named = (pattern: RegExp) => all.filter(([name]) => pattern.test(name)).map(([name, read]) => read(name))
  return {
    archives: named(/\.keras$/),
    models: named(/^(?!.*weights).*\.h5$/),
    weights: named(/\.weights\.h5$/),
  }
}

/** The bytes with one JSON text in them changed in place: as long as before, so that all addresses stay. */
function withText(dice: Dice, bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  const start = text.indexOf('{"class_name"') < 0 ? text.indexOf('{"module"') : text.indexOf('{"class_name"')
  const letters = [...'0123456789"{}[],:', 'Z', '\u0000']
  const changed = bytes.slice()
  for (let times = 1 + dice.below(4); times > 0; times--)
    changed[Math.max(start, 0) + dice.below(3000)] = dice.of(letters).charCodeAt(0)
  return changed
}

/** A .keras archive whose description or weights are changed, and whose checksums are right. */
function repacked(dice: Dice, bytes: Uint8Array): Uint8Array {
  const entries = Array.from(readZip('test', bytes), ([name, read]): [string, Uint8Array] => {
    const content = new Uint8Array(read())
    if (name !== dice.of(['config.json', 'config.json', 'model.weights.h5'])) return [name, content]
    if (name !== 'config.json') return [name, damage(dice, content)]
    const json = JSON.parse(new TextDecoder().decode(content))
    mutate(dice, json)
    return [name, new TextEncoder().encode(write(json))]
  })
  return writeZip('test', entries)
}

function visit(bytes: Uint8Array): void {
  const open = [readHdf5('readHdf5', bytes)]
  for (let node = open.pop(); node; node = open.pop()) {
    for (const name of ['layer_names', 'weight_names', 'model_config', 'name', 'backend']) node.texts(name)
    if (node.shape) node.read()
    open.push(...node.children.values())
  }
}

export const keras: Target = {
  make(dice) {
    files ??= corpus()
    const kind = dice.of(['archives', 'models', 'weights'] as const)
    const intact = dice.of(files[kind])
    const way = dice.below(10)
    const bytes =
      way === 0
        ? intact
        : way < 8 && kind === 'archives'
          ? repacked(dice, intact)
          : way < 4 && kind === 'models'
            ? withText(dice, intact)
            : damage(dice, intact)
    return {
      size: bytes.length,
      run() {
        if (kind === 'weights') visit(bytes)
        if (kind !== 'weights') checkModel(importKeras(bytes))
        else loadWeights(trainee(), bytes, { layout: 'keras' })
      },
    }
  },
  ours: /^(importKeras|loadWeights|readHdf5): /,
}

export const tfjs: Target = {
  make(dice) {
    const { modelJson, weights: bytes } = exportTfjs(trainee())
    const json = JSON.parse(JSON.stringify(modelJson))
    if (dice.chance(0.9)) mutate(dice, json)
    const data = dice.chance(0.2) ? damage(dice, bytes) : bytes
    const text = write(json)
    return { size: text.length + data.length, run: () => checkModel(importTfjs(text, data)) }
  },
  ours: /^importTfjs: /,
}
