/** Files of all supported formats, detected by their first bytes; and model export. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'
import {
  alphaDropout,
  blend,
  concatenate,
  embedding,
  heads,
  loadModel,
  type Model,
  modelFromBytes,
  oneHotColumns,
  periodicEmbedding,
  scale,
  select,
  unitNorm,
} from '../entries/core.ts'
import {
  exportOnnx,
  exportTfjs,
  exportWeights,
  importKeras,
  importOnnx,
  importTfjs,
  type Numbers,
  readNpy,
  readNpz,
  readSafetensors,
  writeNpz,
  writeSafetensors,
} from '../entries/formats.ts'
import type { Encoder } from '../entries/tablePredictor.ts'
import type { CarriedKind, LayerFactory } from '../layers/carried.ts'
import { quoted, UsageError } from './command.ts'

/** Factories of the layers that files refer to by name only. */
const LAYERS: Readonly<Record<CarriedKind, LayerFactory>> = {
  alphaDropout,
  blend,
  concatenate,
  embedding,
  heads,
  oneHotColumns,
  periodicEmbedding,
  scale,
  select,
  unitNorm,
}

export interface Tensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Numbers
}

/** The contents of a file: a model, or arrays by name. */
export type Content =
  | { readonly format: string; readonly model: Model }
  | { readonly format: string; readonly tensors: ReadonlyMap<string, Tensor> }

const begins = (bytes: Uint8Array, text: string): boolean =>
  text.split('').every((letter, i) => bytes[i] === letter.charCodeAt(0))

/** Whether the bytes are a safetensors file, by the brace after its header length. */
const isSafetensors = (bytes: Uint8Array): boolean => bytes.length > 8 && bytes[8] === 0x7b && bytes[7] === 0

/** @throws RangeError for a file that is of another kind, damaged or unsupported. */
export async function readContent(path: string): Promise<Content> {
  const bytes = await readFile(path)
  if (begins(bytes, '\x89HDF\r\n')) return { format: 'Keras (HDF5)', model: importKeras(bytes) }
  if (begins(bytes, '\x93NUMPY')) return { format: 'NumPy array', tensors: new Map([['', readNpy(bytes)]]) }
  if (begins(bytes, 'PK\x03\x04')) {
    if (path.toLowerCase().endsWith('.npz')) return { format: 'NumPy arrays', tensors: readNpz(bytes) }
    return { format: 'Keras', model: importKeras(bytes) }
  }
  if (begins(bytes, '{')) return { format: 'TensorFlow.js layers model', model: await readTfjs(path, bytes) }
  if (isSafetensors(bytes)) {
    const { tensors, metadata } = readSafetensors(bytes)
    if (metadata.format?.startsWith('fourlane/')) {
      return { format: metadata.format, model: modelFromBytes(bytes, { custom: LAYERS }) }
    }
    return { format: 'safetensors', tensors }
  }
  // protobuf has no signature; ONNX files start with the version field
  if (bytes[0] === 0x08)
    return { format: 'ONNX', model: importOnnx(bytes, { externalData: beside(path), custom: { heads } }) }
  throw new RangeError(
    `${quoted(path)}: not a model or array file that is known: fourlane, ONNX, Keras, TensorFlow.js, safetensors, NumPy`,
  )
}

/** Reads a model of any format. @throws UsageError for arrays. */
export async function readModel(path: string): Promise<Model> {
  // our own format may exceed what can be read at once
  if (await isOurs(path)) return loadModel(path, { custom: LAYERS })
  const content = await readContent(path)
  if ('model' in content) return content.model
  throw new UsageError(
    `${quoted(path)} holds ${content.format}, no model; loadWeights puts weights into a model of yours`,
  )
}

async function isOurs(path: string): Promise<boolean> {
  return path.endsWith('.safetensors') && (await stat(path)).size > 2 ** 30
}

/** Access to the external data files of an ONNX model, which must be in its directory or below. */
function beside(path: string): (name: string) => Uint8Array {
  return (name) => {
    const { readFileSync } = process.getBuiltinModule('node:fs')
    return readFileSync(inFolderOf(path, name))
  }
}

/** @throws RangeError for a path outside of the directory. */
function inFolderOf(path: string, name: string): string {
  const folder = dirname(path)
  const file = join(folder, name)
  const way = relative(folder, file)
  if (isAbsolute(name) || way.startsWith('..') || isAbsolute(way)) {
    throw new RangeError(`${quoted(path)}: it names a file outside of its folder, "${quoted(name)}"`)
  }
  return file
}

/** The weights are in the files listed in model.json. */
async function readTfjs(path: string, bytes: Uint8Array): Promise<Model> {
  let modelJson: { weightsManifest?: { paths?: unknown }[] }
  try {
    modelJson = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new RangeError(`${quoted(path)}: the file is no JSON: ${(cause as Error).message}`, { cause })
  }
  const manifest = Array.isArray(modelJson.weightsManifest) ? modelJson.weightsManifest : []
  const names = manifest.flatMap((group) => (Array.isArray(group?.paths) ? group.paths : []))
  const parts = await Promise.all(names.map((name) => readFile(inFolderOf(path, String(name)))))
  return importTfjs(modelJson, Buffer.concat(parts))
}

/** For ONNX files. */
interface WriteOptions {
  readonly opset?: number | undefined
  readonly encoder?: Encoder | undefined
}

/** Formats to write models in: how each is recognized from a path, and written. */
export const TARGETS = {
  fourlane: {
    path: (base: string) => `${base}.safetensors`,
    write: (model: Model, path: string) => model.save(path),
  },
  onnx: {
    path: (base: string) => `${base}.onnx`,
    write: (model: Model, path: string, { opset, encoder }: WriteOptions = {}) =>
      writeFile(path, exportOnnx(model, { ...(opset !== undefined && { opset }), ...(encoder && { encoder }) })),
  },
  tfjs: {
    path: (base: string) => `${base}-tfjs`,
    async write(model: Model, path: string) {
      const { modelJson, weights } = exportTfjs(model)
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'weights.bin'), weights)
      await writeFile(join(path, 'model.json'), JSON.stringify(modelJson))
    },
  },
  torch: {
    path: (base: string) => `${base}.torch.safetensors`,
    write: (model: Model, path: string) => writeFile(path, writeSafetensors(exportWeights(model, { layout: 'torch' }))),
  },
  numpy: {
    path: (base: string) => `${base}.npz`,
    write: (model: Model, path: string) =>
      writeFile(
        path,
        writeNpz(
          new Map(
            model.parameters.map((parameter) => [parameter.name, { data: parameter.get(), shape: parameter.shape }]),
          ),
        ),
      ),
  },
} as const

export type TargetName = keyof typeof TARGETS

/** The format implied by a path. @throws UsageError for an unknown extension. */
export function targetOf(path: string): TargetName {
  const name = path.toLowerCase()
  if (name.endsWith('.torch.safetensors')) return 'torch'
  if (name.endsWith('.safetensors')) return 'fourlane'
  if (name.endsWith('.onnx')) return 'onnx'
  if (name.endsWith('.npz')) return 'numpy'
  if (name.endsWith('tfjs') || name.endsWith('/')) return 'tfjs'
  throw new UsageError(
    `convert: "${quoted(path)}" does not say its format; known endings: .safetensors, .onnx, .torch.safetensors, .npz, and tfjs for a folder`,
  )
}
