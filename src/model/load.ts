/** From a file's bytes back to a model. */
import { readBytes } from '#runtime'
import { writeSlot } from '../compiler/parameterLayout.ts'
import { stateSlots } from '../compiler/updates.ts'
import { decodeSafetensors, type SafetensorsFile } from '../formats/safetensors.ts'
import { reviveLayer } from '../layers/layers.ts'
import { checkOptions, isA, show } from '../lib/check.ts'
import { type Optimizer, optimizers } from '../optimizers/optimizers.ts'
import { restoreSchedule } from '../optimizers/schedules/schedules.ts'
import { Model } from './model.ts'
import { readSettings, type Settings } from './settings.ts'

/**
 * The model in a file's bytes, compiled as it was when it was saved.
 * @throws TypeError or RangeError for bytes that are not an intact model file.
 */
export function modelFromBytes(bytes: Uint8Array): Model {
  const file = decodeSafetensors(bytes)
  const settings = readSettings(file)
  let model: Model
  try {
    const { layers, seed, deterministic } = settings
    model = new Model(layers.map(reviveLayer), { seed, deterministic }, true)
    if (settings.compiled) {
      const { optimizer, loss, metrics, clipping } = settings.compiled
      model.compile({ optimizer: reviveOptimizer(optimizer), loss, metrics, ...clipping })
    }
  } catch (cause) {
    throw new RangeError(`modelFromBytes: the file's settings do not describe a model: ${messageOf(cause)}`, { cause })
  }
  const { engine } = model
  if (settings.frozen) model.freeze(...settings.frozen)
  if (settings.statisticsFrozen) model.freezeStatistics()
  fill(model, file, engine.blocks.parameters, '')
  if (settings.progress && model.compiled) {
    const { steps, learningRateScale, random } = settings.progress
    stateSlots(model.compiled.optimizer).forEach((slot, i) => {
      fill(model, file, engine.blocks.states[i], `optimizer.${slot}.`)
    })
    engine.steps = steps
    engine.learningRateScale = learningRateScale
    model.random.state = random
  }
  return model
}

/**
 * The model saved at a path or URL, or in the given bytes.
 * @throws the file system's error when there is no such file; TypeError or RangeError when it is not an intact model file.
 */
export async function loadModel(pathOrBytes: string | URL | Uint8Array): Promise<Model> {
  if (isA(pathOrBytes, 'Uint8Array')) return modelFromBytes(pathOrBytes)
  if (typeof pathOrBytes !== 'string' && !isA(pathOrBytes, 'URL')) {
    throw new TypeError(`loadModel: expected a path, a URL or a Uint8Array, got ${show(pathOrBytes)}`)
  }
  return modelFromBytes(await readBytes(pathOrBytes))
}

function reviveOptimizer({ kind, options }: NonNullable<Settings['compiled']>['optimizer']): Optimizer {
  checkOptions('optimizer', options, Object.keys(options))
  if (!Object.hasOwn(optimizers, kind)) throw new RangeError(`unknown optimizer ${show(kind)}`)
  const { learningRate, weightDecay, ...rest } = options
  const make = optimizers[kind] as (options: object) => Optimizer
  return make({
    ...rest,
    learningRate: restoreSchedule(learningRate),
    ...(weightDecay !== undefined && { weightDecay: restoreSchedule(weightDecay) }),
  })
}

/** Copies the file's tensors into a block, refusing a missing tensor or one of another shape before anything is copied. */
function fill({ engine }: Model, { tensors }: SafetensorsFile, block: number, prefix: string): void {
  const found = engine.slots.map((slot) => {
    const name = prefix + slot.path
    const tensor = tensors.find((candidate) => candidate.name === name)
    if (!tensor) throw new RangeError(`modelFromBytes: the file has no tensor "${name}"`)
    if (tensor.dtype !== 'F32' || tensor.shape.join() !== slot.shape.join()) {
      throw new RangeError(
        `modelFromBytes: tensor "${name}" is ${tensor.dtype} [${tensor.shape.join(', ')}], expected F32 [${slot.shape.join(', ')}]`,
      )
    }
    return tensor
  })
  engine.slots.forEach((slot, i) => {
    writeSlot(engine.arena, block, slot, found[i].data)
  })
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
