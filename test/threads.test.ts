/** Threads: the same bits, no hang, no leak, whatever happens to the workers. Every test is bounded in time. */
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as abi from '../src/abi.ts'
import { Arena } from '../src/arena.ts'
import { workersAlive } from '../src/crew.ts'
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
} from '../src/layers.ts'
import { type Model, type ModelOptions, sequential } from '../src/model.ts'
import { adam, type Optimizer, type OptimizerName, optimizers } from '../src/optimizers.ts'
import { importSharedMemory } from '../src/shared.ts'
import type { SharedMachine } from '../src/sharedMachine.ts'
import { ThreadTuner } from '../src/threads.ts'
import { stateSlots, updateSteps } from '../src/updates.ts'

const features = (rows: number, cols: number) => Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 0.7))
const classes = (rows: number, count: number) => Int32Array.from({ length: rows }, (_, i) => (i * 7) % count)
const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')

/** Says where two texts part; uvu would search for all differences, and not come back from long ones. */
function assertSame(actual: string, expected: string, message: string): void {
  if (actual === expected) return
  let at = 0
  while (actual[at] === expected[at]) at++
  assert.unreachable(`${message}: differs from character ${at} of ${expected.length}`)
}

const all = (Object.keys(optimizers) as OptimizerName[]).map((name) => (optimizers[name] as () => Optimizer)())

/** Calls the workers and waits for them. */
function ready(model: Model): Model {
  const { threads } = model.engine.runner
  threads?.call()
  if (threads) assert.ok(threads.team?.waitUntilReady(20_000), 'workers start')
  return model
}

/** Rejects when a promise takes too long. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const layered = (options: ModelOptions): Model =>
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

test('a shared memory takes the place of the module’s own', () => {
  assert.throws(() => importSharedMemory(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0])), /no memory of its own/)
  assert.throws(() => importSharedMemory(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 2, 1, 0])), /has imports/)
})

test('options are checked', () => {
  const make = (threads: unknown) => () => sequential([input(2), dense(1)], { threads } as ModelOptions)
  assert.throws(make(0), /sequential: "threads" must be a whole number from 1 to 32, got 0/)
  assert.throws(make('two'), /"threads" must be a whole number or 'auto', got "two"/)
  assert.throws(make(1.5), RangeError)
  assert.throws(make(null), TypeError)
})

test('1, 2, 3 and 4 threads train, evaluate and predict the same bits with every optimizer', async () => {
  const rows = 203
  const x = features(rows, 13)
  const y = classes(rows, 10)
  for (const threads of [2, 3, 4]) {
    for (const optimizer of threads === 2 ? all : all.slice(0, 3)) {
      const results = await Promise.all(
        [1, threads].map(async (threads) => {
          const model = layered({ threads })
          model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], globalClipNorm: 1 })
          if (threads > 1) ready(model)
          const { metrics } = await model.fit(x, y, { epochs: 2, batchSize: 50 })
          const { engine } = model
          const states = engine.states.map((at) => bits(engine.arena.floats(at, engine.blockBytes / 4)))
          const outcome = [bits(model.getWeights()), ...states, bits(model.predict(x)), model.evaluate(x, y), metrics]
          if (threads > 1) assert.is(engine.runner.threads?.count('training'), threads)
          model.close()
          return JSON.stringify(outcome)
        }),
      )
      assertSame(results[1], results[0], `${optimizer.kind} on ${threads} threads`)
    }
  }
})

test('steps narrower than the threads, and batches shorter', () => {
  for (const widths of [
    [1, 1],
    [3, 5],
    [100, 7],
  ]) {
    const outcomes = [1, 4].map((threads) => {
      const model = sequential([input(widths[0]), dense(widths[1]), dense(1)], { seed: 2, threads })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      if (threads > 1) ready(model)
      for (const rows of [1, 2, 3, 70]) model.trainStep(features(rows, widths[0]), features(rows, 1))
      model.close()
      return bits(model.getWeights())
    })
    assertSame(outcomes[1], outcomes[0], `${widths}`)
  }
})

/** A model that spends much of its time in the update, and data for it. */
const heavy = (threads: number, optimizer: Optimizer = adam()): Model => {
  const model = sequential([input(64), dense(300), batchNorm(), dense(300), dense(8)], { seed: 3, threads })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  return model
}
const heavyX = features(512, 64)
const heavyY = features(512, 8)

test('a worker killed in the middle: a clear rejection, the last completed step, and on with one thread', async () => {
  let finished = 0
  for (let round = 0; round < 24; round++) {
    const model = ready(heavy(2 + (round % 2)))
    const team = model.engine.runner.threads?.team
    if (!team) throw new Error('no team')
    // the main thread gives up at once, so that it can kill in the middle of a step
    const machine = team.machine as { -readonly [K in keyof SharedMachine]: SharedMachine[K] }
    machine.setNap(1)
    const { resume } = machine
    let countdown = 1 + ((round * 37) % 60)
    machine.resume = () => {
      if (--countdown === 0) team.kill(1)
      return resume()
    }
    const failure = await within(
      20_000,
      model.fit(heavyX, heavyY, { epochs: 200, batchSize: 16 }).then(
        () => undefined,
        (error: Error) => error,
      ),
    )
    if (!failure) continue
    finished++
    assert.match(failure.message, /a worker thread of this model is gone \(.*\); the model stands at its last/)
    const { steps } = model.engine
    const twin = heavy(1)
    if (steps > 0) await twin.fit(heavyX, heavyY, { epochs: 200, batchSize: 16, maxSteps: steps })
    assertSame(bits(model.getWeights()), bits(twin.getWeights()), `after step ${steps}`)
    // the order of rows differs from here on, the state does not
    for (let i = 0; i < 3; i++) {
      assert.is(model.trainStep(heavyX, heavyY), twin.trainStep(heavyX, heavyY))
    }
    assertSame(bits(model.getWeights()), bits(twin.getWeights()), 'three steps later')
  }
  assert.ok(finished > 12, `${finished} of 24 were killed in time`)
})

test('a worker killed between two steps of a fit: the same', async () => {
  for (let round = 0; round < 6; round++) {
    const model = ready(heavy(2))
    const { threads } = model.engine.runner
    const timer = setTimeout(() => threads?.team?.kill(1), 20 + round * 15)
    const fit = model.fit(heavyX, heavyY, { epochs: 100_000, batchSize: 32 })
    const message = await within(
      20_000,
      fit.then(
        () => '',
        (error: Error) => error.message,
      ),
    )
    clearTimeout(timer)
    assert.match(message, /a worker thread of this model is gone/)
    const { steps } = model.engine
    const twin = heavy(1)
    if (steps > 0) await twin.fit(heavyX, heavyY, { epochs: 100_000, batchSize: 32, maxSteps: steps })
    assertSame(bits(model.getWeights()), bits(twin.getWeights()), `after step ${steps}`)
  }
})

test('an update is finished from wherever a dead thread has left it', () => {
  const count = 20480
  const tensors = [{ name: 'w', offset: 0, count, trainable: true }]
  for (const optimizer of all) {
    const slots = stateSlots(optimizer)
    const arena = new Arena()
    const block = () => arena.reserve(count * 4)
    const blocks = { parameters: block(), gradients: block(), states: slots.map(block), scratch: arena.reserve(4096) }
    const steps = updateSteps(optimizer, tensors, blocks)
    const program = arena.reserve(steps.length * abi.STEP_WORDS * 4)
    const record = arena.reserve(abi.RECORD_WORDS * 4)
    const journal = arena.reserve(abi.JOURNAL_BYTES)
    arena.commit()
    steps.forEach(({ op, ints, floats }, i) => {
      const at = program / 4 + i * abi.STEP_WORDS
      arena.i32[at] = op
      for (const [word, value] of Object.entries(ints)) arena.i32[at + Number(word)] = value
      for (const [word, value] of Object.entries(floats)) arena.f32[at + Number(word)] = value
    })
    arena.f32[record / 4 + abi.RECORD_LEARNING_RATE] = 0.01
    for (let i = 0; i < abi.RECORD_SCALARS; i++) arena.f32[record / 4 + abi.RECORD_SCALAR + i] = 0.9
    const inPlace = [blocks.parameters, ...blocks.states]
    for (const [i, at] of [...inPlace, blocks.gradients].entries()) {
      arena.floats(at, count).forEach((_, k, values) => {
        values[k] = Math.abs(Math.sin(k + i * 100)) + 0.1
      })
    }
    const image = () => inPlace.map((at) => arena.floats(at, count).slice())
    const restore = (from: Float32Array[], begin: number, end: number) =>
      inPlace.forEach((at, i) => void arena.floats(at + begin * 4, end - begin).set(from[i].subarray(begin, end)))

    steps.forEach(({ op }, index) => {
      const step = program + index * abi.STEP_WORDS * 4
      const before = image()
      arena.machine.run(program, index, index + 1, record, 1, 0)
      const after = image()
      // one number a tensor, and the main thread's work
      if (op === abi.OP_NOVOGRAD_MOMENT) return
      const chunked = op === abi.OP_LAMB_NORMS || op === abi.OP_NOVOGRAD_NORMS
      const unit = chunked ? abi.NORM_CHUNK : abi.JOURNAL_BLOCK / 4
      // the dead thread claimed the second half, or all but two chunks, and has noted `done` slots of it as done
      const units = chunked ? Math.ceil(count / abi.NORM_CHUNK) : count / 16
      const slots = Math.min(units, abi.MOST_SLOTS, 2 * abi.THREAD_SLOTS)
      const first = chunked ? 2 : slots / 2
      const begin = chunked ? first * abi.NORM_CHUNK : count / 2
      const leave = (share: number, progress: number, touched: number, damaged: boolean, done = 0) => {
        restore(after, 0, touched)
        restore(before, touched, count)
        const line = (abi.THREADS_LINES + abi.LINE_BYTES) / 4
        arena.i32[line + abi.LINE_PROGRESS] = progress
        arena.i32[line + abi.LINE_PROGRESS + 1] = share
        arena.i32[abi.THREADS_JOB / 4 + abi.JOB_SHARES_NOW] = 7
        arena.i32[abi.THREADS_JOB / 4 + abi.JOB_JOURNAL] = journal
        for (let slot = 0; slot < slots; slot++) {
          const finished = slot < first + done ? 128 : 0
          arena.i32[abi.THREADS_SLOTS / 4 + slot * 2] = (7 << 8) | finished | (slot < first ? 0 : 1)
        }
        if (damaged) {
          const end = Math.min(touched + unit, count)
          let at = journal
          for (const [i, values] of before.entries()) {
            if (op === abi.OP_LAMB_NORMS && i === 0) continue
            arena.floats(at, end - touched).set(values.subarray(touched, end))
            at += (end - touched) * 4
            arena.floats(inPlace[i] + touched * 4, (end - touched) >> 1).fill(99)
          }
        }
        arena.machine.mend(2, step, record)
        image().forEach((values, i) => {
          assertSame(bits(values), bits(after[i]), `${optimizer.kind} op ${op} block ${i}, progress ${progress}`)
        })
      }
      const last = count * 4 - 64
      // what it noted last was an earlier step, or slots it had in hand before
      leave(6, last | 3, begin, false)
      leave(7, (begin * 4 - 64) | 3, begin, false)
      for (const touched of [begin, begin + unit, begin + 2 * unit]) {
        leave(7, touched * 4 + 1, touched, false)
        leave(7, touched * 4 + 2, touched, true)
      }
      // everything is done, but not all slots are noted
      for (const done of [0, 1, slots - first - 1, slots - first]) leave(7, last | 3, count, false, done)
      restore(after, 0, count)
    })
  }
})

test('aborted 200 times at random moments, the model stays whole', async () => {
  const model = ready(heavy(2))
  for (let i = 0; i < 200; i++) {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(new Error('enough')), (i * 13) % 29)
    const fit = model.fit(heavyX, heavyY, { epochs: 1000, batchSize: 32, shuffle: false, signal: controller.signal })
    const message = await within(
      20_000,
      fit.then(
        () => '',
        (error: Error) => error.message,
      ),
    )
    clearTimeout(timer)
    assert.is(message, 'enough')
  }
  const { steps } = model.engine
  assert.ok(steps > 200)
  assert.ok(model.engine.runner.threads?.team?.ready())
  model.close()
  assert.ok(model.evaluate(heavyX, heavyY).loss > 0)
})

test('models created, used and dropped by the thousand leave no more than a few workers', async () => {
  const x = features(32, 4)
  const y = features(32, 1)
  for (let i = 0; i < 1000; i++) {
    const model = sequential([input(4), dense(3), dense(1)], { seed: 1, threads: 2 })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    model.trainStep(x, y)
    if (i % 3 === 0) model.close()
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(workersAlive() <= 8, `${workersAlive()} workers`)
})

test('workers without work use no processor, and a closed model has none', async () => {
  const model = ready(heavy(3))
  await model.fit(heavyX, heavyY, { epochs: 1 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  // other work of this process may disturb a window, but a worker that spins fills each
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 8; i++) {
    const before = process.cpuUsage()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  assert.ok(least < 10, `${least} ms of 100`)
  model.close()
  assert.is(model.engine.runner.threads, undefined)
})

test('a process that has trained with threads exits by itself', () => {
  const index = new URL('../src/index.js', import.meta.url)
  const script = `
    const { sequential, input, dense } = await import(${JSON.stringify(index.href)})
    const model = sequential([input(64), dense(256), dense(8)], { threads: 2 })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const fit = () => model.fit(new Float32Array(64 * 4096).fill(0.1), new Float32Array(8 * 4096))
    await fit()
    const { team } = model.engine.runner.threads
    for (let i = 0; i < 200 && !team.ready(); i++) await fit()
    if (!team.ready()) throw new Error('no threads')
    await fit()
    console.log('trained')`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.is(status, 0, stderr)
  assert.is(stdout.trim(), 'trained')
})

test('the tuner keeps one thread unless more are clearly faster', () => {
  const settle = (times: Record<number, number>) => {
    const tuner = new ThreadTuner([1, 2, 4])
    for (let i = 0; i < 100 && tuner.choice === undefined; i++) tuner.report(1, times[tuner.threads], tuner.threads)
    return tuner.choice
  }
  assert.is(settle({ 1: 1, 2: 0.55, 4: 0.4 }), 4)
  assert.is(settle({ 1: 1, 2: 0.55, 4: 0.7 }), 2)
  assert.is(settle({ 1: 1, 2: 0.97, 4: 1.2 }), 1)
  assert.is(settle({ 1: 0.002, 2: 0.001, 4: 0.001 }), 1, 'steps too short are not even tried')
})

test.run()
