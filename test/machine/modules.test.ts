// Several wasm modules on one memory: what each holds, and how programs and hosts come by those they need.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BATCH_NORM_MODE_CONSTANT_VARIANCE } from '../../src/abi/layers.ts'
import { MODULE_SOLVE, MODULE_TRAIN } from '../../src/abi/modules.ts'
import { configureRuntime, describeRuntime } from '../../src/entries/public.ts'
import { encode } from '../../src/machine/program.ts'
import { predictorFromBytes } from '../../src/model/predictor.ts'
import { fileOf, MODULE_NAMES } from '../../src/runtime/modules.ts'
import { list, OpBench } from '../support/opBench.ts'
import { runLines, source } from '../support/process.ts'
import { targets } from '../support/targets.ts'
import { features, layered } from '../support/threading.ts'

const build = import.meta.url.includes('/build/') ? '../../' : '../../build/'
const wasm = (file: string) => readFileSync(new URL(`${build}${file}.wasm`, import.meta.url))

/** Ids of a wasm file's sections. */
function sectionsOf(bytes: Uint8Array): number[] {
  const found: number[] = []
  for (let at = 8; at < bytes.length; ) {
    found.push(bytes[at++])
    let size = 0
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      byte = bytes[at++]
      size += (byte & 127) * 2 ** shift
    }
    at += size
  }
  return found
}

test('modules bring no data and no table entries, and import a memory and a table alone', () => {
  const DATA = [11, 12]
  const ELEMENTS = 9
  for (const target of targets) {
    for (const name of MODULE_NAMES) {
      const bytes = wasm(fileOf(name, target))
      const sections = sectionsOf(bytes)
      // where nothing is optimized, an empty list of elements is left
      for (const section of target === 'debug' ? DATA : [...DATA, ELEMENTS]) {
        assert.not.ok(sections.includes(section), `${name}, ${target}: section ${section}`)
      }
      const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((entry) => entry.name)
      assert.equal(imports, name === 'infer' || name === 'train' ? ['memory', 'table'] : ['memory'], name)
    }
  }
})

test('infer has the ops that predicting takes and gives their bits, and refuses the others', () => {
  const train = new OpBench()
  const infer = new OpBench('infer')
  assert.is(infer.arena.machine.base, 'infer')
  const constant = { ...train.steps.batchNorm.operands, mode: BATCH_NORM_MODE_CONSTANT_VARIANCE }
  let refused = 0
  for (const [name, op] of list) {
    const sample = name === 'batchNorm' ? { op, operands: constant } : train.steps[name]
    if (op.module === MODULE_TRAIN) {
      assert.throws(() => infer.run(sample), /this machine only predicts/, name)
      encode(infer.arena, infer.program, [sample])
      assert.throws(() => infer.arena.machine.run(infer.program, 0, 1, infer.record, 1, 0), /unreachable/, name)
      refused++
      continue
    }
    for (const bench of [train, infer]) {
      bench.reset()
      bench.run(sample)
    }
    for (const [operand, address] of train.regions(sample)) {
      assert.equal(infer.read(address), train.read(address), `${name}: ${operand}`)
    }
  }
  assert.is(refused, list.filter(([, { module }]) => module === MODULE_TRAIN).length)
  assert.throws(() => infer.run(train.steps.batchNorm), /unreachable/)
})

for (const target of targets) {
  test(`a predictor, which has infer alone, gives the bits of its model (${target})`, () => {
    configureRuntime({ target })
    try {
      const model = layered({ seed: 3 })
      const x = features(70, 13)
      const expected = model.predict(x)
      assert.equal(predictorFromBytes(model.toBytes()).predict(x), expected)
    } finally {
      configureRuntime()
    }
  })
}

test('describeRuntime names the files in use', () => {
  assert.ok(describeRuntime().modules.includes('simd.wasm'))
  const code = `
    import { describeRuntime, dense, input, sequential } from '${source('entries/core')}'
    import { predictorFromBytes } from '${source('entries/predict')}'
    const names = () => describeRuntime().modules.join()
    const seen = [names()]
    const bytes = sequential([input(2), dense(1)], { seed: 1, deterministic: true }).toBytes()
    seen.push(names())
    predictorFromBytes(bytes)
    seen.push(names())
    console.log(seen.join(' '))`
  const { printed, complained } = runLines(code)
  assert.is(printed, ' simd.wasm infer-simd.wasm,simd.wasm'.trim(), complained)
})

// node's own files are out of reach under this condition, as on edge hosts
const EDGE = ['--conditions=workerd']

test('a host that has not been given a module says which one is missing, and how to bring it', () => {
  const { complained } = runLines(
    `import { dense, input, sequential } from '${source('entries/core')}'; sequential([input(2), dense(1)])`,
    EDGE,
  )
  assert.match(
    complained,
    /fourlane: (\w+)\.wasm is not loaded; import from 'fourlane', which brings it along, or call init\(.*\) with 'fourlane\/\1\.wasm' first/,
  )
  const predicting = runLines(
    `import { init, predictorFromBytes } from '${source('entries/predictor')}'
    import { writeFileSync } from 'node:fs'
    try { predictorFromBytes(new Uint8Array(${JSON.stringify([...layered({}).toBytes()])})) } catch ({ message }) { console.log(message) }`,
    EDGE,
  )
  assert.match(predicting.printed, /infer-\w+\.wasm is not loaded; import from 'fourlane\/predict'/)
  const solving = runLines(
    `import { readFileSync } from 'node:fs'
    import { init } from '${source('entries/core')}'
    import { Arena } from '${source('machine/arena')}'
    const bytes = (file) => readFileSync(new URL(file, '${new URL(build, import.meta.url)}'))
    await init({ bytes: bytes('simd.wasm') })
    const { machine } = new Arena()
    try { machine.need(${1 << MODULE_SOLVE}) } catch ({ message }) { console.log(message) }
    await init({ bytes: bytes('solve-simd.wasm') })
    machine.need(${1 << MODULE_SOLVE})
    console.log('found')`,
    EDGE,
  )
  assert.match(solving.printed, /solve-simd\.wasm is not loaded; .*\nfound/, solving.complained)
})

test('a predictor takes the file of train where it is given', () => {
  const { printed, complained } = runLines(
    `import { readFileSync } from 'node:fs'
    import { configureRuntime, describeRuntime } from '${source('entries/core')}'
    import { init, predictorFromBytes } from '${source('entries/predictor')}'
    await init({ bytes: readFileSync(new URL('simd.wasm', '${new URL(build, import.meta.url)}')) })
    const bytes = new Uint8Array(${JSON.stringify([...layered({ seed: 2 }).toBytes()])})
    console.log(String(predictorFromBytes(bytes).outputs), describeRuntime().modules.join())`,
    EDGE,
  )
  assert.is(printed, '10 simd.wasm', complained)
})

test.run()
