/** Hessian and Gauss-Newton products against golden vectors, and against float64 differences on stacks of all layers. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { input, type Layer } from '../../src/entries/public.ts'
import { uncurved } from '../../src/layers/curved/layers.ts'
import { configureRuntime } from '../../src/machine/wasm.ts'
import type { Model } from '../../src/model/model.ts'
import { gaussNewtonVectorProduct, hessianVectorProduct } from '../../src/model/products.ts'
import { Dice } from '../fuzz/dice.ts'
import { gaussNewtonTimes, hessianTimes } from '../oracles/secondOrder.ts'
import { type CurvatureCase, canonical, goldenModel, objectiveOf, parametersOf } from '../support/curvature.ts'
import { assertClose, numbers, OPERATION, readGolden } from '../support/golden.ts'
import { randomRows, randomStack } from '../support/randomStacks.ts'
import { type Target, targets } from '../support/targets.ts'

const ROWS = 5
/** Stacks a target; the debug build is slow. */
const STACKS: Readonly<Record<Target, number>> = { debug: 4, simd: 40, relaxed: 12 }

for (const target of targets) {
  const test = suite(`curvature products (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const golden of readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases) {
    test(golden.id, () => {
      const { model, x, y } = goldenModel(golden)
      const { f64 } = golden.expect
      const v = canonical(numbers(golden.inputs.v), golden)
      const hessian = hessianVectorProduct(model, x, y, v)
      assertClose(hessian, canonical(numbers(f64.hessian_v), golden), OPERATION, 'H v')
      const gaussNewton = gaussNewtonVectorProduct(model, x, y, v)
      assertClose(gaussNewton, canonical(numbers(f64.gauss_newton_v), golden), OPERATION, 'G v')
    })
  }

  test('stacks of all layers', () => {
    const kinds = new Set<string>()
    let compared = 0
    for (let seed = 0, stacks = 0; stacks < STACKS[target]; seed++) {
      const dice = new Dice(7, seed)
      const model = randomStack(dice)
      const size = model.countParameters()
      // what takes differences is less precise
      if (size === 0 || size > 300 || !isConditioned(model) || uncurved(model.layers)) continue
      stacks++
      for (const layer of model.layers) kinds.add(layer.kind)
      compared += compareStack(model, dice, `stack ${seed}`)
    }
    assert.ok(compared > STACKS[target] * 20, `${compared} entries`)
    if (target === 'simd') assert.is(kinds.size, 14, [...kinds].join())
  })
  test.run()
}

/** Compares both products of a stack; returns how many entries were. */
function compareStack(model: Model, dice: Dice, what: string): number {
  const x = randomRows(dice, ROWS, model.engine.inputs)
  silently(() => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' }))
  const { outputs } = model.engine
  const y = randomRows(dice, ROWS, outputs)
  const v = Float32Array.from({ length: model.countParameters() }, () => (dice.below(2001) - 1000) / 1000)
  const loss = (row: readonly number[], r: number) =>
    row.reduce((sum, z, c) => sum + (z - y[r * outputs + c]) ** 2, 0) / outputs
  const objective = objectiveOf(model, x, loss)
  const at = parametersOf(model)

  const size = (values: ArrayLike<number>) =>
    Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const compare = (
    name: string,
    times: typeof hessianVectorProduct,
    expected: Float64Array,
    beside: Float64Array,
  ): number => {
    const tolerance = 3e-4 * size(expected) + 1e-6
    const found = times(model, x, y, v)
    const shaken = shake(model, x, (features) => times(model, features, y, v))
    // no kink between the points of the differences, and nothing that hangs on the last bit of a parameter or feature
    const clear = Array.from(expected, (value, i) => {
      return Math.abs(value - beside[i]) <= tolerance / 3 && Math.abs(found[i] - shaken[i]) <= tolerance / 3
    })
    const only = (values: ArrayLike<number>) => Float64Array.from(values).filter((_, i) => clear[i])
    assertClose(only(found), only(expected), { absolute: tolerance, relative: 0 }, `${what}: ${name}`)
    return only(found).length
  }

  const [wide, narrow] = [1e-4, 5e-5].map((h) => hessianTimes(objective, at, v, h))
  const inHessian = compare('H v', hessianVectorProduct, wide, narrow)

  const unit = Array.from({ length: outputs }, (_, i) =>
    Array.from({ length: outputs }, (_, j) => (i === j ? 2 / outputs : 0)),
  )
  // a value that is exactly at a kink is not where features and parameters are a little others
  const moved = {
    ...objective,
    x: objective.x.map((row, r) => row.map((value, c) => value + 1e-6 * Math.sin(r + 3 * c))),
  }
  const nearby = at.map((value, i) => value + 1e-6 * Math.sin(1 + i))
  const gaussNewton = gaussNewtonTimes(objective, at, v, () => unit, 1e-6)
  const beside = gaussNewtonTimes(moved, nearby, v, () => unit, 1e-7)
  return Math.min(inHessian, compare('G v', gaussNewtonVectorProduct, gaussNewton, beside))
}

/** What comes of features and parameters whose last bits are others. */
function shake<T>(model: Model, x: Float32Array, work: (x: Float32Array) => T): T {
  const other = (values: Float32Array) =>
    values.map((value, i) => value * (1 + 1.2e-7 * Math.sign(Math.sin(5 * i + 1))))
  const weights = model.getWeights()
  for (const parameter of model.parameters) parameter.set(other(parameter.get()))
  try {
    return work(other(x))
  } finally {
    model.setWeights(weights)
  }
}

/** Whether no layer normalizes to constants: one column gives 0, two give 1 and -1, up to epsilon. */
function isConditioned(model: Model): boolean {
  const wide = (layers: readonly Layer[], width: number): boolean =>
    layers.every((layer) => {
      if (layer.kind === 'input') width = layer.size
      else if (layer.kind === 'dense') width = layer.units
      else if (layer.kind === 'residual') return wide(layer.layers, width)
      else if (layer.kind === 'groupNorm') return width / layer.groups > 2
      else if (layer.kind === 'instanceNorm') return width / layer.channels > 2
      else if (layer.kind === 'layerNorm') return width > 2
      return true
    })
  return wide([input(model.engine.inputs), ...model.layers.slice(1)], 0)
}

/** Stacks that end in noise warn. */
function silently(work: () => void): void {
  const { warn } = console
  console.warn = () => {}
  try {
    work()
  } finally {
    console.warn = warn
  }
}
