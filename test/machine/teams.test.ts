// Teams of threads pass from model to model: bounded memory, and every model keeps its own numbers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sharedBytes, workersAlive } from '../../src/machine/threads/teamPool.ts'
import { assertSame, bits, failureOf, heavy, heavyX, heavyY, layered, ready } from '../support/threading.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** What three steps of training and a prediction leave. */
function work(model: ReturnType<typeof heavy>): string {
  const losses = [0, 1, 2].map(() => model.trainStep(heavyX, heavyY))
  return `${losses} ${bits(model.predict(heavyX))} ${bits(model.getWeights())}`
}

test('a memory is the model’s only while it uses several threads', () => {
  // more threads than any test before: a team that is there already would be entered at once
  const model = heavy(5)
  const { arena, runner } = model.engine
  assert.not.ok(arena.f32.buffer instanceof SharedArrayBuffer)
  ready(model)
  assert.not.ok(arena.f32.buffer instanceof SharedArrayBuffer, 'workers that wait move nothing')
  model.trainStep(heavyX, heavyY)
  assert.ok(arena.f32.buffer instanceof SharedArrayBuffer)
  const before = bits(model.getWeights())
  model.close()
  assert.not.ok(arena.f32.buffer instanceof SharedArrayBuffer)
  assert.is(runner.threads, undefined)
  assertSame(bits(model.getWeights()), before, 'weights after close')
})

test('what one model leaves in a memory does not reach the next', () => {
  const alone = work(heavy(1))
  for (let round = 0; round < 3; round++) {
    const wide = ready(layered({ threads: 2 }))
    wide.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    wide.trainStep(new Float32Array(13 * 700).fill(3), new Int32Array(700))
    wide.close()
    const model = ready(heavy(2))
    assertSame(work(model), alone, `round ${round}`)
    const { team } = model.engine.runner.threads ?? {}
    const end = model.engine.arena.top / 4
    const behind = new Float32Array(team?.machine.memory.buffer as ArrayBufferLike).subarray(end)
    assert.ok(
      behind.every((value) => value === 0),
      'zeros behind the model',
    )
    model.close()
  }
})

test('a model at rest gives its team to another, and gets one again', async () => {
  const count = 12
  const models = Array.from({ length: count }, () => heavy(2))
  const alone = heavy(1)
  for (let round = 0; round < 3; round++) {
    const expected = work(alone)
    for (const model of models) {
      ready(model)
      assertSame(work(model), expected, `round ${round}`)
      assert.ok(workersAlive() <= 8, `${workersAlive()} workers`)
      await pause(30)
    }
  }
  assert.ok(models.filter((model) => model.engine.runner.threads?.team).length <= 8)
  for (const model of models) model.close()
})

test('models dropped in a loop that never yields share a few memories', () => {
  const bytes = heavy(1).engine.arena.f32.byteLength
  for (let i = 0; i < 60; i++) {
    const model = heavy(2)
    model.engine.runner.threads?.call()
    model.engine.runner.threads?.team?.waitUntilReady(20_000)
    model.predict(heavyX)
    assert.ok(workersAlive() <= 8, `${workersAlive()} workers`)
    assert.ok(sharedBytes() <= 16 * bytes, `${sharedBytes()} bytes`)
  }
})

test('a step after the death of a worker that was asleep is done without it', async () => {
  const twin = heavy(1)
  const model = ready(heavy(3))
  const { threads } = model.engine.runner
  for (let i = 0; i < 5; i++) assert.is(model.trainStep(heavyX, heavyY), twin.trainStep(heavyX, heavyY))
  // nothing lets the event loop say so
  threads?.team?.kill(1)
  const until = performance.now() + 100
  while (performance.now() < until);
  for (let i = 0; i < 2; i++) assert.is(model.trainStep(heavyX, heavyY), twin.trainStep(heavyX, heavyY))
  await pause(200)
  const message = await failureOf(model.fit(heavyX, heavyY))
  assert.is(message, undefined, 'a fit begins anew')
  await twin.fit(heavyX, heavyY)
  assertSame(bits(model.getWeights()), bits(twin.getWeights()), 'after the fit')
  model.close()
})

test.run()
