// Every layer against PyTorch's float64 values and gradients, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import {
  activation,
  batchNorm,
  batchRenorm,
  dense,
  groupNorm,
  instanceNorm,
  type Lowerable,
  layerNorm,
  residual,
  rmsNorm,
} from '../../src/layers/layers.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden, type Tolerance } from '../support/golden.ts'
import { Bench } from '../support/layerHarness.ts'
import { targets } from '../support/targets.ts'

type Tensors = Readonly<Record<string, GoldenTensor>>
interface Case {
  readonly id: string
  readonly config: {
    readonly activation?: string
    readonly activation_config?: { readonly alpha?: number }
    readonly bias?: boolean
    readonly eps?: number
    readonly momentum?: number | null
    readonly affine?: boolean
    readonly alpha?: number
    readonly r_max?: number
    readonly d_max?: number
    readonly groups?: number
    readonly order?: 'post' | 'pre'
  }
  readonly inputs: Tensors
  readonly expect: { readonly f64: Tensors }
}

const { cases } = readGolden<{ cases: readonly Case[] }>('layers')
/** Activations, or parameters of them, that we do not have. */
const ABSENT = [
  'linear-14-softplus',
  'linear-18-hardtanh',
  'linear-20-celu',
  'linear-22-logsigmoid',
  'linear-23-tanhshrink',
]
/** What golden/README allows for norms of tiny groups. */
const NORM: Tolerance = { absolute: 2e-5, relative: 2e-5 }

const of = (kind: string) => cases.filter(({ id }) => id.startsWith(`${kind}-`) && !ABSENT.includes(id))

/** PyTorch's [out, in] weights as [inputs, units]. */
function transposed({ shape: [units, inputs], data }: GoldenTensor): Float64Array {
  return Float64Array.from(data, (_, i) => Number(data[(i % units) * inputs + Math.floor(i / units)]))
}

const named = (name = 'linear', alpha?: number) => {
  const camel = name === 'identity' ? 'linear' : name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase())
  const kind = (camel === 'hardswish' ? 'hardSwish' : camel === 'hardsigmoid' ? 'hardSigmoid' : camel) as ActivationName
  return alpha === undefined ? kind : { kind, alpha }
}

for (const target of targets) {
  const test = suite(`golden layers (${target})`)

  for (const { id, config, inputs, expect } of of('linear')) {
    test(id, () => {
      const [units, width] = inputs.W.shape
      const layer = dense(units, {
        activation: named(config.activation, config.activation_config?.alpha),
        useBias: inputs.b !== undefined,
      })
      const bench = new Bench(target, width, [layer], { rows: inputs.x.shape[0] }).set(
        'dense_1.kernel',
        transposed(inputs.W),
      )
      if (inputs.b) bench.set('dense_1.bias', numbers(inputs.b))
      check(bench, inputs, expect.f64, OPERATION, { kernel: 'dW', ...(inputs.b && { bias: 'db' }) }, 'dense_1')
    })
  }

  for (const { id, config, inputs, expect } of of('batch_norm').concat(of('batch_renorm'))) {
    test(id, () => {
      const { eps = 0, affine = true, momentum = 0, alpha = 0, r_max: rMax = 0, d_max: dMax = 0 } = config
      const renorm = config.r_max !== undefined
      const layer = renorm
        ? batchRenorm({ rMax, dMax, momentum: alpha, epsilon: eps })
        : batchNorm({ momentum, epsilon: eps, affine })
      const prefix = renorm ? 'batchRenorm_1' : 'batchNorm_1'
      const spread = renorm ? ['runningDeviation', 'running_std'] : ['runningVariance', 'running_var']
      const [rows, cols] = inputs.x1.shape
      const build = (frozenStatistics: boolean) => {
        const bench = new Bench(target, cols, [layer], { rows: Math.max(rows, inputs.x3.shape[0]), frozenStatistics })
        bench.set(`${prefix}.runningMean`, numbers(inputs.running_mean))
        bench.set(`${prefix}.${spread[0]}`, numbers(inputs[spread[1]]))
        if (inputs.gamma)
          bench.set(`${prefix}.gamma`, numbers(inputs.gamma)).set(`${prefix}.beta`, numbers(inputs.beta))
        return bench
      }
      const compare = (bench: Bench, n: number, what: string) => {
        const { y, dx, padding } = bench.train(
          numbers(inputs[`x${n}`]),
          numbers(inputs[`dy${n}`]),
          inputs[`x${n}`].shape[0],
        )
        assertClose(y, numbers(expect.f64[`y${n}`]), NORM, `${what} y${n}`)
        assertClose(dx, numbers(expect.f64[`dx${n}`]), NORM, `${what} dx${n}`)
        if (inputs.gamma) {
          assertClose(bench.gradient(`${prefix}.gamma`), numbers(expect.f64[`dgamma${n}`]), NORM, `${what} dgamma${n}`)
          assertClose(bench.gradient(`${prefix}.beta`), numbers(expect.f64[`dbeta${n}`]), NORM, `${what} dbeta${n}`)
        }
        assertClose(
          bench.get(`${prefix}.runningMean`),
          numbers(expect.f64[`running_mean${n}`]),
          NORM,
          `${what} mean${n}`,
        )
        assertClose(
          bench.get(`${prefix}.${spread[0]}`),
          numbers(expect.f64[`${spread[1]}${n}`]),
          NORM,
          `${what} spread${n}`,
        )
        assert.ok(padding.every((value) => value === 0))
        assert.equal(bench.padding(), [])
      }
      const bench = build(false)
      assert.is(bench.minimumRows, 2)
      compare(bench, 1, 'training')
      compare(bench, 2, 'training')
      assertClose(
        bench.forward('inference', numbers(inputs.x3), inputs.x3.shape[0]),
        numbers(expect.f64.y3),
        NORM,
        'y3',
      )
      // the evaluation form has gradients too, when statistics are frozen
      const constant = build(true)
      assert.is(constant.minimumRows, 1)
      constant
        .set(`${prefix}.runningMean`, numbers(expect.f64.running_mean2))
        .set(`${prefix}.${spread[0]}`, numbers(expect.f64[`${spread[1]}2`]))
      compare(constant, 3, 'constant')
    })
  }

  for (const { id, config, inputs, expect } of of('layer_norm').concat(
    of('rms_norm'),
    of('group_norm'),
    of('instance_norm'),
  )) {
    test(id, () => {
      const [rows, channels, length = 1] = inputs.x.shape
      const options = { epsilon: config.eps ?? 0, affine: inputs.gamma !== undefined }
      const layer: Lowerable = id.startsWith('layer')
        ? layerNorm(options)
        : id.startsWith('rms')
          ? rmsNorm(options)
          : id.startsWith('group')
            ? groupNorm(config.groups ?? 0, { ...options, channels })
            : instanceNorm({ ...options, channels })
      const bench = new Bench(target, channels * length, [layer], { rows })
      const prefix = `${layer.kind}_1`
      if (inputs.gamma) bench.set(`${prefix}.gamma`, numbers(inputs.gamma))
      if (inputs.beta) bench.set(`${prefix}.beta`, numbers(inputs.beta))
      check(
        bench,
        inputs,
        expect.f64,
        NORM,
        { ...(inputs.gamma && { gamma: 'dgamma' }), ...(inputs.beta && { beta: 'dbeta' }) },
        prefix,
      )
      assertClose(bench.forward('inference', numbers(inputs.x)), numbers(expect.f64.y), NORM, 'inference')
    })
  }

  for (const { id, inputs, expect } of of('weight_norm')) {
    test(id, () => {
      const [units, width] = inputs.v.shape
      const bench = new Bench(target, width, [dense(units, { weightNorm: true })], { rows: inputs.x.shape[0] })
      bench
        .set('dense_1.direction', transposed(inputs.v))
        .set('dense_1.scale', numbers(inputs.g))
        .set('dense_1.bias', numbers(inputs.b))
      check(bench, inputs, { ...expect.f64 }, OPERATION, { scale: 'dg', bias: 'db' }, 'dense_1')
      assertClose(bench.gradient('dense_1.direction'), transposed(expect.f64.dv), OPERATION, 'dv')
      assertClose(bench.forward('inference', numbers(inputs.x)), numbers(expect.f64.y), OPERATION, 'inference')
    })
  }

  for (const { id, config, inputs, expect } of of('residual')) {
    test(id, () => {
      const kind = config.activation as ActivationName
      const [hidden, width] = inputs.W1.shape
      const inner = [dense(hidden, { activation: kind }), dense(width)]
      const layers =
        config.order === 'post' ? [residual(inner), activation(kind)] : [residual([activation(kind), ...inner])]
      const bench = new Bench(target, width, layers, { rows: inputs.x.shape[0] })
      for (const n of [1, 2]) {
        bench.set(`residual_1.dense_${n}.kernel`, transposed(inputs[`W${n}`]))
        bench.set(`residual_1.dense_${n}.bias`, numbers(inputs[`b${n}`]))
      }
      check(bench, inputs, expect.f64, OPERATION, { 'dense_1.bias': 'db1', 'dense_2.bias': 'db2' }, 'residual_1')
      for (const n of [1, 2]) {
        assertClose(
          bench.gradient(`residual_1.dense_${n}.kernel`),
          transposed(expect.f64[`dW${n}`]),
          OPERATION,
          `dW${n}`,
        )
      }
      assertClose(bench.forward('inference', numbers(inputs.x)), numbers(expect.f64.y), OPERATION, 'inference')
    })
  }
  test.run()
}

/** y, dx and the gradients of the named parameters; kernels are transposed. */
function check(
  bench: Bench,
  inputs: Tensors,
  expected: Tensors,
  tolerance: Tolerance,
  gradients: Readonly<Record<string, string>>,
  prefix: string,
): void {
  const { y, dx, padding } = bench.train(numbers(inputs.x), numbers(inputs.dy))
  assertClose(y, numbers(expected.y), tolerance, 'y')
  assertClose(dx, numbers(expected.dx), tolerance, 'dx')
  for (const [name, key] of Object.entries(gradients)) {
    const wanted = key === 'dW' ? transposed(expected[key]) : numbers(expected[key])
    assertClose(bench.gradient(`${prefix}.${name}`), wanted, tolerance, key)
  }
  assert.ok(
    padding.every((value) => value === 0),
    'padding of dx',
  )
  assert.equal(bench.padding(), [], 'padding of parameters and gradients')
}
