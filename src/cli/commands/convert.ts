/** `fourlane convert` and `fourlane export`: writes a model in another format. */
import type { Model } from '../../entries/core.ts'
import { type Encoder, encoderFromJSON } from '../../entries/tablePredictor.ts'
import { type Command, quoted, UsageError } from '../command.ts'
import { readModel, TARGETS, type TargetName, targetOf } from '../files.ts'

const OPSET = { name: 'opset', value: 'N', text: 'version of the ONNX operators; default 17' } as const

/** @throws UsageError unless it is an integer and the format is ONNX. */
function opsetOf(name: string, given: string | true | undefined, target: TargetName): number | undefined {
  if (given === undefined) return undefined
  if (target !== 'onnx') throw new UsageError(`${name}: --opset is for ONNX`)
  if (!/^\d{1,3}$/.test(String(given))) throw new UsageError(`${name}: --opset must be a whole number, got "${given}"`)
  return Number(given)
}

export const convert: Command = {
  name: 'convert',
  usage: 'FROM TO',
  arity: [2, 2],
  summary: 'Reads a model of any format and writes it in the one that the ending of TO says.',
  options: [OPSET],
  notes: [
    'Reads fourlane, ONNX, Keras (.keras, .h5) and TensorFlow.js (model.json).',
    'Writes .safetensors (fourlane), .onnx, a folder whose name ends in tfjs, .torch.safetensors (a state_dict), .npz (weights).',
  ],
  async run({ positionals: [from, to], options }, { note }) {
    const target = targetOf(to)
    const opset = opsetOf('convert', options.opset, target)
    await TARGETS[target].write(await readModel(from), to, { opset })
    note(`${quoted(to)} written\n`)
  },
}

const EXPORTS = ['onnx', 'tfjs', 'torch'] as const

/** The encoder in a model's file. @throws UsageError if there is none. */
function encoderOf(path: string, { metadata }: Model): Encoder {
  if (typeof metadata === 'object' && metadata !== null && 'encoder' in metadata)
    return encoderFromJSON(metadata.encoder)
  throw new UsageError(`export: --table needs a model of a table, as train makes them, and ${quoted(path)} is none`)
}

export const exporting: Command = {
  name: 'export',
  usage: 'MODEL --onnx | --tfjs | --torch',
  arity: [1, 1],
  summary: 'Writes a model for another program.',
  options: [
    { name: 'onnx', text: 'MODEL.onnx, for onnxruntime and everything else that reads ONNX' },
    { name: 'tfjs', text: 'folder MODEL-tfjs with model.json and weights.bin, for TensorFlow.js' },
    { name: 'torch', text: 'MODEL.torch.safetensors, a state_dict for PyTorch' },
    { name: 'out', value: 'PATH', text: 'where to, instead' },
    { name: 'table', text: 'with --onnx, of a model that train has made: its inputs are the columns of the table' },
    OPSET,
  ],
  notes: ['MODEL may be of any format that inspect reads.'],
  async run({ positionals: [path], options }, { note }) {
    const chosen = EXPORTS.filter((name) => options[name])
    if (chosen.length !== 1) throw new UsageError('export: say one of --onnx, --tfjs and --torch')
    const [target] = chosen
    const opset = opsetOf('export', options.opset, target)
    if (options.table && target !== 'onnx') throw new UsageError('export: --table is for ONNX')
    const base = path.replace(/(\.safetensors|\.onnx|\.keras|\.h5|[\\/]model\.json)$/i, '')
    const to = typeof options.out === 'string' ? options.out : TARGETS[target].path(base)
    if (to === path) throw new UsageError(`export: ${quoted(to)} is the model itself; say where to with --out`)
    const model = await readModel(path)
    await TARGETS[target].write(model, to, { opset, encoder: options.table ? encoderOf(path, model) : undefined })
    note(`${quoted(to)} written\n`)
  },
}
