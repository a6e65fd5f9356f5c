// Numbers too small for full precision are slow: no layer may leave them behind, on any target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  alphaDropout,
  batchNorm,
  batchRenorm,
  blend,
  dense,
  groupNorm,
  type Lowerable,
  layerNorm,
  periodicEmbedding,
  prelu,
  rmsNorm,
  scale,
  select,
  unitNorm,
} from '../../src/layers/layers.ts'
import { isTiny } from '../support/activate.ts'
import { Bench } from '../support/layerHarness.ts'
import { targets } from '../support/targets.ts'

const kinds: Readonly<Record<string, Lowerable[]>> = {
  batchNorm: [batchNorm()],
  batchRenorm: [batchRenorm()],
  'frozen batchNorm': [batchNorm({ trainable: false })],
  layerNorm: [layerNorm()],
  rmsNorm: [rmsNorm()],
  groupNorm: [groupNorm(5)],
  prelu: [prelu()],
  scale: [scale()],
  alphaDropout: [alphaDropout(0.2)],
  unitNorm: [unitNorm()],
  blend: [blend('gelu')],
  periodicEmbedding: [periodicEmbedding(), select({ columns: [1, 2, 3, 5, 6, 7, 9, 10, 11, 39] })],
  'weight norm': [dense(10, { weightNorm: true, useBias: false })],
}

for (const target of targets) {
  const test = suite(`denormals of layers (${target})`)
  const rows = 12
  const x = Float32Array.from({ length: rows * 10 }, (_, i) => Math.sin(i * 1.7) * 1.5)

  for (const [name, layers] of Object.entries(kinds)) {
    test(`${name}: gradients`, () => {
      for (const scale of [1e-30, 1e-36, 1e-38, 3e-45]) {
        const bench = new Bench(target, 10, layers, { rows })
        const { dx } = bench.train(
          x,
          Float32Array.from(x, (v) => v * scale),
        )
        // with weight norm dx is the plain dense layer's
        if (name !== 'weight norm') assert.is(dx.findIndex(isTiny), -1, `dx of dy near ${scale}`)
        for (const { path } of bench.places)
          assert.is(bench.gradient(path).findIndex(isTiny), -1, `${path}, dy near ${scale}`)
      }
    })
  }

  test('running statistics of columns that have died', () => {
    for (const [layer, spread] of [
      [batchNorm({ momentum: 0.5 }), 'runningVariance'],
      [batchRenorm({ momentum: 0.5 }), 'runningDeviation'],
    ] as const) {
      const bench = new Bench(target, 10, [layer], { rows })
      bench.train(x, x)
      for (let i = 0; i < 200; i++) bench.train(new Float32Array(rows * 10), new Float32Array(rows * 10))
      assert.is(bench.get(`${layer.kind}_1.runningMean`).findIndex(isTiny), -1)
      assert.is(bench.get(`${layer.kind}_1.${spread}`).findIndex(isTiny), -1)
    }
  })
  test.run()
}
