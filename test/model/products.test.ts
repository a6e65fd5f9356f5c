/** Hessian and Gauss-Newton products against golden vectors, and against float64 differences on stacks of all layers. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { input, type Layer } from '../../src/entries/public.ts'
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
      if (size === 0 || size > 300 || !isConditioned(model)) continue
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

  const hessian = hessianTimes(objective, at, v, 1e-4)
  const nearer = hessianTimes(objective, at, v, 5e-5)
  const size = hessian.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  const found = hessianVectorProduct(model, x, y, v)
  // where both differences agree there is no kink in between
  const smooth = hessian.map((value, i) => (Math.abs(value - nearer[i]) <= 1e-4 * size ? 1 : 0))
  const only = (values: ArrayLike<number>) => Float64Array.from(values).filter((_, i) => smooth[i])
  assertClose(only(found), only(hessian), { absolute: 3e-4 * size + 1e-6, relative: 0 }, `${what}: H v`)

  const unit = Array.from({ length: outputs }, (_, i) =>
    Array.from({ length: outputs }, (_, j) => (i === j ? 2 / outputs : 0)),
  )
  const gaussNewton = gaussNewtonTimes(objective, at, v, () => unit, 1e-6)
  const largest = gaussNewton.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // a value that is exactly at a kink is not where features and parameters are a little others
  const moved = {
    ...objective,
    x: objective.x.map((row, r) => row.map((value, c) => value + 1e-6 * Math.sin(r + 3 * c))),
  }
  const nearby = at.map((value, i) => value + 1e-6 * Math.sin(1 + i))
  const beside = gaussNewtonTimes(moved, nearby, v, () => unit, 1e-7)
  const steady = (values: ArrayLike<number>) =>
    Float64Array.from(values).filter((_, i) => Math.abs(gaussNewton[i] - beside[i]) <= 1e-3 * largest)
  const tolerance = { absolute: 3e-4 * largest + 1e-6, relative: 0 }
  const product = gaussNewtonVectorProduct(model, x, y, v)
  assertClose(steady(product), steady(gaussNewton), tolerance, `${what}: G v`)
  return Math.min(only(found).length, steady(product).length)
}

/** Whether no layer normalizes what is always the same: a single column, or columns that follow from such. */
function isConditioned(model: Model): boolean {
  const wide = (layers: readonly Layer[], width: number): boolean =>
    layers.every((layer) => {
      if (layer.kind === 'input') width = layer.size
      else if (layer.kind === 'dense') width = layer.units
      else if (layer.kind === 'residual') return wide(layer.layers, width)
      else if (layer.kind === 'groupNorm') return width / layer.groups > 1
      else if (layer.kind === 'instanceNorm') return width / layer.channels > 1
      else if (layer.kind === 'layerNorm') return width > 1
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
