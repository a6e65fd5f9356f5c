/** A momentum that goes along with the learning rate: against PyTorch, against float64 loops, in models, and what refuses it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { kfac, lbfgs, loadModel, muon, naturalGradient } from '../../src/entries/public.ts'
import { dense, dropout, input } from '../../src/layers/layers.ts'
import { sequential } from '../../src/model/model.ts'
import { adam, adamw, nadam, type Optimizer, radam, rmsprop, sgd } from '../../src/optimizers/optimizers.ts'
import { oneCycle } from '../../src/optimizers/schedules/schedules.ts'
import { optimize } from '../../src/training/optimize.ts'
import { type OracleTensor, oracleStep } from '../oracles/optimizers.ts'
import { assertClose, readGolden, TRAJECTORY } from '../support/golden.ts'
import { stream } from '../support/optimizerCases.ts'
import { targets } from '../support/targets.ts'
import { ready } from '../support/threading.ts'

interface Golden {
  readonly a: readonly number[]
  readonly b: readonly (readonly number[])[]
  readonly start: readonly number[]
  readonly cases: readonly {
    readonly rule: string
    readonly cycle: string
    readonly values: readonly (readonly number[])[]
  }[]
}

const golden = readGolden<Golden>('cycled_momentum')
const totalSteps = golden.b.length
const cycles: Readonly<Record<string, () => ReturnType<typeof oneCycle>>> = {
  cos: () => oneCycle({ maxLearningRate: 0.1, totalSteps, cycleMomentum: true }),
  three: () =>
    oneCycle({
      maxLearningRate: 0.05,
      totalSteps,
      warmupFraction: 0.25,
      anneal: 'linear',
      threePhase: true,
      divFactor: 10,
      finalDivFactor: 100,
      cycleMomentum: true,
      baseMomentum: 0.6,
      maxMomentum: 0.9,
    }),
}
const rules: Readonly<Record<string, (learningRate: ReturnType<typeof oneCycle>) => Optimizer>> = {
  sgd: (learningRate) => sgd({ learningRate }),
  'sgd-nesterov': (learningRate) => sgd({ learningRate, nesterov: true, weightDecay: 0.01 }),
  'sgd-dampening': (learningRate) => sgd({ learningRate, dampening: 0.25 }),
  adam: (learningRate) => adam({ learningRate, weightDecay: 0.01 }),
  'adam-amsgrad': (learningRate) => adam({ learningRate, amsgrad: true, beta2: 0.9 }),
  adamw: (learningRate) => adamw({ learningRate, weightDecay: 0.1 }),
  nadam: (learningRate) => nadam({ learningRate, weightDecay: 0.01 }),
  'nadam-decoupled': (learningRate) => nadam({ learningRate, weightDecay: 0.1, decoupledWeightDecay: true }),
}

for (const target of targets) {
  const test = suite(`cycled momentum on ${target}`)

  test("PyTorch's trajectories", () => {
    assert.is(golden.cases.length, 16)
    for (const { rule, cycle, values } of golden.cases) {
      const run = optimize(rules[rule](cycles[cycle]()), [golden.start], { target })
      let w = golden.start
      values.forEach((expected, t) => {
        run.gradients[0].set(w.map((value, i) => golden.a[i] * value + golden.b[t][i]))
        run.step()
        assertClose(run.values[0], expected, TRAJECTORY, `${rule}, ${cycle}, step ${t + 1}`)
        w = [...run.values[0]]
      })
    }
  })

  test('float64 loops, sizes 1, 17 and 1000 side by side, past the end of the cycle', () => {
    const next = stream(43)
    for (const make of Object.values(rules)) {
      const optimizer = make(cycles.cos())
      const initial = [1, 17, 1000].map((size) => Float64Array.from({ length: size }, next))
      const tensors: OracleTensor[] = initial.map((values) => ({ w: values.slice(), state: {} }))
      const run = optimize(optimizer, initial, { target })
      for (let t = 1; t <= totalSteps + 3; t++) {
        tensors.forEach((tensor, i) => {
          run.gradients[i].set(Float32Array.from(tensor.w, next))
          oracleStep(optimizer, tensor, run.gradients[i], t)
        })
        run.step()
        tensors.forEach(({ w }, i) => {
          assertClose(run.values[i], w, TRAJECTORY, `${optimizer.kind} step ${t} tensor ${i}`)
        })
      }
    }
  })

  test.run()
}

const test = suite('cycled momentum of models')

const compiled = (threads: number, rule: typeof adam | typeof nadam = adam) => {
  const model = sequential([input(3), dense(9, { activation: 'tanh' }), dense(1)], { seed: 3, threads })
  model.compile({ optimizer: rule({ learningRate: cycles.cos() }), loss: 'meanSquaredError' })
  return model
}
const next = stream(47)
const x = Float32Array.from({ length: 65 * 3 }, next)
const y = Float32Array.from({ length: 65 }, next)
const bitsOf = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)]

test('the same bits on any number of threads', async () => {
  const [one, three] = [compiled(1), ready(compiled(3))]
  for (const model of [one, three]) await model.fit(x, y, { epochs: 4, batchSize: 16 })
  assert.equal(bitsOf(three.predict(x)), bitsOf(one.predict(x)))
  three.close()
})

test('a file keeps the cycle, and training resumes with the same bits', async () => {
  for (const rule of [adam, nadam]) {
    const model = compiled(1, rule)
    for (let i = 0; i < 5; i++) model.trainStep(x, y)
    const loaded = await loadModel(model.toBytes({ includeOptimizer: true }))
    for (const each of [model, loaded]) for (let i = 0; i < 12; i++) each.trainStep(x, y)
    assert.equal(bitsOf(loaded.predict(x)), bitsOf(model.predict(x)))
  }
})

test('the optimizer starts from the largest momentum, which may be given too; another is refused', () => {
  const learningRate = cycles.cos()
  assert.is(sgd({ learningRate }).options.momentum, 0.95)
  assert.is(adamw({ learningRate, beta1: 0.95 }).options.beta1, 0.95)
  assert.throws(() => sgd({ learningRate, momentum: 0.9 }), /sgd: "learningRate" cycles the momentum from 0\.95 on/)
  assert.throws(() => adam({ learningRate, beta1: 0.9 }), /but "beta1" is 0\.9; leave it out, or give "maxMomentum"/)
})

test('whatever has no momentum to cycle refuses it', () => {
  const rate = cycles.cos()
  for (const refuse of [
    () => radam({ learningRate: rate }),
    () => rmsprop({ learningRate: rate }),
    () => muon({ learningRate: rate }),
    () => lbfgs({ learningRate: rate }),
    () => kfac({ learningRate: rate }),
    () => naturalGradient({ learningRate: rate }),
    () => sgd({ weightDecay: rate }),
    () => dropout(rate),
  ]) {
    assert.throws(refuse, (error: Error) => error instanceof RangeError && /cycles a momentum/.test(error.message))
  }
})

test.run()
