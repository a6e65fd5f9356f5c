// Programs of several wasm modules, on one thread and on many: steps of each are done once, and workers come by the modules they need.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MODULE_INFER, MODULE_INT8, MODULE_SOLVE, MODULE_TRAIN } from '../../src/abi/modules.ts'
import { JOB_MODULES, THREADS_JOB } from '../../src/abi/threads.ts'
import { instantiateShared } from '../../src/machine/threads/sharedMachine.ts'
import { workersAlive } from '../../src/machine/threads/teamPool.ts'
import { Alternation, COUNT, RECORDS } from '../support/alternation.ts'
import { OpBench } from '../support/opBench.ts'
import { layered, ready } from '../support/threading.ts'

/** Waits for the workers. */
function called(alternation: Alternation): Alternation {
  ready({ engine: alternation } as unknown as Parameters<typeof ready>[0])
  return alternation
}

test('ranges say which modules they are of', () => {
  const { train, solve, both } = new Alternation(1)
  assert.equal(
    [train[2], solve[2], both[2]],
    [1 << MODULE_TRAIN, 1 << MODULE_SOLVE, (1 << MODULE_TRAIN) | (1 << MODULE_SOLVE)],
  )
  const plan = layered({}).engine.plan()
  assert.is(plan.predict[2], 1 << MODULE_INFER)
  assert.is(plan.trial[2], (1 << MODULE_INFER) | (1 << MODULE_TRAIN))
})

test('a million ranges of train and of solve in turn: every step once, and the memory as large as before', () => {
  const count = 16
  const alternation = new Alternation(1, count)
  alternation.run(alternation.both)
  const { buffer } = alternation.arena.machine.memory
  const turns = 500_000
  for (let i = 1; i < turns; i++) {
    alternation.run(alternation.train)
    alternation.run(alternation.solve)
  }
  assert.equal(alternation.read(count), [turns / 2, (-turns / 4) * count])
  assert.is(alternation.arena.machine.memory.buffer, buffer)
})

for (const threads of [2, 3]) {
  test(`the same on ${threads} threads, between ranges and within one`, () => {
    const alternation = called(new Alternation(threads))
    const alive = workersAlive()
    const turns = 200
    for (let i = 0; i < turns; i++) {
      alternation.run(alternation.train)
      alternation.run(alternation.solve)
    }
    assert.equal(alternation.read(), [turns / 2, (-turns / 4) * COUNT])
    const { buffer } = alternation.arena.machine.memory
    assert.instance(buffer, SharedArrayBuffer)
    alternation.run(alternation.both, RECORDS)
    alternation.run(alternation.train)
    assert.equal(alternation.read()[0], (turns + RECORDS) / 2 + 1)
    assert.is(alternation.arena.machine.memory.buffer.byteLength, buffer.byteLength)
    assert.is(workersAlive(), alive)
    alternation.runner.close()
  })
}

test('workers take a module that comes while they wait for jobs', () => {
  // no other test has threads on this target
  const alternation = called(new Alternation(2, COUNT, 'debug'))
  for (let i = 0; i < 10; i++) alternation.run(alternation.train)
  const { team } = alternation.runner.threads ?? {}
  if (!team) return assert.unreachable('no team')
  assert.is(team.machine.parts.length, 1)
  alternation.run(alternation.solve)
  assert.is(team.machine.parts.length, 2)
  assert.equal(alternation.read(), [9.5, -4.75 * COUNT])
  assert.ok(team.ready(), 'the worker has come back')
  alternation.runner.close()
})

test('a worker that does not get its module in time does not keep the others waiting', () => {
  const alternation = called(new Alternation(2))
  alternation.run(alternation.both)
  const { team } = alternation.runner.threads ?? {}
  if (!team) return assert.unreachable('no team')
  const { i32 } = alternation.arena
  const word = THREADS_JOB / 4 + JOB_MODULES
  const held = i32[word]
  // nobody sends it
  i32[word] = held | (1 << MODULE_INT8)
  alternation.run(alternation.both)
  assert.equal(alternation.read()[0], 1)
  assert.not.ok(team.ready())
  i32[word] = held
  // this one is sent with the next job, and brings the worker back to its line
  alternation.arena.machine.need(1 << MODULE_INT8)
  team.supply()
  assert.ok(team.waitUntilReady(10_000), 'the worker works again')
  alternation.run(alternation.both, 10)
  assert.equal(alternation.read()[0], 6)
  alternation.runner.close()
})

test('what threads have left of a step of an extension is done again', () => {
  const bench = new OpBench()
  const machine = instantiateShared('simd')
  machine.setNap(1)
  bench.arena.adopt(machine)
  bench.reset()
  const sample = bench.steps.axpy
  bench.run(sample)
  const expected = bench.regions(sample).map(([, address]) => bench.read(address))
  bench.reset()
  bench.write(sample)
  // the other thread is not there, and what this one has done is lost
  assert.not.ok(machine.start(2, bench.program, 0, 1, bench.record, 1))
  bench.arena.floats(sample.operands.to ?? 0, 8).fill(7)
  machine.mend(2, bench.program, bench.record)
  assert.equal(
    bench.regions(sample).map(([, address]) => bench.read(address)),
    expected,
  )
})

test.run()
