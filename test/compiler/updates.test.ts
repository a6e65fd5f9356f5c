/** Update steps and dynamic words, without a machine. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RECORD_SCALAR } from '../../src/abi/records.ts'
import {
  initialStates,
  scratchBytes,
  stateNames,
  stepClock,
  updateSteps,
  writeDynamics,
} from '../../src/compiler/updates.ts'
import { adam, lamb, nadam, type Optimizer, rmsprop, rprop, sgd, yogi } from '../../src/optimizers/optimizers.ts'
import { variants } from '../support/optimizerCases.ts'

const tensors = [
  { name: 'a.kernel', offset: 0, count: 32, trainable: true },
  { name: 'a.bias', offset: 32, count: 16, trainable: true },
  { name: 'b.kernel', offset: 48, count: 32, trainable: true },
  { name: 'b.bias', offset: 80, count: 16, trainable: false },
  { name: 'c.kernel', offset: 96, count: 16, trainable: true },
]
const blocks = { parameters: 4096, gradients: 8192, states: [12288, 16384], scratch: 20480 }

test('neighbours with the same settings share a pass', () => {
  const steps = updateSteps(adam(), tensors, blocks)
  assert.equal(
    steps.map(({ operands }) => [operands.parameters, operands.count]),
    [
      [4096, 80],
      [4096 + 96 * 4, 16],
    ],
  )
  assert.equal(steps[1].operands.secondMoment, 16384 + 96 * 4)
  assert.is(steps[0].operands.maxSecondMoment, undefined)
})

test('groups split passes', () => {
  const match = (name: string) => name.endsWith('bias')
  const steps = updateSteps(
    adam({ parameterGroups: [{ match, weightDecay: 0.5, learningRateScale: 2 }] }),
    tensors,
    blocks,
  )
  const words = steps.map(({ operands }) => [operands.rateScale, operands.decayScale, operands.decay])
  assert.equal(words, [
    [1, 1, 0],
    [2, 0, 0.5],
    [1, 1, 0],
    [1, 1, 0],
  ])
})

test('rules with norms take one tensor at a time and ask for scratch', () => {
  const steps = updateSteps(lamb(), tensors, blocks)
  assert.is(steps.length, 8)
  assert.equal(
    steps.map(({ operands }) => operands.count),
    [32, 32, 16, 16, 32, 32, 16, 16],
  )
  assert.is(scratchBytes(lamb(), tensors), 16)
  assert.is(scratchBytes(lamb(), [{ ...tensors[0], count: 8208 }]), 48)
  assert.is(scratchBytes(adam(), tensors), 0)
  const { scratch: _, ...without } = blocks
  assert.throws(() => updateSteps(lamb(), tensors, without), /lamb needs scratch/)
})

test('only the state a rule uses is kept', () => {
  assert.equal(stateNames(sgd()), [])
  assert.equal(stateNames(sgd({ momentum: 0.9 })), ['velocity'])
  assert.equal(stateNames(adam()), ['firstMoment', 'secondMoment'])
  assert.equal(stateNames(adam({ amsgrad: true })), ['firstMoment', 'secondMoment', 'maxSecondMoment'])
  const centered = rmsprop({ centered: true })
  assert.equal(stateNames(centered), ['secondMoment', 'firstMoment'])
  const [{ operands }] = updateSteps(centered, tensors, blocks)
  assert.equal([operands.secondMoment, operands.velocity, operands.firstMoment], [12288, undefined, 16384])
})

test('state that does not start from 0', () => {
  const few = tensors.slice(0, 2)
  assert.equal(initialStates(adam(), few), [])
  assert.equal(
    initialStates(yogi(), few).map(({ state, value }) => [state, value]),
    [
      [0, 1e-6],
      [1, 1e-6],
      [0, 1e-6],
      [1, 1e-6],
    ],
  )
  const match = (name: string) => name === 'a.bias'
  const scaled = rprop({ learningRate: 0.5, parameterGroups: [{ match, learningRateScale: 0.5 }] })
  assert.equal(
    initialStates(scaled, few).map(({ tensor, state, value }) => [tensor.name, state, value]),
    [
      ['a.kernel', 1, 0.5],
      ['a.bias', 1, 0.25],
    ],
  )
})

test('dynamic words do not depend on the order of steps', () => {
  const wordsAt = (optimizer: Optimizer, order: readonly number[]) => {
    const clock = stepClock(optimizer)
    const f32 = new Float32Array(32)
    const memory = { f32, i32: new Int32Array(f32.buffer) }
    for (const t of order) writeDynamics(clock, t, 1, memory, 0)
    return f32
  }
  for (const optimizer of variants) {
    const straight = wordsAt(optimizer, [1, 2, 3, 4, 5, 6, 7])
    assert.equal(wordsAt(optimizer, [7]), straight, optimizer.kind)
    assert.equal(wordsAt(optimizer, [1, 2, 3, 7, 2, 6, 7]), straight, optimizer.kind)
    assert.equal(wordsAt(optimizer, [1, 2, 1, 7]), straight, optimizer.kind)
  }
})

test('a run that resumes late needs no time for the steps before, and has their bits', () => {
  const late = (options: object, t: number) => {
    const f32 = new Float32Array(32)
    const clock = stepClock(nadam(options))
    writeDynamics(clock, t, 1, { f32, i32: new Int32Array(f32.buffer) }, 0)
    assert.ok([0, 1, 2].every((i) => Number.isFinite(f32[RECORD_SCALAR + i])))
    return f32
  }
  for (const options of [{}, { beta1: 0.999 }, { beta1: 0.9, momentumDecay: 0 }, { beta1: 0.99, momentumDecay: 1 }]) {
    const clock = stepClock(nadam(options))
    const f32 = new Float32Array(32)
    for (let t = 1; t <= 20_000; t++) {
      writeDynamics(clock, t, 1, { f32, i32: new Int32Array(f32.buffer) }, 0)
      if (t % 4999 === 0) assert.equal(late(options, t), f32, `step ${t} with ${JSON.stringify(options)}`)
    }
  }
  // one by one, these take a minute each
  for (const beta1 of [0, 0.9, 0.9999, 1 - 1e-9]) {
    for (const momentumDecay of [0, 1e-9, 0.004, 1]) late({ beta1, momentumDecay }, 2 ** 31 - 2)
  }
})

test.run()
