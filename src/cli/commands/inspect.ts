/** `fourlane inspect`: shows the contents of a file. */
import { basename } from 'node:path'
import type { Model } from '../../entries/core.ts'
import { type Command, quoted } from '../command.ts'
import { type Content, readContent, type Tensor } from '../files.ts'

export const inspect: Command = {
  name: 'inspect',
  usage: 'FILE',
  arity: [1, 1],
  summary: 'Says what is in a file: a model and its layers, or arrays with their types and shapes.',
  options: [{ name: 'json', text: 'one JSON object on standard output, and nothing else' }],
  notes: [
    'Reads models of fourlane, ONNX, Keras (.keras, .h5) and TensorFlow.js (model.json), and arrays in safetensors and NumPy files.',
  ],
  async run({ positionals: [path], options }, { out }) {
    const content = await readContent(path)
    await out(options.json ? `${JSON.stringify(described(path, content))}\n` : `${text(path, content)}\n`)
  },
}

/** A tensor's smallest and largest value, ignoring NaN; undefined if there is none. */
function rangeOf({ data }: Tensor): { smallest: number; largest: number } | undefined {
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (const value of data) {
    const number = Number(value)
    if (number < smallest) smallest = number
    if (number > largest) largest = number
  }
  return smallest <= largest ? { smallest, largest } : undefined
}

function described(path: string, content: Content): object {
  const head = { file: basename(path), format: content.format }
  if ('tensors' in content) {
    const tensors = [...content.tensors].map(([name, tensor]) => ({
      name,
      dtype: tensor.dtype,
      shape: tensor.shape,
      ...rangeOf(tensor),
    }))
    return { ...head, tensors }
  }
  const { model } = content
  return {
    ...head,
    inputs: model.engine.inputs,
    outputs: model.engine.outputs,
    parameters: model.countParameters(),
    layers: model.layers,
    tensors: model.parameters.map(({ name, shape, trainable }) => ({ name, shape, trainable })),
    ...(model.compiled && { compiled: compiledOf(model) }),
    ...(model.classNames && { classNames: model.classNames }),
    ...(model.metadata !== undefined && { metadata: model.metadata }),
  }
}

const compiledOf = ({ compiled }: Model) =>
  compiled && {
    optimizer: compiled.optimizer.kind,
    loss: compiled.heads ? 'of each head' : (compiled.loss?.kind ?? 'none'),
    metrics: compiled.metrics.map(({ kind }) => kind),
  }

function text(path: string, content: Content): string {
  const title = `${quoted(basename(path))}: ${content.format}`
  if ('tensors' in content) return [title, '', ...[...content.tensors].map(tensorLine)].join('\n')
  const { model } = content
  const compiled = compiledOf(model)
  // for heads an object; the file is untrusted
  const names = Object.values(model.classNames ?? {})
    .flat()
    .map(quoted)
  const lines = [
    ...(compiled ? [`optimizer ${compiled.optimizer}, loss ${compiled.loss}`] : []),
    ...(names.length > 0
      ? [`classes: ${names.slice(0, 20).join(', ')}${names.length > 20 ? `, and ${names.length - 20} more` : ''}`]
      : []),
    ...(model.metadata === undefined ? [] : [`metadata: ${shortened(JSON.stringify(model.metadata))}`]),
  ]
  return [title, '', model.summary(), ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')
}

const shortened = (json: string): string => (json.length <= 200 ? json : `${json.slice(0, 200)}…`)

function tensorLine([name, tensor]: [name: string, tensor: Tensor]): string {
  const { dtype, shape } = tensor
  const range = rangeOf(tensor)
  const values = range ? `, ${Number(range.smallest.toPrecision(4))} to ${Number(range.largest.toPrecision(4))}` : ''
  return `${name === '' ? '' : `${quoted(name)}: `}${dtype} ${shape.length > 0 ? shape.join(' x ') : 'scalar'}${values}`
}
