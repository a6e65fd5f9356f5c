/** Gradients of a loss with respect to a model's inputs. */
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { gradientsOfInputs } from '../engine/inputGradients.ts'
import type { LossCallback, LossCallbackOf } from './callbackLoss.ts'
import type { TargetsOf } from './compileOptions.ts'
import { judgeOfCallback } from './goals.ts'
import type { AnyModel, Model } from './model.ts'

/**
 * Loss on these rows and its derivative by every feature, [rows, inputs]: for saliency, adversarial examples, the action gradient of a
 * critic. Inference mode as in `predict`, without dropout, noise and batch statistics; the loss is the mean over the rows, without
 * penalties. With a callback as for `trainStep`, the model need not be compiled.
 * @throws TypeError or RangeError naming the argument; Error unless the model is compiled with a loss, or there is a callback.
 */
export function inputGradients(
  model: Model,
  x: Features,
  target: Targets | LossCallback,
): { loss: number; gradient: Float32Array }
export function inputGradients<K extends string>(
  model: Model<K>,
  x: Features,
  target: TargetsOf<K> | LossCallbackOf<K>,
): { loss: number; gradient: Float32Array }
export function inputGradients(
  model: AnyModel,
  x: Features,
  target: unknown,
): { loss: number; gradient: Float32Array } {
  const where = 'inputGradients'
  const { engine } = model
  if (typeof target !== 'function')
    return gradientsOfInputs(engine, model.task(where).readRows(where, x, target as Targets))
  const { values, rows } = readFeatures(where, 'x', x, engine.inputs, engine.doors)
  return gradientsOfInputs(
    engine,
    { features: values, rows },
    judgeOfCallback(where, target as LossCallback, engine, model.tasked?.heads),
  )
}
