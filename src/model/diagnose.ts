/** Statistics of activations and gradients of every layer on one batch. */
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import type { Matrix } from '../layers/builder.ts'
import { activationOf, type Layer } from '../layers/layers.ts'
import { cut, show } from '../lib/check.ts'
import type { AnyTargets } from './compileOptions.ts'
import type { AnyModel, Model } from './model.ts'

/** One layer of a `Diagnosis`. */
export interface LayerDiagnosis {
  /** The prefix of its parameters, or its kind. */
  readonly name: string
  readonly kind: Layer['kind']
  /** The layer's activation, if it has one. */
  readonly activation?: string
  /** Over all rows and units of the layer's outputs. */
  readonly activationMean: number
  readonly activationDeviation: number
  /**
   * Over all rows and units of the gradient of the mean loss with respect to the layer's pre-activations (its outputs if it has
   * no activation). NaN for layers that the backward pass does not reach.
   */
  readonly gradientMean: number
  readonly gradientDeviation: number
  /** relu and relu6: fraction of units that are 0 for every row. */
  readonly deadUnits?: number
  /** tanh, softsign: fraction of outputs beyond ±0.99; sigmoid, hardSigmoid: below 0.01 or above 0.99. */
  readonly saturated?: number
  /** Euclidean norm of the gradient of all the layer's parameters; absent if it has none. */
  readonly parameterGradientNorm?: number
}

export interface Diagnosis {
  readonly loss: number
  readonly rows: number
  readonly layers: readonly LayerDiagnosis[]
}

/** Ranges outside of which the derivative almost vanishes. */
const SATURATED: Readonly<Record<string, readonly [low: number, high: number]>> = {
  tanh: [-0.99, 0.99],
  softsign: [-0.99, 0.99],
  sigmoid: [0.01, 0.99],
  hardSigmoid: [0.01, 0.99],
}
const RECTIFIERS = ['relu', 'relu6']

/**
 * Statistics of every layer on one batch: outputs, gradients, dead and saturated units. The pass is that of a training
 * step, with batch statistics, dropout and noise, but nothing is updated. `diagnosisTable` formats the result.
 * Vanishing gradients show as deviations that shrink from the last layer to the first, exploding ones as the reverse.
 * @throws Error unless the model is compiled; TypeError or RangeError naming the argument, as `gradients` does.
 */
export function diagnose(model: AnyModel, x: Features, y: AnyTargets): Diagnosis {
  if (typeof model?.gradients !== 'function')
    throw new TypeError(`diagnose: "model" must be a model, got ${show(model)}`)
  const { loss } = (model as Model).gradients(x, y as Targets)
  const { engine } = model
  const { layers } = engine.byHost ? engine.planner.with('open').open : engine.trainingPlan()
  const { rows } = readFeatures('diagnose', 'x', x, engine.inputs, engine.doors)
  const described = model.layers.map((layer, i): LayerDiagnosis | undefined => {
    if (layer.kind === 'input') return undefined
    const outputs = engine.read(layers[i].y, rows)
    const { dy } = layers[i]
    const gradient = statistics(dy ? engine.read(dy, rows) : new Float32Array(0))
    const { mean, deviation } = statistics(outputs)
    const activation = activationOf(layer)?.kind
    const own = model.parameters.filter((_, p) => engine.places[p].layer === i)
    const limits = activation && SATURATED[activation]
    return {
      name: own[0]?.name.slice(0, own[0].name.indexOf('.')) ?? layer.kind,
      kind: layer.kind,
      activationMean: mean,
      activationDeviation: deviation,
      gradientMean: gradient.mean,
      gradientDeviation: gradient.deviation,
      ...(activation && activation !== 'linear' && { activation }),
      ...(activation && RECTIFIERS.includes(activation) && { deadUnits: deadUnits(outputs, layers[i].y) }),
      ...(limits && {
        saturated: outputs.reduce((n, v) => n + Number(v < limits[0] || v > limits[1]), 0) / outputs.length,
      }),
      ...(own.length > 0 && {
        parameterGradientNorm: Math.hypot(...own.map((parameter) => norm(parameter.gradient()))),
      }),
    }
  })
  return { loss, rows, layers: described.filter((layer) => layer !== undefined) }
}

function statistics(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance) }
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

function deadUnits(outputs: Float32Array, { cols }: Matrix): number {
  const alive = new Set<number>()
  outputs.forEach((value, i) => {
    if (value !== 0) alive.add(i % cols)
  })
  return 1 - alive.size / cols
}

/** @throws TypeError unless a value has the form of a `Diagnosis`. */
function checkDiagnosis(value: Diagnosis): Diagnosis {
  const isNumber = (x: unknown) => x === undefined || typeof x === 'number'
  const isLayer = (layer: unknown): boolean => {
    if (typeof layer !== 'object' || layer === null) return false
    const { name, activation = '', kind: _, ...numbers } = layer as Record<string, unknown>
    return typeof name === 'string' && typeof activation === 'string' && Object.values(numbers).every(isNumber)
  }
  const { loss, rows, layers } = value ?? {}
  const isRight = typeof loss === 'number' && typeof rows === 'number' && Array.isArray(layers)
  // Array.from, since every skips holes
  if (!isRight || !Array.from(layers).every(isLayer))
    throw new TypeError(`diagnosisTable: expected what diagnose() returns, got ${show(value)}`)
  return value
}

/**
 * A diagnosis as a table for the terminal, one line per layer, first to last.
 * @throws TypeError unless it is a diagnosis.
 */
export function diagnosisTable(diagnosis: Diagnosis): string {
  const { loss, rows, layers } = checkDiagnosis(diagnosis)
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '' : value.toExponential(1)
  const percent = (value: number | undefined) => (value === undefined ? '' : `${Math.round(value * 100)} %`)
  const table = [
    ['layer', 'activation', 'outputs', '± deviation', 'gradient ±', 'dead', 'saturated', 'parameter gradient'],
    ...layers.map((layer) => [
      cut(layer.name),
      cut(layer.activation ?? ''),
      number(layer.activationMean),
      number(layer.activationDeviation),
      number(layer.gradientDeviation),
      percent(layer.deadUnits),
      percent(layer.saturated),
      number(layer.parameterGradientNorm),
    ]),
  ]
  const sizes = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(sizes[column]) : cell.padStart(sizes[column])))
      .join('   ')
      .trimEnd(),
  )
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)))
  return [lines[0], rule, ...lines.slice(1), rule, `loss ${loss.toPrecision(4)} on ${rows} rows`].join('\n')
}
