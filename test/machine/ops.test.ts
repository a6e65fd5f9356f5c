/** The list of ops against what the machine does with a step of each: dispatch, sharing, barriers, what changes in place. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MACHINE_BYTES, SUM_CHUNK } from '../../src/abi/layout.ts'
import {
  MODULE_FEATURES,
  MODULE_INFER,
  MODULE_INT8,
  MODULE_SHIFT,
  MODULE_SOLVE,
  MODULE_TRAIN,
} from '../../src/abi/modules.ts'
import * as codes from '../../src/abi/ops.ts'
import { OP, STEP_GOES_ON, STEP_WORDS } from '../../src/abi/ops.ts'
import { RECORD_WORDS } from '../../src/abi/records.ts'
import { JOB_STEP, JOURNAL_BLOCK, JOURNAL_BYTES, THREADS_JOB, THREADS_SLOTS } from '../../src/abi/threads.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { instantiateShared } from '../../src/machine/threads/sharedMachine.ts'
import { list, OpBench, STEP_BYTES } from '../support/opBench.ts'
import { UNITS } from '../support/opSamples/sizes.ts'
import { layered } from '../support/threading.ts'

const same = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.prototype.every.call(a, (v, i) => Object.is(v, b[i]))

test('codes are those of the ABI, each used once, without gaps within a module or a family of an extension', () => {
  const known = Object.entries(codes).filter(([name]) => name.startsWith('OP_'))
  assert.is(list.length, known.length)
  for (const [of, ...families] of [
    [[MODULE_INFER, MODULE_TRAIN], 0],
    [[MODULE_SOLVE], codes.OP_DOT_PARTIALS, codes.OP_ACTIVATE_CURVE, codes.OP_PRODUCT, codes.OP_GRAM],
    [[MODULE_INT8], MODULE_INT8 << MODULE_SHIFT],
    [[MODULE_FEATURES], MODULE_FEATURES << MODULE_SHIFT],
  ] as const) {
    const found = list
      .filter(([, { module }]) => (of as readonly number[]).includes(module))
      .map(([, { code }]) => code)
      .sort((a, b) => a - b)
    const starts = found.filter((code, i) => code !== found[i - 1] + 1)
    assert.equal(starts, families)
  }
  for (const [name, { code }] of list) {
    const spelled = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    assert.is(Object.fromEntries(known)[`OP_${spelled}`], code, name)
  }
})

test('operands have words of their own, within the step', () => {
  for (const [name, { ints, floats, inPlace }] of list) {
    const words = [...Object.values(ints), ...Object.values(floats)]
    assert.is(new Set(words).size, words.length, name)
    for (const word of words) assert.ok(word > OP && word < STEP_GOES_ON && word < STEP_WORDS, `${name}: ${word}`)
    for (const place of inPlace) assert.ok(place in ints, `${name}: ${place}`)
    assert.not.ok(
      Object.keys(ints).some((operand) => operand in floats),
      name,
    )
  }
})

test('samples give every operand, in a region of its own where it is an address', () => {
  const bench = new OpBench()
  for (const [name, op] of list) {
    const { operands } = bench.steps[name]
    assert.is(bench.steps[name].op, op)
    for (const operand of [...Object.keys(op.ints), ...Object.keys(op.floats)]) assert.ok(operand in operands, name)
    const addresses = bench.regions(bench.steps[name]).map(([, address]) => address)
    assert.is(new Set(addresses).size, addresses.length, name)
  }
})

test('the machine has a case for every op, and refuses others', () => {
  const bench = new OpBench()
  for (const [name] of list) {
    bench.reset()
    assert.not.throws(() => bench.run(bench.steps[name]), undefined, name)
  }
  const codesOf = (module: number) => list.filter(([, op]) => op.module === module).map(([, { code }]) => code)
  const last = [MODULE_TRAIN, MODULE_SOLVE, MODULE_INT8, MODULE_FEATURES].map((module) => Math.max(...codesOf(module)))
  for (const code of [...last.map((code) => code + 1), (1 << MODULE_SHIFT) - 1, -1]) {
    const unknown = { ...ops.sgd, code }
    assert.throws(() => bench.run({ ...bench.steps.sgd, op: unknown }), /unreachable/, String(code))
  }
  // there are no such modules
  for (const code of [1 << MODULE_SHIFT, 1000 << MODULE_SHIFT]) {
    const unknown = { ...ops.sgd, code }
    assert.throws(() => bench.run({ ...bench.steps.sgd, op: unknown }), WebAssembly.RuntimeError, String(code))
  }
})

test('threads share a step as its row says', () => {
  const machine = instantiateShared('simd')
  const bench = new OpBench()
  machine.setNap(1)
  bench.arena.adopt(machine, MACHINE_BYTES)
  for (const [name, { split }] of list) {
    bench.reset()
    bench.write(bench.steps[name])
    const slots = bench.arena.i32.subarray(THREADS_SLOTS / 4, MACHINE_BYTES / 4).fill(0)
    // no worker is there: this thread takes all slots, then gives up waiting
    assert.not.ok(machine.start(2, bench.program, 0, 1, bench.record, 1), name)
    const claimed = slots.filter((value, i) => i % 2 === 0 && value !== 0).length
    assert.is(claimed, UNITS[split], `${name}: ${split}`)
  }
})

test('what is not shared, only the main thread does', () => {
  const bench = new OpBench()
  for (const [name, { split }] of list) {
    const step = bench.steps[name]
    const images = [0, 1].map((thread) => {
      bench.reset()
      bench.run(step, thread)
      const record = bench.arena.floats(bench.record, RECORD_WORDS).slice()
      return { record, regions: bench.regions(step).map(([, address]) => bench.read(address)) }
    })
    bench.reset()
    const before = bench.regions(step).map(([, address]) => bench.read(address))
    const [main, other] = images
    if (split === 'none') {
      assert.ok(
        other.regions.every((values, i) => same(values, before[i])),
        `${name} on another thread`,
      )
      if (name === 'none') continue
      const changed = !main.regions.every((values, i) => same(values, before[i])) || !same(main.record, other.record)
      assert.ok(changed, `${name} on the main thread`)
    } else {
      assert.ok(
        main.regions.every((values, i) => same(values, other.regions[i])),
        `${name} on another thread`,
      )
      assert.not.ok(
        main.regions.every((values, i) => same(values, before[i])),
        `${name} does nothing`,
      )
    }
  }
})

test('what a step changes in place is what its row says', () => {
  const bench = new OpBench()
  for (const [name, { inPlace }] of list) {
    const step = bench.steps[name]
    const regions = bench.regions(step)
    const images = () => regions.map(([, address]) => bench.read(address))
    bench.reset()
    const before = images()
    bench.run(step)
    const after = images()
    const found = regions.filter(([, address], i) => {
      // it leaves something else where it finds something else in what it writes
      const written = Array.from(after[i].keys()).filter((at) => !Object.is(after[i][at], before[i][at]))
      // of another sign, smaller and larger: for what looks at signs, clamps or takes the largest
      return [-1, 0.25, 4].some((factor) => {
        bench.reset()
        for (const at of written) bench.arena.f32[address / 4 + at] *= factor
        bench.run(step)
        return written.some((at) => !Object.is(bench.arena.f32[address / 4 + at], after[i][at]))
      })
    })
    assert.equal(found.map(([operand]) => operand).sort(), [...inPlace].sort(), name)
  }
})

test('journals keep what an update changes in place, and have room for it', () => {
  const bench = new OpBench()
  const updates = list.filter(([, { floats, split }]) => 'rateScale' in floats && split !== 'none')
  assert.is(updates.length, 17)
  for (const [name, op] of updates) {
    const unit = op.split === 'chunks' ? SUM_CHUNK * 4 : JOURNAL_BLOCK
    assert.ok(op.inPlace.length * unit <= JOURNAL_BYTES, `${name}: ${op.inPlace.length} blocks of ${unit} bytes`)
    const { operands } = bench.steps[name]
    const journal = op.inPlace.reduce((bits, operand) => bits | (1 << op.ints[operand]), 0)
    bench.reset()
    const count = operands.count ?? 0
    const kept = [...op.inPlace].sort((a, b) => op.ints[a] - op.ints[b])
    const expected = kept.flatMap((operand) => [...bench.arena.floats(operands[operand] ?? 0, count)])
    bench.run({ op, operands: { ...operands, journal } }, 1)
    const found = bench.arena.floats(bench.journal, JOURNAL_BYTES / 4)
    assert.ok(same(found.subarray(0, expected.length), expected), name)
    assert.ok(
      found.subarray(expected.length).every((value) => value === -7),
      `${name}: more than that`,
    )
  }
})

test('threads meet after a step unless its row lets them go on to the next', () => {
  const machine = instantiateShared('simd')
  const bench = new OpBench()
  machine.setNap(1)
  bench.arena.adopt(machine, MACHINE_BYTES)
  bench.reset()
  for (const [name, { overlaps }] of list) {
    for (const [next, { code }] of list) {
      bench.write(bench.steps[name], bench.steps[next])
      machine.start(2, bench.program, 0, 2, bench.record, 1)
      // where this thread waits for one that is not there
      const at = bench.arena.i32[THREADS_JOB / 4 + JOB_STEP] - bench.program
      assert.is(at, overlaps === 'any' || overlaps.includes(code) ? STEP_BYTES : 0, `${name}, then ${next}`)
    }
  }
})

test('steps that threads may be at together touch nothing of each other that one of them writes', () => {
  const bench = new OpBench()
  const written = new Map(
    list.map(([name, op]) => {
      const regions = bench.regions(bench.steps[name])
      bench.reset()
      const before = regions.map(([, address]) => bench.read(address))
      bench.run(bench.steps[name])
      return [op.code, regions.filter(([, at], i) => !same(bench.read(at), before[i])).map(([operand]) => operand)]
    }),
  )
  const byCode = new Map(list.map(([, op]) => [op.code, op]))
  const model = layered({})
  const clipping = { clipNorm: 1, globalClipNorm: 1, clipValue: 1 }
  model.compile({ optimizer: 'lamb', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], ...clipping })
  const { program, training } = model.engine.plan(32, true)
  const { i32 } = model.engine.arena
  const touched = (index: number) => {
    const at = program / 4 + index * STEP_WORDS
    const op = byCode.get(i32[at + OP])
    if (!op) throw new Error(`step ${index} has op ${i32[at + OP]}`)
    const places = Object.entries(op.ints).map(([name, word]) => [name, i32[at + word]] as const)
    const addresses = places.filter(([, value]) => value >= MACHINE_BYTES)
    const writes = written.get(op.code) ?? []
    const values = (of: typeof addresses) => of.map(([, address]) => address)
    return { all: values(addresses), writes: values(addresses.filter(([name]) => writes.includes(name))) }
  }
  const [from, to] = training?.fit ?? [0, 0]
  let pairs = 0
  let open: ReturnType<typeof touched>[] = []
  for (let index = from; index < to; index++) {
    const now = touched(index)
    for (const earlier of open) {
      pairs++
      assert.not.ok(
        earlier.writes.some((at) => now.all.includes(at)),
        `step ${index} uses what one before it writes`,
      )
      assert.not.ok(
        now.writes.some((at) => earlier.all.includes(at)),
        `step ${index} writes what one before it uses`,
      )
    }
    open = i32[program / 4 + index * STEP_WORDS + STEP_GOES_ON] ? [...open, now] : []
  }
  assert.ok(pairs > 20, `${pairs} pairs`)
})

test.run()
