// Threads: the same bits, no hang, no leak. Every test is bounded in time.
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input } from '../../src/layers/layers.ts'
import { importSharedMemory } from '../../src/machine/threads/sharedMemory.ts'
import { workersAlive } from '../../src/machine/threads/teamPool.ts'
import { ThreadTuner } from '../../src/machine/threads/threads.ts'
import { sequential } from '../../src/model/model.ts'
import type { ModelOptions } from '../../src/model/untrained.ts'
import {
  all,
  assertSame,
  bits,
  classes,
  features,
  heavy,
  heavyX,
  heavyY,
  layered,
  ready,
} from '../support/threading.ts'

test('only a memory that is imported as the build writes it becomes shared', () => {
  const header = [0, 97, 115, 109, 1, 0, 0, 0]
  const none = /does not import a memory that could be shared/
  assert.throws(() => importSharedMemory(Uint8Array.from(header)), none)
  assert.throws(() => importSharedMemory(Uint8Array.from([...header, 2, 1, 0])), none)
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  const importing = (field: string, flags: number) => {
    const body = [1, ...name('env'), ...name(field), 2, flags, 1, 16]
    return Uint8Array.from([...header, 2, body.length, ...body])
  }
  assert.throws(() => importSharedMemory(importing('storage', 1)), none)
  assert.throws(() => importSharedMemory(importing('memory', 0)), none)
  // a section before it, whose size takes two bytes
  const custom = [0, 0x81, 0x01, 0, ...new Array(128).fill(2)]
  const code = Uint8Array.from([...header, ...custom, ...importing('memory', 1).subarray(8)])
  const shared = importSharedMemory(code)
  assert.equal(
    [...shared.entries()].filter(([i, byte]) => byte !== code[i]).map(([, byte]) => byte),
    [3],
  )
  const [described] = WebAssembly.Module.imports(new WebAssembly.Module(shared as BufferSource))
  assert.equal(described, { module: 'env', name: 'memory', kind: 'memory' })
  assert.not.throws(
    () =>
      new WebAssembly.Instance(new WebAssembly.Module(shared as BufferSource), {
        env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true }) },
      }),
  )
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
          const states = engine.storage.states.map((at) => bits(engine.storage.view(at)))
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

test('gradients of long rows, from strips that threads pack together', () => {
  const outcomes = [1, 2, 3].map((threads) => {
    const layers = [input(263), dense(521, { activation: 'tanh' }), dense(389), dense(1)]
    const model = sequential(layers, { seed: 2, threads })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    if (threads > 1) ready(model)
    for (const rows of [300, 1, 66, 2]) model.trainStep(features(rows, 263), features(rows, 1))
    model.close()
    return bits(model.getWeights())
  })
  assertSame(outcomes[1], outcomes[0], '2 threads')
  assertSame(outcomes[2], outcomes[0], '3 threads')
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
  const index = new URL('../../src/entries/public.js', import.meta.url)
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
