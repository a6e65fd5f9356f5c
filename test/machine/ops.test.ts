/** The list of ops against what the machine does with a step of each: dispatch, sharing, barriers, what changes in place. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MACHINE_BYTES, SUM_CHUNK } from '../../src/abi/layout.ts'
import * as codes from '../../src/abi/ops.ts'
import { OP, STEP_GOES_ON, STEP_WORDS } from '../../src/abi/ops.ts'
import {
  RECORD_LEARNING_RATE,
  RECORD_ROWS,
  RECORD_SCALAR,
  RECORD_SCALARS,
  RECORD_STEP,
  RECORD_WORDS,
} from '../../src/abi/records.ts'
import {
  JOB_JOURNAL,
  JOB_STEP,
  JOURNAL_BLOCK,
  JOURNAL_BYTES,
  THREADS_JOB,
  THREADS_SLOTS,
} from '../../src/abi/threads.ts'
import { Arena } from '../../src/machine/arena.ts'
import type { Op } from '../../src/machine/ops/op.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { encode, type Step } from '../../src/machine/program.ts'
import { instantiateShared, sharedModule } from '../../src/machine/threads/sharedMachine.ts'
import { type OpName, ROWS, samples, UNITS } from '../support/opSamples.ts'

const list = Object.entries(ops) as [OpName, Op][]
const REGION = 1 << 16
const REGIONS = 14
const STEP = STEP_WORDS * 4

/** A memory with regions of numbers, one for each address of a step, and a record. */
class Bench {
  readonly arena = new Arena('simd')
  readonly record: number
  readonly program: number
  readonly journal: number
  readonly steps: ReturnType<typeof samples>
  readonly #first: number

  constructor() {
    const { arena } = this
    this.record = arena.reserve(RECORD_WORDS * 4)
    this.program = arena.reserve(STEP * 4)
    this.journal = arena.reserve(JOURNAL_BYTES)
    const indices = arena.reserve(64)
    this.#first = arena.reserve(REGION * REGIONS)
    arena.commit()
    // steps share the regions: none needs more than there are
    let next = 0
    const room = () => this.#first + (next++ % REGIONS) * REGION
    this.steps = samples(room, indices)
    this.reset()
  }

  /** Puts all numbers back. */
  reset(): void {
    const { f32, i32 } = this.arena
    const floats = REGION / 4
    for (let i = 0; i < floats * REGIONS; i++) {
      f32[this.#first / 4 + i] = Math.abs(Math.sin(i * 0.7)) + 0.1
    }
    i32.fill(0, this.record / 4, this.record / 4 + RECORD_WORDS)
    i32[this.record / 4 + RECORD_ROWS] = ROWS
    i32[this.record / 4 + RECORD_STEP] = 1
    f32[this.record / 4 + RECORD_LEARNING_RATE] = 0.25
    for (let i = 0; i < RECORD_SCALARS; i++) f32[this.record / 4 + RECORD_SCALAR + i] = 0.5
    f32.fill(-7, this.journal / 4, this.journal / 4 + JOURNAL_BYTES / 4)
    i32[THREADS_JOB / 4 + JOB_JOURNAL] = this.journal
  }

  write(...steps: Step[]): void {
    encode(this.arena, this.program, steps)
  }

  run(step: Step, thread = 0): void {
    this.write(step)
    this.arena.machine.run(this.program, 0, 1, this.record, 1, thread)
  }

  /** Names and addresses of a step's regions. */
  regions({ op, operands }: Step): [name: string, address: number][] {
    const named = Object.keys(op.ints).map((name): [string, number] => [name, operands[name] ?? 0])
    return named.filter(([, value]) => value >= this.#first)
  }

  read(address: number): Float32Array {
    return this.arena.floats(address, REGION / 4).slice()
  }
}

const same = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.prototype.every.call(a, (v, i) => Object.is(v, b[i]))

test('codes are those of the ABI, each used once, without gaps', () => {
  const known = Object.entries(codes).filter(([name]) => name.startsWith('OP_'))
  assert.equal(
    list.map(([, { code }]) => code).sort((a, b) => a - b),
    known.map((_, i) => i),
  )
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
  const bench = new Bench()
  for (const [name, op] of list) {
    const { operands } = bench.steps[name]
    assert.is(bench.steps[name].op, op)
    for (const operand of [...Object.keys(op.ints), ...Object.keys(op.floats)]) assert.ok(operand in operands, name)
    const addresses = bench.regions(bench.steps[name]).map(([, address]) => address)
    assert.is(new Set(addresses).size, addresses.length, name)
  }
})

test('the machine has a case for every op, and refuses others', () => {
  const bench = new Bench()
  for (const [name] of list) {
    bench.reset()
    assert.not.throws(() => bench.run(bench.steps[name]), undefined, name)
  }
  for (const code of [list.length, list.length + 1, 1000, -1]) {
    const unknown = { ...ops.sgd, code }
    assert.throws(() => bench.run({ ...bench.steps.sgd, op: unknown }), /unreachable/, String(code))
  }
})

test('threads share a step as its row says', () => {
  const module = sharedModule('simd')
  if (!module) return assert.unreachable('no shared memory')
  const machine = instantiateShared('simd', module)
  const bench = new Bench()
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
  const bench = new Bench()
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
  const bench = new Bench()
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
      bench.reset()
      for (const at of written) bench.arena.f32[address / 4 + at] *= 0.25
      bench.run(step)
      return written.some((at) => !Object.is(bench.arena.f32[address / 4 + at], after[i][at]))
    })
    assert.equal(found.map(([operand]) => operand).sort(), [...inPlace].sort(), name)
  }
})

test('journals keep what an update changes in place, and have room for it', () => {
  const bench = new Bench()
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
  const module = sharedModule('simd')
  if (!module) return assert.unreachable('no shared memory')
  const machine = instantiateShared('simd', module)
  const bench = new Bench()
  machine.setNap(1)
  bench.arena.adopt(machine, MACHINE_BYTES)
  bench.reset()
  for (const [name, { overlaps }] of list) {
    for (const [next, { code }] of list) {
      bench.write(bench.steps[name], bench.steps[next])
      machine.start(2, bench.program, 0, 2, bench.record, 1)
      // where this thread waits for one that is not there
      const at = bench.arena.i32[THREADS_JOB / 4 + JOB_STEP] - bench.program
      assert.is(at, overlaps === 'any' || overlaps.includes(code) ? STEP : 0, `${name}, then ${next}`)
    }
  }
})

test.run()
