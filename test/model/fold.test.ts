// Folded models predict the same and are as small as they can be, on every target.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  alphaDropout,
  batchNorm,
  batchRenorm,
  configureRuntime,
  dense,
  dropout,
  gaussianNoise,
  input,
  type Layer,
  layerNorm,
  prelu,
  residual,
  scale,
  sequential,
} from '../../src/entries/public.ts'
import { assertClose } from '../support/golden.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`folding (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('folding keeps the predictions', () => {
    const kinds: readonly (() => Layer)[] = [
      () => dense(6),
      () => dense(6, { useBias: false, weightNorm: true }),
      () => dense(6, { activation: 'relu' }),
      () => batchNorm(),
      () => batchNorm({ affine: false }),
      () => batchRenorm(),
      () => activation('tanh'),
      () => activation('softmax'),
      () => layerNorm(),
      () => prelu(),
      () => scale(),
      () => dropout(0.4),
      () => gaussianNoise(0.3),
      () => alphaDropout(0.2),
      () => residual([dropout(0.2)]),
      () => residual([batchNorm(), dense(6), batchNorm(), activation('relu'), dense(6)]),
      () =>
        residual([dense(6, { weightNorm: true }), batchNorm(), residual([batchNorm(), dense(6, { name: 'deep' })])]),
    ]
    const stacks = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(stacks, (makers) => {
        const model = sequential([input(6), ...makers.map((make) => make())], { seed: 1 })
        for (const [i, p] of model.parameters.entries()) {
          const positive = /running(Variance|Deviation)|scale/.test(p.name)
          p.set(wave(p.size, i).map((v) => (positive ? 0.5 + Math.abs(v) : p.name.includes('kernel') ? v * 0.4 : v)))
        }
        const folded = model.fold()
        assert.not.ok(folded.layers.some(({ kind }) => /dropout|noise/i.test(kind)))
        const x = wave(9 * 6, 3)
        const expected = model.predict(x)
        const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
        assertClose(folded.predict(x), expected, { absolute: 1e-5 * scale, relative: 1e-5 }, 'folded')
      }),
      { numRuns: target === 'debug' ? 30 : 150, seed: 6 },
    )
  })

  test('folding leaves plain dense layers where it can', () => {
    const kindsOf = (layers: readonly Layer[]) =>
      sequential(layers, { seed: 1 })
        .fold()
        .layers.map((layer) => ('activation' in layer ? `${layer.kind}:${layer.activation.kind}` : layer.kind))
        .join(' ')
    const stack = [
      dense(5, { useBias: false }),
      batchNorm(),
      activation('relu'),
      dropout(0.5),
      dense(3, { weightNorm: true }),
      activation('softmax'),
    ]
    assert.is(kindsOf([input(4), ...stack]), 'input dense:relu dense:softmax')
    assert.is(kindsOf([input(4), batchNorm(), dropout(0.1), batchRenorm(), dense(3)]), 'input dense:linear')
    assert.is(
      kindsOf([input(4), dense(5, { activation: 'relu' }), batchNorm(), dense(3)]),
      'input dense:relu dense:linear',
    )
    assert.is(
      kindsOf([input(4), dense(5, { activation: 'relu' }), batchNorm(), layerNorm(), dense(3)]),
      'input dense:relu batchNorm layerNorm dense:linear',
    )
    assert.is(kindsOf([input(4), dropout(0.5)]), 'input activation:linear')
    const named = sequential([input(4), dense(3, { name: 'head' }), batchNorm()]).fold()
    assert.equal(
      named.parameters.map(({ name }) => name),
      ['head.kernel', 'head.bias'],
    )
  })

  test.run()
}
