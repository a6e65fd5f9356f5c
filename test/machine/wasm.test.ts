// The choice of build and tile: detection, overrides, timing, wide vectors.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime, dense, describeRuntime, input, sequential } from '../../src/entries/public.ts'
import { TileTuner } from '../../src/machine/tuner.ts'
import { instantiate, pickTarget, supports } from '../../src/machine/wasm.ts'
import { runLines, source } from '../support/process.ts'

/** What a fresh process prints. */
function inProcess(code: string, env: Record<string, string> = {}): string {
  const { passed, printed, complained } = runLines(code, [], env)
  if (!passed) throw new Error(complained)
  return printed
}
const printRuntime = `import { describeRuntime } from '${source('entries/public')}'; console.log(JSON.stringify(describeRuntime()))`

test('this host has relaxed SIMD, and says so', () => {
  const { target, targetReason, relaxedSimd, wideVectors } = describeRuntime()
  assert.is(target, relaxedSimd ? 'relaxed' : 'simd')
  assert.ok(targetReason.length > 0)
  assert.is(wideVectors, false)
  assert.is(pickTarget(true), 'simd')
  assert.ok(supports('simd'))
})

test('configureRuntime overrides both, and gives them back', () => {
  instantiate('simd') // so that `modules` names it before and after
  const before = describeRuntime()
  configureRuntime({ target: 'simd', tile: '4x8' })
  const { target, targetReason, tile, tileReason } = describeRuntime()
  assert.equal([target, targetReason, tile, tileReason], ['simd', 'configureRuntime', '4x8', 'configureRuntime'])
  assert.is(instantiate().target, 'simd')
  assert.throws(() => configureRuntime({ target: 'avx' as 'simd' }), /unknown target "avx"/)
  assert.throws(() => configureRuntime({ tile: '8x8' as '4x8' }), /unknown tile "8x8"/)
  assert.throws(() => configureRuntime({ traget: 'simd' } as object), /did you mean "target"/)
  configureRuntime()
  assert.equal(describeRuntime(), before)
})

test('the environment overrides both', () => {
  const { target, tile } = JSON.parse(inProcess(printRuntime, { FOURLANE_TARGET: 'simd', FOURLANE_TILE: '4x8' }))
  assert.equal([target, tile], ['simd', '4x8'])
  assert.throws(() => inProcess(printRuntime, { FOURLANE_TARGET: 'sse' }), /FOURLANE_TARGET: unknown target "sse"/)
})

test('a tuner keeps the first guess unless another tile is clearly faster', () => {
  const play = (cost: (tile: string) => number) => {
    const tuner = new TileTuner('6x8', true, false)
    for (let chunk = 0; chunk < 1000; chunk++) {
      const choice = tuner.report(10, 10 * cost(tuner.tile))
      if (choice) return choice
    }
    return undefined
  }
  assert.is(
    play((tile) => (tile === '4x8' ? 0.5 : 1)),
    '4x8',
  )
  assert.is(
    play((tile) => (tile === '4x8' ? 0.99 : 1)),
    '6x8',
  )
  assert.is(
    play(() => 0.001),
    undefined,
  )
})

test('tuning changes no bit', async () => {
  const x = Float32Array.from({ length: 256 * 40 }, (_, i) => Math.sin(i))
  const train = async () => {
    const model = sequential([input(40), dense(100, { activation: 'relu' }), dense(40)], { seed: 1 })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    await model.fit(x, x, { epochs: 200, batchSize: 64 })
    return model.getWeights()
  }
  const tuned = await train()
  configureRuntime({ tile: '4x8' })
  assert.equal(await train(), tuned)
  configureRuntime()
})

test('wide vectors take, or change nothing', () => {
  const code = `
    import { enableWideVectors } from '${source('entries/wide')}'
    import { describeRuntime } from '${source('entries/public')}'
    const before = JSON.stringify({ ...describeRuntime(), wideReason: '' })
    const took = enableWideVectors()
    const after = describeRuntime()
    const same = JSON.stringify({ ...after, wideReason: '' }) === before
    console.log([took, after.wideVectors, took ? after.tile : same].join(' '))`
  const printed = inProcess(code)
  assert.ok(printed === 'true true 5x16' || printed === 'false false true', printed)
  if (Number.parseInt(process.versions.node, 10) < 24) assert.is(printed, 'false false true')
})

test('the environment asks for wide vectors', () => {
  const print = `
    import { describeRuntime } from '${source('entries/public')}'
    const { wideVectors, wideReason } = describeRuntime()
    console.log([wideVectors, wideReason].join(' '))`
  assert.is(inProcess(print, { FOURLANE_WIDE: '0' }), 'false nobody asked for them')
  const printed = inProcess(print, { FOURLANE_WIDE: '1' })
  assert.match(printed, /^(true the self-test found the same bits|false (the self-test found|they need|this engine))/)
  if (Number.parseInt(process.versions.node, 10) < 24) assert.match(printed, /^false .* need Node 24/)
  const plain = inProcess(print, { FOURLANE_WIDE: '1', FOURLANE_TARGET: 'simd' })
  assert.match(plain, /^false (the plain SIMD build|they need|this engine)/)
  assert.throws(() => inProcess(print, { FOURLANE_WIDE: 'yes' }), /FOURLANE_WIDE: unknown value "yes"/)
})

test.run()
