// Layers that their factories register: what files a program can read that has not called any.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  alphaDropout,
  batchNorm,
  blend,
  concatenate,
  dense,
  embedding,
  heads,
  input,
  type Layer,
  modelFromBytes,
  oneHotColumns,
  periodicEmbedding,
  residual,
  scale,
  select,
  sequential,
  unitNorm,
} from '../../src/entries/public.ts'
import { type CARRIED_KINDS, carriedKindsIn } from '../../src/layers/carried.ts'
import { settingsOf } from '../support/modelFile.ts'
import { runLines, source } from '../support/process.ts'
import { refuses } from '../support/refuses.ts'

/** One of each kind, for rows of 3 features. */
const LAYERS: Readonly<Record<(typeof CARRIED_KINDS)[number], () => Layer>> = {
  scale: () => scale(),
  blend: () => blend('mish'),
  periodicEmbedding: () => periodicEmbedding({ frequencies: 5, units: 2 }),
  unitNorm: () => unitNorm(),
  alphaDropout: () => alphaDropout(0.2),
  select: () => select({ columns: [2, 0, 1] }),
  concatenate: () => concatenate([[dense(2)], []]),
  heads: () => heads({ first: [dense(2)], second: [] }),
  embedding: () => embedding({ columns: 2, categories: 4, units: 3 }),
  oneHotColumns: () => oneHotColumns({ columns: 2, categories: 4 }),
}

/** Outputs, or those of all heads, in a row. */
const flat = (outputs: Float32Array | Readonly<Record<string, Float32Array>>): string =>
  Object.values(outputs)
    .flatMap((value) => (typeof value === 'number' ? [value] : [...value]))
    .join()

/** What a process that has made no layer yet finds in a file: predictions, or an error. */
function readElsewhere(bytes: Uint8Array, entry: string, read: string, options: string): string {
  const { printed, complained } = runLines(`
    const { ${read} } = await import('${source(`entries/${entry}`)}')
    const f = await import('${source('entries/public')}')
    try {
      const bytes = new Uint8Array(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'))
      console.log((${flat})(${read}(bytes, ${options}).predict([1, 2, 0])))
    } catch (error) {
      console.log(error.name + ': ' + error.message)
    }`)
  return printed || complained
}

for (const [kind, make] of Object.entries(LAYERS)) {
  test(`${kind}: a file is read where its factory is named, and else refused by what to pass`, () => {
    const layers = kind === 'heads' ? [make()] : [residual([make(), dense(3)]), dense(2)]
    const model = sequential([input(3), ...layers], { seed: 1 })
    const bytes = model.toBytes()
    const expected = flat(model.predict([1, 2, 0]))
    assert.is(flat(modelFromBytes(bytes).predict([1, 2, 0])), expected)
    assert.is(flat(predictorFromBytes(bytes).predict([1, 2, 0])), expected)
    for (const [entry, read] of [
      ['full', 'modelFromBytes'],
      ['predict', 'predictorFromBytes'],
    ]) {
      assert.is(
        readElsewhere(bytes, entry, read, '{}'),
        `TypeError: ${read}: the file has a layer of the kind ${kind}, which this program does not name; pass { custom: { ${kind} } }`,
      )
      assert.is(readElsewhere(bytes, entry, read, `{ custom: { ${kind}: f.${kind} } }`), expected)
    }
  })
}

test('a factory that is named for a file brings along what its layers run on', () => {
  const bytes = sequential([input(3), select({ columns: [1] })], { seed: 1 }).toBytes()
  assert.is(
    readElsewhere(
      bytes,
      'full',
      'modelFromBytes',
      '{ custom: { select: Object.assign(() => 0, f.select, { bring: () => console.log("brought") }) } }',
    ),
    'brought\n2',
  )
})

test('only files with such layers are of the second format', () => {
  const format = (layers: readonly Layer[]) =>
    new TextDecoder().decode(sequential([input(3), ...layers], { seed: 1 }).toBytes()).match(/fourlane\/\d/)?.[0]
  assert.is(format([dense(3)]), 'fourlane/1')
  assert.is(format([residual([scale()])]), 'fourlane/2')
  assert.is(format([batchNorm()]), 'fourlane/1')
  assert.is(format([batchNorm({ synchronized: true })]), 'fourlane/2')
})

test('kinds are found wherever they are', () => {
  const model = sequential([input(3), residual([residual([scale()])])], { seed: 1 })
  assert.equal([...carriedKindsIn(settingsOf(model.toBytes()).layers)], ['scale'])
  assert.equal([...carriedKindsIn([null, 3, 'scale', { kind: ['scale'] }])], [])
})

test('what is no factory of the kind is refused', () => {
  const wrong = (value: unknown) => value as never
  const bytes = sequential([input(3), scale()], { seed: 1 }).toBytes()
  for (const read of [modelFromBytes, predictorFromBytes]) {
    refuses(
      () => read(bytes, wrong({ custom: { scale: dense } })),
      TypeError,
      '"custom.scale" must be the factory scale',
    )
    refuses(
      () => read(bytes, wrong({ custom: { scale: null } })),
      TypeError,
      '"custom.scale" must be the factory scale',
    )
  }
  refuses(() => predictorFromBytes(bytes, wrong({ custom: { scales: scale } })), TypeError, 'did you mean "scale"')
  refuses(() => scale(wrong({ initialiser: 'ones' })), TypeError, 'did you mean "initializer"')
})
test.run()
