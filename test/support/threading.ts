/** What the tests of threads share. */
import * as assert from 'uvu/assert'
import {
  batchNorm,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  layerNorm,
  prelu,
  residual,
} from '../../src/layers/layers.ts'
import type { SharedMachine } from '../../src/machine/threads/sharedMachine.ts'
import { dissolveTeam } from '../../src/machine/threads/teamPool.ts'
import { type LoadOptions, modelFromBytes } from '../../src/model/load.ts'
import { type Model, sequential } from '../../src/model/model.ts'
import type { ModelOptions } from '../../src/model/untrained.ts'
import { adam, type Optimizer, type OptimizerName, optimizers } from '../../src/optimizers/optimizers.ts'

export const features = (rows: number, cols: number) =>
  Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 0.7))
export const classes = (rows: number, count: number) => Int32Array.from({ length: rows }, (_, i) => (i * 7) % count)
export const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')

/** Says where two texts part; uvu would search for all differences, and not come back from long ones. */
export function assertSame(actual: string, expected: string, message: string): void {
  if (actual === expected) return
  let at = 0
  while (actual[at] === expected[at]) at++
  assert.unreachable(`${message}: differs from character ${at} of ${expected.length}`)
}

export const all = (Object.keys(optimizers) as OptimizerName[]).map((name) => (optimizers[name] as () => Optimizer)())

/** Calls the workers and waits for them, at first until models of earlier tests have rested long enough to give up theirs. */
export function ready(model: Model): Model {
  const { threads } = model.engine.runner
  if (!threads) return model
  for (const end = performance.now() + 2000; !threads.team && performance.now() < end; ) {
    threads.call()
    if (!threads.team) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
  assert.ok(threads.team?.waitUntilReady(20_000), 'workers start')
  return model
}

/** Rejects when a promise takes too long. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** What a training that may fail says, within a bounded time; undefined when it does not fail. */
export const failureOf = (training: Promise<unknown>): Promise<string | undefined> =>
  within(
    20_000,
    training.then(
      () => undefined,
      (error: Error) => error.message,
    ),
  )

/**
 * One training of 13 features to 10 classes, whether on one thread or two, at once or resumed from a file.
 * @param custom what reading the file needs.
 */
export async function assertOneTraining(
  make: (threads: number) => Model,
  custom: LoadOptions['custom'],
): Promise<void> {
  const [x, y] = [features(48, 13), classes(48, 10)]
  const one = make(1)
  const two = ready(make(2))
  for (const model of [one, two]) await model.fit(x, y, { epochs: 2, batchSize: 20 })
  assertSame(bits(two.getWeights()), bits(one.getWeights()), 'threads')
  two.close()
  const loaded = modelFromBytes(one.toBytes({ includeOptimizer: true }), { ...(custom && { custom }) })
  for (const model of [one, loaded]) await model.fit(x, y, { epochs: 4, batchSize: 20, initialEpoch: 2 })
  assertSame(bits(loaded.getWeights()), bits(one.getWeights()), 'resumed')
}

/**
 * Kills the first worker of a model in the middle of a step: when the main thread has looked after it for the `countdown`-th time.
 * Returns what takes the trap away, with the team, lest it catch the next model that works there.
 */
export function killMidway(model: Model, countdown: number): () => void {
  const { threads } = ready(model).engine.runner
  const team = threads?.team
  if (!team) throw new Error('no team')
  const machine = team.machine as { -readonly [K in keyof SharedMachine]: SharedMachine[K] }
  // the main thread gives up at once, so that it can kill in the middle of a step
  machine.setNap(1)
  const { resume } = machine
  let left = countdown
  machine.resume = () => {
    if (--left === 0) team.kill(1)
    return resume()
  }
  return () => dissolveTeam(team)
}

export const layered = (options: ModelOptions): Model =>
  sequential(
    [
      input(13),
      dense(37, { activation: 'tanh' }),
      batchNorm(),
      residual([dense(37, { activation: 'gelu', weightNorm: true }), dropout(0.2)]),
      gaussianNoise(0.1),
      dense(24),
      prelu(),
      layerNorm(),
      groupNorm(3),
      dense(10, { activation: 'softmax' }),
    ],
    { seed: 5, ...options },
  )

/** A model that spends much of its time in the update, and data for it. */
export const heavy = (threads: number, optimizer: Optimizer = adam()): Model => {
  const model = sequential([input(64), dense(300), batchNorm(), dense(300), dense(8)], { seed: 3, threads })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  return model
}
export const heavyX = features(512, 64)
export const heavyY = features(512, 8)
