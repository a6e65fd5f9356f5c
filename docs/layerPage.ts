/** The page of layers. */
import { CARRIED_DOCS } from '../src/layers/carried.docs.ts'
import * as layerDocs from '../src/layers/layers.docs.ts'
import { type Layer, type Lowerable, parametersOf } from '../src/layers/layers.ts'
import { fence, list, paragraphs } from './markdown.ts'

/** What a layer is told without a default, and what every layer has. */
const NO_DEFAULT = ['kind', 'size', 'units', 'trainable', 'name', 'groups', 'layers', 'rate', 'stddev']

/** The layer's options at their defaults. */
function layerDefaults(layer: Layer): string {
  if (layer.kind === 'activation') return ''
  const shown = (value: unknown): string =>
    typeof value === 'object' && value !== null && 'kind' in value ? String(value.kind) : String(value)
  return Object.entries(layer)
    .filter(([name]) => !NO_DEFAULT.includes(name) && !(layer.kind === 'instanceNorm' && name === 'channels'))
    .map(([name, value]) => `\`${name} = ${shown(value)}\``)
    .join(', ')
}

/** Names and shapes for 6 columns. */
function layerParameters(layer: Lowerable): string {
  return parametersOf(layer, 6)
    .map(
      ({ name, shape, trainable }) => `\`${name}\` [${shape.join(', ')}]${trainable === false ? ' (not trained)' : ''}`,
    )
    .join(', ')
}

export function layers(): string {
  const sections = Object.values({ ...layerDocs.LAYER_DOCS, ...CARRIED_DOCS }).map(
    ({ signature: text, equation, use, source, pytorch, keras, notes = [], example }) => {
      const options = layerDefaults(example)
      const owned = example.kind === 'input' ? '' : layerParameters(example)
      return paragraphs(
        `## ${example.kind}`,
        `\`${text}\``,
        fence(equation),
        list([
          `Use: ${use}.`,
          options && `Defaults: ${options}.`,
          owned && `Parameters, on 6 columns: ${owned}.`,
          source !== undefined && `Source: ${source}.`,
          `PyTorch: ${pytorch}.`,
          `Keras: ${keras}.`,
          ...notes,
        ]),
      )
    },
  )
  return paragraphs(layerDocs.INTRO, ...sections)
}
