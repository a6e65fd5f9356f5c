/** `heads`: the last layer of a model with several outputs, with its losses and metrics. */

import type { ActivationName } from '../catalogue/activations.ts'
import type { NamedOutputs } from '../layers/builder.ts'
import { carrying } from '../layers/carried.ts'
import { type HeadsLayer, headsKind, headsOf } from '../layers/heads.ts'
import { catalogue, type Layer, type Lowerable } from '../layers/layers.ts'
import { checkNoMore, checkOptions, quote } from '../lib/check.ts'
import { judgeBy, type LossCallback } from './callbackLoss.ts'
import { classesOf, decisionOf, readClassNames } from './classes.ts'
import type { HeadsCompileOptions } from './compileOptions.ts'
import { broughtAlong, named as savedAs } from './custom.ts'
import type { Goals, HeadsTask } from './goals.ts'
import { activated, type PartedTask, resolveHeads } from './headGoals.ts'

/** The parts of a task made by `resolveHeads`. */
const partsOf = (task: HeadsTask | undefined) => (task as PartedTask | undefined)?.parts

/** Outputs and gradient buffers per head; the callback sees outputs as returned by `predict`. */
function judgeHeads(where: string, callback: unknown, named: NamedOutputs, task: HeadsTask | undefined): LossCallback {
  const parts = partsOf(task)
  const columns = named.heads.reduce((sum, head) => sum + head.columns, 0)
  const call = callback as (outputs: object, gradient: object) => number
  const packed: LossCallback = (outputs, gradient) => {
    const ys = named.split(outputs)
    parts?.forEach((part) => {
      activated(part, ys[part.head.name])
    })
    const slopes = Object.fromEntries(Object.entries(ys).map(([name, y]) => [name, new Float32Array(y.length)]))
    const loss = call(ys, slopes)
    for (const [h, { name, first, columns: own }] of named.heads.entries()) {
      const [y, slope] = [ys[name], slopes[name]]
      const bad = slope.findIndex((value) => value - value !== 0)
      if (bad >= 0) {
        throw new RangeError(
          `${where}: the callback's gradient of head ${quote(name)} must be finite, got ${slope[bad]} at row ${Math.floor(bad / own)}, column ${bad % own}`,
        )
      }
      const fused = parts?.[h].fused ?? 'none'
      for (let at = 0; at < y.length; at += own) {
        // with respect to the logits, if the backward pass starts there
        let along = 0
        if (fused === 'softmax') for (let c = at; c < at + own; c++) along += slope[c] * y[c]
        for (let c = 0; c < own; c++) {
          const [p, d] = [y[at + c], slope[at + c]]
          const owed = fused === 'softmax' ? p * (d - along) : fused === 'sigmoid' ? d * p * (1 - p) : d
          gradient[(at / own) * columns + first + c] = owed
        }
      }
    }
    return loss
  }
  return judgeBy(where, packed, columns)
}

const each = <T, U>(values: Readonly<Record<string, T>> = {}, make: (value: T, name: string) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(value, name)]))

/** Activations whose outputs are classes regardless of the loss. */
const PROBABILITIES: readonly ActivationName[] = ['softmax', 'logSoftmax', 'sigmoid', 'hardSigmoid']

const goals: Goals = {
  resolve: resolveHeads,
  judgeBy: judgeHeads,

  classesOf(where, outputs, named, task) {
    const classes = named.heads.flatMap(({ name, columns, activation }, h) => {
      const last = activation?.kind ?? 'linear'
      const judgement = partsOf(task)?.[h].judgement
      if (!judgement?.classifies && !PROBABILITIES.includes(last)) return []
      const threshold = decisionOf(where, last, columns, judgement)
      return [[name, classesOf(`${where}: head ${quote(name)}`, outputs[name], columns, threshold)] as const]
    })
    if (classes.length > 0) return Object.fromEntries(classes)
    throw new RangeError(`${where}: every head is a quantity, not a class`)
  },

  readClassNames(where, names, named) {
    const given = named.each(`${where}: "classNames"`, names, true)
    const own = (name: string) => named.heads.find((head) => head.name === name)?.columns ?? 0
    return Object.freeze(each(given, (list, name) => readClassNames(`${where}: head ${quote(name)}`, list, own(name))))
  },

  describe: ({ loss, lossWeights, metrics, weightedMetrics }) => ({
    loss: each(loss, (spec) => savedAs(spec)),
    ...(lossWeights && { lossWeights }),
    metrics: each(metrics, (list) => list.map((metric) => savedAs(metric))),
    ...(weightedMetrics && { weightedMetrics: each(weightedMetrics, (list) => list.map((metric) => savedAs(metric))) }),
  }),

  bring(where, saved, custom) {
    checkOptions('heads', saved, ['loss', 'lossWeights', 'metrics', 'weightedMetrics'])
    const { loss, metrics, weightedMetrics } = saved
    const bringAll = (lists: typeof metrics) =>
      each(lists, (list) =>
        Array.isArray(list) ? list.map((metric) => broughtAlong(where, metric, 'metric', custom)) : list,
      )
    return {
      ...saved,
      loss: each(loss, (spec) => broughtAlong(where, spec, 'loss', custom)),
      metrics: bringAll(metrics),
      ...(weightedMetrics && { weightedMetrics: bringAll(weightedMetrics) }),
    } as HeadsCompileOptions
  },
}

/**
 * Several named outputs on a shared body, as the last layer: `heads({ price: [dense(1)], kind: [dense(5, { activation: 'softmax' })] })`.
 * Every list of layers is applied to the same rows; an empty one is the identity. `compile` takes a loss per head, targets and
 * predictions are objects with these keys, and logs contain `price_loss` and `kind_accuracy`. The model's loss is
 * Σ lossWeight · loss. Keras' functional models with several outputs.
 * @throws TypeError unless heads is an object of arrays of layers; RangeError if it is empty, for an invalid name, an input, or
 * layers nested 100 deep.
 */
export const heads: <const K extends string>(
  heads: { readonly [Name in K]: readonly Layer[] },
  ...more: []
) => HeadsLayer<Lowerable, K> = carrying(
  'heads',
  { ...headsKind<Lowerable>(catalogue), goals } as ReturnType<typeof headsKind<Lowerable>>,
  <K extends string>(specs: { readonly [Name in K]: readonly Layer[] }, ...more: []): HeadsLayer<Lowerable, K> => {
    checkNoMore('heads', more)
    return headsOf<Lowerable, K>(specs)
  },
) as never
