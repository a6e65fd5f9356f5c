/** A rank: runs the scenario and writes the outcome to a file. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  batchNorm,
  type Callback,
  csvLogger,
  dense,
  dropout,
  type FitOptions,
  input,
  loadModel,
  type Model,
  modelCheckpoint,
  sequential,
} from '../../src/entries/full.ts'
import { connect, type Mpi } from '../../src/entries/mpi.ts'
import { bitsOf, CLASSES, INPUTS, pick, rowsOf, TRAININGS, trainJointly } from './trainings.ts'

interface Options {
  readonly names: readonly string[]
  readonly deterministic?: boolean
  readonly overlap?: boolean
  /** Whether callbacks look at every batch. */
  readonly watched?: boolean
  readonly folder: string
  readonly epochs: number
  /** Milliseconds that an epoch lasts at least. */
  readonly pause: number
  /** Seconds that ranks wait for one another. */
  readonly timeout?: number
}

const [, , answers, scenario, given] = process.argv
const options = JSON.parse(given) as Options

/** A small training on rows of this rank's own. */
async function train(mpi: Mpi, more: FitOptions, seed = 1): Promise<{ model: Model; names: string[] }> {
  const model = sequential([input(INPUTS), dense(5), dense(CLASSES, { activation: 'softmax' })], { seed })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', 'auc'] })
  const { x, y } = pick(rowsOf(64), places(mpi))
  const { metrics } = await model.fit(x, y, { batchSize: 4, epochs: 3, parallel: mpi, ...more })
  return { model, names: Object.keys(metrics) }
}

/** Every rank has some of 64 rows. */
function places(mpi: Mpi): number[] {
  const { first, end } = mpi.share(64)
  return Array.from({ length: end - first }, (_, i) => first + i)
}

const gradientOf = (model: Model): Float32Array => model.parameters[0].gradient()

/** What a training that ends too soon says, and how many updates it made. */
async function failing(mpi: Mpi, more: FitOptions): Promise<object> {
  return train(mpi, more).then(
    ({ model }) => ({ steps: model.engine.steps, bits: bitsOf(model) }),
    (error) => ({ error: `${error.name}: ${error.message}` }),
  )
}

const scenarios: Readonly<Record<string, (mpi: Mpi) => Promise<object>>> = {
  async train() {
    const results: Record<string, object> = {}
    for (const name of options.names) {
      const mpi = await connect({
        deterministic: options.deterministic ?? false,
        overlap: options.overlap ?? false,
        syncEvery: TRAININGS[name].syncEvery ?? 1,
      })
      const { model, history } = await trainJointly(name, mpi, options.watched)
      results[name] = { bits: bitsOf(model), steps: model.engine.steps, history }
    }
    return { results }
  },

  /** One rank does otherwise, in every way in turn. */
  async odd(mpi) {
    const { rank, size } = mpi
    const last = rank === size - 1
    const spoils: Callback = {
      onBatchEnd(batch, _, { model }) {
        const weights = model.getWeights()
        if (last && batch === 1) model.setWeights(weights.fill(0.5, 0, 1))
      },
    }
    const stops: Callback = {
      onBatchEnd(batch, _, context) {
        if (last && batch === 2) context.stop('enough')
      },
    }
    const touches: Callback = {
      onEpochEnd(epoch, _, { model }) {
        if (last && epoch === 0) model.setWeights(model.getWeights().fill(0.5, 0, 1))
      },
    }
    const scales: Callback = {
      onEpochEnd(_epoch, _logs, context) {
        context.learningRateScale = last ? 0.5 : 1
      },
    }
    const controller = new AbortController()
    const aborts: Callback = {
      onBatchEnd(batch) {
        if (last && batch === 2) controller.abort(new Error('left'))
      },
    }
    return {
      planted: await failing(mpi, { callbacks: [spoils] }),
      touched: await failing(mpi, { callbacks: [touches] }),
      epochs: await failing(mpi, { epochs: last ? 4 : 3 }),
      stopped: await failing(mpi, { callbacks: [stops] }),
      aborted: await failing(mpi, { callbacks: [aborts], signal: controller.signal }),
      scaled: await failing(mpi, {
        callbacks: [scales],
      }),
    }
  },

  /** One model, trained in one way after another. */
  async turns() {
    const model = sequential([input(INPUTS), dense(40), dense(CLASSES, { activation: 'softmax' })], { seed: 3 })
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    const watches = { callbacks: [{ onBatchEnd() {} }] }
    for (const [overlap, callbacks] of [
      [false, {}],
      [true, {}],
      [false, {}],
      [false, watches],
      [false, {}],
    ] as const) {
      const parallel = await connect({ deterministic: true, overlap: overlap && !options.watched })
      const { x, y } = pick(rowsOf(64), places(parallel))
      await model.fit(x, y, { batchSize: 4, epochs: 2, parallel, ...(options.watched ? watches : callbacks) })
    }
    return { bits: bitsOf(model) }
  },

  /** What can be seen of gradients while an epoch is under way, and after it. */
  async within(mpi) {
    const within: string[] = []
    const gradients: string[] = []
    const looks: Callback = {
      onProgress(_, context) {
        try {
          gradientOf(context.model as Model)
          within.push('gradients')
        } catch (error) {
          within.push((error as Error).message)
        }
      },
      async onEpochEnd(_epoch, _logs, context) {
        gradients.push(Buffer.from(gradientOf(context.model as Model).buffer).toString('base64'))
        // the next batch is long after the last turn of the event loop
        await sleep(5)
      },
    }
    await train(mpi, { callbacks: [looks], yieldEvery: 1 })
    return { within, gradients }
  },

  /** Milliseconds of a barrier: the fastest of many. */
  async pace(mpi) {
    const times = Array.from({ length: 20 }, () => {
      const started = performance.now()
      mpi.barrier()
      return performance.now() - started
    })
    return { milliseconds: Math.min(...times) }
  },

  /** Reads beyond a memory of wasm, which the engine notices by a signal. */
  async trap() {
    const load = [0x20, 0, 0x28, 2, 0, 0x0b]
    const sections = [
      ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
      ...[3, 2, 1, 0],
      ...[5, 3, 1, 0, 1],
      ...[7, 8, 1, 4, 0x6c, 0x6f, 0x61, 0x64, 0, 0],
      ...[10, 9, 1, 7, 0, ...load],
    ]
    const module = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]))
    const exports = new WebAssembly.Instance(module).exports as { load(address: number): number }
    try {
      return { outcome: `${exports.load(1e9)}` }
    } catch (error) {
      return { outcome: (error as Error).name }
    }
  },

  /** One rank throws in the middle of training. */
  async fail(mpi) {
    const fails: Callback = {
      onBatchEnd(batch) {
        if (mpi.rank === 1 && batch === 2) throw new Error('rank 1 has had enough')
      },
    }
    await train(mpi, { callbacks: [fails] })
    return {}
  },

  /** A training that can go on from its last checkpoint; it tells its process's number, for whoever wants to end it. */
  async survive({ rank }) {
    const path = `${options.folder}/model.safetensors`
    const begin = (): Model => {
      const layers = [input(INPUTS), dense(16), batchNorm(), dropout(0.2), dense(CLASSES, { activation: 'softmax' })]
      const model = sequential(layers, { seed: 7 + rank, deterministic: true })
      model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
      return model
    }
    const model = existsSync(path) ? await loadModel(path) : begin()
    const { epochs: initialEpoch = 0 } = (model.metadata ?? {}) as { epochs?: number }
    writeFileSync(`${answers}/${rank}.pid`, `${process.pid}`)
    const places = Array.from({ length: 100 }, (_, i) => i + 100 * rank)
    const { x, y } = pick(rowsOf(300), places)
    const counts: Callback = {
      async onEpochEnd(epoch) {
        model.metadata = { epochs: epoch + 1 }
        await sleep(options.pause)
      },
    }
    await model.fit(x, y, {
      parallel: await connect({
        deterministic: true,
        ...(options.timeout !== undefined && { timeout: options.timeout }),
      }),
      epochs: options.epochs,
      initialEpoch,
      batchSize: 4,
      callbacks: [counts, modelCheckpoint({ path, includeOptimizer: true })],
    })
    return { bits: bitsOf(model), initialEpoch }
  },

  /** Files are the first's, metrics everybody's. */
  async whole(mpi) {
    const { folder } = options
    const all = rowsOf(64)
    const { x, y, weights } = pick(all, places(mpi))
    const { model, names } = await train(mpi, {
      callbacks: [
        modelCheckpoint({ path: `${folder}/model-${mpi.rank}.safetensors` }),
        csvLogger({ path: `${folder}/log-${mpi.rank}.csv` }),
      ],
      validationData: [x, y],
      classWeight: 'balanced',
    })
    mpi.barrier()
    return {
      names,
      files: readdirSync(folder).sort(),
      logs: mpi.evaluate(model, x, y, { sampleWeight: weights }),
      alone: model.evaluate(all.x, all.y, { sampleWeight: all.weights }),
      outputs: Buffer.from(mpi.predict(model, x).buffer).toString('base64'),
      outputsAlone: Buffer.from(model.predict(all.x).buffer).toString('base64'),
    }
  },
}

const mpi = await connect()
const { rank, size, library } = mpi
const said = { rank, size, library, ...(await scenarios[scenario](mpi)) }
writeFileSync(`${answers}/${rank}.json`, JSON.stringify(said))
mpi.close()
