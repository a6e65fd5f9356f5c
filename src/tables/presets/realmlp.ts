/** RealMLP-TD: the tuned defaults in full. */
import { randomNormal } from '../../catalogue/initializers/initializers.ts'
import { blend } from '../../layers/blend.ts'
import { dense } from '../../layers/dense.ts'
import { embedding } from '../../layers/embedding.ts'
import { concatenate, dropout, input, type Layer } from '../../layers/layers.ts'
import { periodicEmbedding } from '../../layers/periodicEmbedding.ts'
import { scale } from '../../layers/scale.ts'
import { select } from '../../layers/select.ts'
import { sequential } from '../../model/model.ts'
import { adamw } from '../../optimizers/optimizers.ts'
import type { ParameterGroup } from '../../optimizers/rules/groups.ts'
import { flatCosine } from '../../optimizers/schedules/cycles.ts'
import type { EncodedColumn } from '../features.ts'
import type { PresetKind } from './preset.ts'
import {
  BETAS,
  BIAS_RATE,
  compile,
  EPOCHS,
  EPSILON,
  fit,
  HIDDEN,
  headOf,
  isClassifier,
  SCALE_RATE,
  stepsOf,
  trained,
  wavesOf,
} from './realmlpDefaults.ts'
import { startFrom } from './startFrom.ts'

const DROPOUT = 0.15
const DECAY = 0.02
const CATEGORY_UNITS = 8
/** Factor on the learning rate of numeric embeddings and parametric activations. */
const SLOW_RATE = 0.1

const HIDDEN_NAMES = HIDDEN.map((_, i) => `hidden_${i + 1}`)
const NUMBERS: readonly EncodedColumn['kind'][] = ['number', 'year', 'month', 'dayOfWeek', 'seconds']

/** Numbers stay and get periodic embeddings, indices become trained rows, the rest is unchanged; undefined if nothing is embedded. */
function embeddingsOf(outputs: readonly EncodedColumn[]): Layer | undefined {
  const places = (chosen: (column: EncodedColumn) => boolean) =>
    outputs.flatMap((column, i) => (chosen(column) ? [i] : []))
  const numbers = places(({ kind }) => NUMBERS.includes(kind))
  const others = places(({ kind }) => !NUMBERS.includes(kind))
  const tables = others.flatMap((column, i) => {
    const { categories } = outputs[column]
    return categories === undefined
      ? []
      : [{ columns: i, categories, units: CATEGORY_UNITS, initializer: randomNormal({ stddev: 1 }) }]
  })
  const periodic = periodicEmbedding({ name: 'numbers' })
  const tabled = tables.length > 0 ? [embedding(tables, { name: 'categories' })] : []
  if (others.length === 0) return periodic
  if (numbers.length === 0) return tabled[0]
  return concatenate([
    [select({ columns: numbers }), periodic],
    [select({ columns: others }), ...tabled],
  ])
}

/** A parameter group with a factor on the rate. Decay is multiplied by the rate, and by the factor once more in the authors' code. */
const scaled = (match: ParameterGroup['match'], factor: number): ParameterGroup => ({
  match,
  learningRateScale: factor,
  weightDecayScale: factor,
})

export const realmlp: PresetKind = {
  epochs: EPOCHS,
  embeds: true,
  trained,

  build(encoder, options, length) {
    const { width, outputs } = encoder
    const isClasses = isClassifier(encoder)
    const totalSteps = stepsOf(length)
    const f = isClasses ? 'selu' : 'mish'
    const kernelInitializer = randomNormal({ stddev: 1 })
    const rate = dropout(flatCosine({ learningRate: DROPOUT, totalSteps }))
    const hidden = HIDDEN.flatMap((units, i) => [
      dense(units, { kernelInitializer, name: HIDDEN_NAMES[i] }),
      blend(f, { name: `activation_${i + 1}` }),
      rate,
    ])
    const { units, activation } = headOf(encoder)
    const head = dense(units, { activation, kernelInitializer, name: 'head' })
    const embeddings = embeddingsOf(outputs)
    const layers = [...(embeddings ? [embeddings] : []), scale({ name: 'scale' }), ...hidden, head]
    const model = sequential([input(width), ...layers], options)
    const kernels = model.parameters.filter(({ name }) => /^(hidden_\d|head)\.kernel$/.test(name))
    const hasNumbers = outputs.some(({ kind }) => NUMBERS.includes(kind))
    const optimizer = adamw({
      learningRate: wavesOf(isClasses ? 0.04 : 0.2, length),
      ...BETAS,
      epsilon: EPSILON,
      weightDecay: flatCosine({ learningRate: DECAY, totalSteps }),
      parameterGroups: [
        ...(hasNumbers ? [scaled(/(^|\.)numbers\./, SLOW_RATE)] : []),
        scaled('alpha', SLOW_RATE),
        scaled('scale', SCALE_RATE),
        { match: 'bias', learningRateScale: BIAS_RATE, weightDecay: 0 },
        ...kernels.map(({ name, shape: [inputs] }) => ({
          match: { exactly: [name] },
          learningRateScale: 1 / Math.sqrt(inputs),
          weightDecayScale: Math.sqrt(inputs),
          epsilon: EPSILON * Math.sqrt(inputs),
        })),
      ],
    })
    return compile(model, encoder, optimizer)
  },

  start: (model, x) => startFrom(model, [...HIDDEN_NAMES, 'head'], x),
  fit,
}
