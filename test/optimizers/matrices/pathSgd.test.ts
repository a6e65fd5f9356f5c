/** Path-SGD against golden trajectories and what defines it, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  configureRuntime,
  dense,
  dropout,
  input,
  type Layer,
  type Model,
  sequential,
} from '../../../src/entries/public.ts'
import { pathSgd } from '../../../src/optimizers/matrices/pathSgd.ts'
import { optimize } from '../../../src/training/optimize.ts'
import { transpose } from '../../oracles/matrix.ts'
import { pathSgdStep } from '../../oracles/matrixRules.ts'
import type { Network } from '../../oracles/network.ts'
import { assertClose, numbers, readGolden, TRAJECTORY } from '../../support/golden.ts'
import { type Config, type Inputs, networkOf, type Weights } from '../../support/goldenNetworks.ts'
import { refuses } from '../../support/refuses.ts'
import { targets } from '../../support/targets.ts'
import { assertOneTraining, features } from '../../support/threading.ts'

const test = suite('path-SGD')
const loss = 'sparseCategoricalCrossentropy'
const relu = { activation: 'relu' } as const

interface Case {
  readonly id: string
  readonly config: Config & { readonly lr: number; readonly steps: number; readonly sizes: readonly number[] }
  readonly inputs: Inputs
  readonly expect: {
    readonly f64: { readonly loss: readonly number[]; readonly snapshots: Readonly<Record<string, Weights>> }
  }
}
const { cases } = readGolden<{ cases: readonly Case[] }>('pathsgd')

/** Parameters in the model's order. */
const flat = (network: Network): number[] => network.flatMap(({ w, b }) => [...transpose(w).flat(), ...(b ?? [])])

function modelOf({ config, inputs }: Case): Model {
  const network = networkOf(inputs)
  const { sizes } = config
  const layers: Layer[] = sizes.slice(1).map((units, l) => {
    const last = l === sizes.length - 2
    return dense(units, { activation: last ? 'softmax' : 'relu', useBias: network[l].b !== undefined })
  })
  const model = sequential([input(sizes[0]), ...layers], { seed: 1 })
  const values = flat(network)
  let at = 0
  for (const parameter of model.parameters) {
    at += parameter.size
    parameter.set(values.slice(at - parameter.size, at))
  }
  model.compile({ optimizer: pathSgd({ learningRate: config.lr }), loss })
  return model
}

const valuesOf = (model: Model) => model.parameters.flatMap((parameter) => [...parameter.get()])
const dataOf = ({ inputs }: Case) => [Float32Array.from(numbers(inputs.x)), Int32Array.from(numbers(inputs.y))] as const

for (const target of targets) {
  test(`golden trajectories, ${target}`, () => {
    configureRuntime({ target })
    for (const each of cases) {
      const model = modelOf(each)
      const [x, y] = dataOf(each)
      const { f64 } = each.expect
      for (let t = 1; t <= each.config.steps; t++) {
        assertClose([model.trainStep(x, y)], [f64.loss[t - 1]], TRAJECTORY, `${each.id}, loss ${t}`)
        const snapshot = f64.snapshots[t]
        if (snapshot) assertClose(valuesOf(model), flat(networkOf(snapshot)), TRAJECTORY, `${each.id}, step ${t}`)
      }
    }
    configureRuntime({})
  })
}

test('rescaling a unit, by a power of two, changes no bit of what is learned', () => {
  const [, each] = cases
  const [x, y] = dataOf(each)
  const [plain, scaled] = [modelOf(each), modelOf(each)]
  const [first, second] = scaled.parameters
  const units = first.shape[1]
  first.set(first.get().map((value, i) => (i % units === 1 ? value * 8 : value)))
  second.set(second.get().map((value, i) => (Math.floor(i / second.shape[1]) === 1 ? value / 8 : value)))
  for (let t = 0; t < 5; t++) assert.is(scaled.trainStep(x, y), plain.trainStep(x, y))
  assert.equal(scaled.predict(x), plain.predict(x))
})

test('awkward widths against float64, with a unit that nothing passes', () => {
  const sizes = [3, 9, 1, 17, 2]
  const model = sequential([input(3), dense(9, relu), dense(1), activation('relu'), dense(17, relu), dense(2)], {
    seed: 3,
  })
  const network = (): Network => {
    const values = model.parameters.map((parameter) => [...parameter.get()])
    return sizes.slice(1).map((units, l) => {
      const kernel = values[2 * l]
      const w = Array.from({ length: units }, (_, i) =>
        Array.from({ length: sizes[l] }, (_, j) => kernel[j * units + i]),
      )
      return { w, b: values[2 * l + 1] }
    })
  }
  // unit 4 of the first layer goes nowhere, and nothing comes to unit 5 of the last hidden one
  const [, , second, , third] = model.parameters
  second.set(second.get().map((value, i) => (i === 4 ? 0 : Math.abs(value))))
  third.set(third.get().map((value, i) => (i === 5 ? 0 : value)))
  model.compile({ optimizer: pathSgd({ learningRate: 0.05 }), loss: 'meanSquaredError' })
  const x = features(6, 3)
  const y = features(6, 2)
  const rows = (values: Float32Array, cols: number) =>
    Array.from({ length: 6 }, (_, r) => [...values.subarray(r * cols, r * cols + cols)])
  const task = { activation: 'relu', loss: 'mse', x: rows(x, 3), y: rows(y, 2) } as const
  for (let t = 1; t <= 4; t++) {
    const expected = pathSgdStep(network(), task, 0.05)
    assertClose([model.trainStep(x, y)], [expected.loss], TRAJECTORY, `loss ${t}`)
    assertClose(valuesOf(model), flat(expected.network), TRAJECTORY, `step ${t}`)
  }
})

test('frozen layers stay, and count as paths', () => {
  const [each] = cases
  const [x, y] = dataOf(each)
  const [plain, frozen] = [modelOf(each), modelOf(each)]
  frozen.freeze(1)
  const [first, second] = frozen.parameters.map((parameter) => parameter.get())
  plain.trainStep(x, y)
  frozen.trainStep(x, y)
  assert.equal(frozen.parameters[0].get(), first)
  assert.not.equal(frozen.parameters[1].get(), second)
  assert.equal(frozen.parameters[1].get(), plain.parameters[1].get())
})

test('the same bits on two threads and from a file', async () => {
  const make = (threads: number) => {
    const model = sequential([input(13), dense(70, relu), dense(37, relu), dense(10, { activation: 'softmax' })], {
      seed: 2,
      threads,
    })
    model.compile({ optimizer: pathSgd({ learningRate: 0.1 }), loss })
    return model
  }
  await assertOneTraining(make, { pathSgd })
})

test('other layers are refused when the model is compiled', () => {
  const compile =
    (...layers: Layer[]) =>
    () =>
      sequential([input(3), ...layers]).compile({ optimizer: pathSgd(), loss: 'meanSquaredError' })
  refuses(
    compile(dense(4, relu), dropout(0.5), dense(2)),
    RangeError,
    'pathSgd: layer 2 is dropout; it is for dense layers with relu',
  )
  refuses(compile(dense(4, { activation: 'tanh' }), dense(2)), RangeError, 'pathSgd: layer 1 is tanh')
  refuses(compile(dense(4), activation('gelu'), dense(2)), RangeError, 'pathSgd: layer 2 is gelu')
  refuses(compile(dense(4, { ...relu, weightNorm: true }), dense(2)), RangeError, 'pathSgd: layer 1 has weightNorm')
  compile(dense(4, relu), dense(2, { activation: 'tanh' }))()
  assert.throws(() => optimize(pathSgd(), [[1]], { shapes: [[1, 1]] }), /"parameter_0" is of no layer; .* use compile/)
  assert.throws(() => pathSgd({ momentum: 0.9 } as never), /pathSgd: unknown option "momentum"/)
})

test.run()
