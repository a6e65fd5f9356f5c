// Dying workers and aborted trainings: nothing is lost but what was in hand. Every test is bounded in time.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SUM_CHUNK } from '../../src/abi/layout.ts'
import { STEP_WORDS } from '../../src/abi/ops.ts'
import { RECORD_LEARNING_RATE, RECORD_SCALAR, RECORD_SCALARS, RECORD_WORDS } from '../../src/abi/records.ts'
import {
  JOB_JOURNAL,
  JOB_SHARES_NOW,
  JOURNAL_BLOCK,
  JOURNAL_BYTES,
  LINE_BYTES,
  LINE_PROGRESS,
  MOST_SLOTS,
  THREAD_SLOTS,
  THREADS_JOB,
  THREADS_LINES,
  THREADS_SLOTS,
} from '../../src/abi/threads.ts'
import { stateNames, updateSteps } from '../../src/compiler/updates.ts'
import { Arena } from '../../src/machine/arena.ts'
import { encode, programBytes } from '../../src/machine/program.ts'
import { all, assertSame, bits, failureOf, heavy, heavyX, heavyY, killMidway, ready } from '../support/threading.ts'

test('a worker killed in the middle: a clear rejection, the last completed step, and on with one thread', async () => {
  let killed = 0
  for (let round = 0; killed < 13; round++) {
    assert.ok(round < 72, `${killed} of ${round} were killed in time`)
    const model = heavy(2 + (round % 2))
    const disarm = killMidway(model, 1 + ((round * 37) % 60))
    const message = await failureOf(model.fit(heavyX, heavyY, { epochs: 200, batchSize: 16 }))
    disarm()
    if (message === undefined) continue
    killed++
    assert.match(message, /a worker thread of this model is gone \(.*\); the model stands at its last/)
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
})

test('a worker killed between two steps of a fit: the same', async () => {
  for (let round = 0; round < 6; round++) {
    const model = ready(heavy(2))
    const { threads } = model.engine.runner
    const timer = setTimeout(() => threads?.team?.kill(1), 20 + round * 15)
    const fit = model.fit(heavyX, heavyY, { epochs: 100_000, batchSize: 32 })
    const message = await failureOf(fit)
    clearTimeout(timer)
    assert.match(message ?? 'nothing', /a worker thread of this model is gone/)
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
    const states = stateNames(optimizer)
    const arena = new Arena()
    const block = () => arena.reserve(count * 4)
    const blocks = { parameters: block(), gradients: block(), states: states.map(block), scratch: arena.reserve(4096) }
    const steps = updateSteps(optimizer, tensors, blocks)
    const program = arena.reserve(programBytes(steps.length))
    const record = arena.reserve(RECORD_WORDS * 4)
    const journal = arena.reserve(JOURNAL_BYTES)
    arena.commit()
    encode(arena, program, steps)
    arena.f32[record / 4 + RECORD_LEARNING_RATE] = 0.01
    for (let i = 0; i < RECORD_SCALARS; i++) arena.f32[record / 4 + RECORD_SCALAR + i] = 0.9
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
      const step = program + index * STEP_WORDS * 4
      const before = image()
      arena.machine.run(program, index, index + 1, record, 1, 0)
      const after = image()
      // one number a tensor, and the main thread's work
      if (op.split === 'none') return
      const chunked = op.split === 'chunks'
      const names = ['parameters', ...states]
      const unit = chunked ? SUM_CHUNK : JOURNAL_BLOCK / 4
      // the dead thread claimed the second half, or all but two chunks, and has noted `done` slots of it as done
      const units = chunked ? Math.ceil(count / SUM_CHUNK) : count / 16
      const slots = Math.min(units, MOST_SLOTS, 2 * THREAD_SLOTS)
      const first = chunked ? 2 : slots / 2
      const begin = chunked ? first * SUM_CHUNK : count / 2
      const leave = (share: number, progress: number, touched: number, damaged: boolean, done = 0) => {
        restore(after, 0, touched)
        restore(before, touched, count)
        const line = (THREADS_LINES + LINE_BYTES) / 4
        arena.i32[line + LINE_PROGRESS] = progress
        arena.i32[line + LINE_PROGRESS + 1] = share
        arena.i32[THREADS_JOB / 4 + JOB_SHARES_NOW] = 7
        arena.i32[THREADS_JOB / 4 + JOB_JOURNAL] = journal
        for (let slot = 0; slot < slots; slot++) {
          const finished = slot < first + done ? 128 : 0
          arena.i32[THREADS_SLOTS / 4 + slot * 2] = (7 << 8) | finished | (slot < first ? 0 : 1)
        }
        if (damaged) {
          const end = Math.min(touched + unit, count)
          let at = journal
          for (const [i, values] of before.entries()) {
            if (!op.inPlace.includes(names[i])) continue
            arena.floats(at, end - touched).set(values.subarray(touched, end))
            at += (end - touched) * 4
            arena.floats(inPlace[i] + touched * 4, (end - touched) >> 1).fill(99)
          }
        }
        arena.machine.mend(2, step, record)
        image().forEach((values, i) => {
          assertSame(bits(values), bits(after[i]), `${optimizer.kind} op ${op.code} block ${i}, progress ${progress}`)
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
    const message = await failureOf(fit)
    clearTimeout(timer)
    assert.is(message, 'enough')
  }
  const { steps } = model.engine
  assert.ok(steps > 200)
  assert.ok(model.engine.runner.threads?.team?.ready())
  model.close()
  assert.ok(model.evaluate(heavyX, heavyY).loss > 0)
})

test.run()
