// Several wasm modules on one memory: what each holds, and how programs, threads and hosts come by those they need.
import { readFileSync } from 'node:fs'
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import { BATCH_NORM_MODE_CONSTANT_VARIANCE } from '../../src/abi/layers.ts'
import { SUM_CHUNK } from '../../src/abi/layout.ts'
import { MODULE_INFER, MODULE_INT8, MODULE_SOLVE, MODULE_TRAIN } from '../../src/abi/modules.ts'
import { RECORD_DOT, RECORD_SCALAR } from '../../src/abi/records.ts'
import { JOB_MODULES, THREADS_JOB } from '../../src/abi/threads.ts'
import { configureRuntime, describeRuntime } from '../../src/entries/public.ts'
import { Arena } from '../../src/machine/arena.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { encode, modulesOf, type Step, step } from '../../src/machine/program.ts'
import { instantiateShared } from '../../src/machine/threads/sharedMachine.ts'
import { workersAlive } from '../../src/machine/threads/teamPool.ts'
import { predictorFromBytes } from '../../src/model/predictor.ts'
import { fileOf, MODULE_NAMES } from '../../src/runtime/modules.ts'
import { Alternation, COUNT, dotOf, RECORDS, write } from '../support/alternation.ts'
import { list, OpBench } from '../support/opBench.ts'
import { runLines, source } from '../support/process.ts'
import { targets } from '../support/targets.ts'
import { features, layered, ready } from '../support/threading.ts'

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
  const kernels = suite(`solve (${target})`)

  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7))

  kernels('dot products in float64, whatever their length', () => {
    for (const count of [4, 64, SUM_CHUNK, SUM_CHUNK + 4, 3 * SUM_CHUNK + 20]) {
      const arena = new Arena(target)
      const [x, y] = [1, 2].map((seed) => {
        const address = arena.reserve(count * 4)
        arena.commit()
        arena.floats(address, count).set(numbers(count, seed))
        return address
      })
      const { record } = run(arena, dotOf(arena, x, y, count))
      const a = numbers(count, 1)
      const expected = numbers(count, 2).reduce((sum, value, i) => sum + value * a[i], 0)
      const size = numbers(count, 2).reduce((sum, value, i) => sum + Math.abs(value * a[i]), 0)
      const found = arena.f64[record / 8 + RECORD_DOT / 2]
      assert.ok(Math.abs(found - expected) <= count * 2 ** -53 * size, `${count}: ${found}, expected ${expected}`)
    }
  })

  kernels('axpy, also in place', () => {
    const count = 52
    for (const place of ['apart', 'x', 'y']) {
      const arena = new Arena(target)
      const [x, y, other] = [1, 2, 3].map(() => arena.reserve(count * 4))
      arena.commit()
      arena.floats(x, count).set(numbers(count, 1))
      arena.floats(y, count).set(numbers(count, 2))
      const to = place === 'apart' ? other : place === 'x' ? x : y
      run(arena, [step(ops.axpy, { x, y, to, count, scalar: 3 })], { [RECORD_SCALAR + 3]: 0.3 })
      const [a, b] = [numbers(count, 1), numbers(count, 2)]
      arena.floats(to, count).forEach((value, i) => {
        const exact = b[i] + Math.fround(0.3) * a[i]
        assert.ok(Math.abs(value - exact) <= 2 ** -23, `${place} ${i}: ${value}, expected ${exact}`)
      })
    }
  })

  kernels('a predictor, which has infer alone, gives the bits of its model', () => {
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
  kernels.run()
}

function run(arena: Arena, steps: readonly Step[], floats?: Record<number, number>) {
  const written = write(arena, steps, 1, floats)
  arena.machine.need(modulesOf(steps))
  arena.machine.run(written.program, 0, steps.length, written.record, 1, 0)
  return written
}

/** Waits for the workers. */
function called(alternation: Alternation): Alternation {
  ready({ engine: alternation } as unknown as Parameters<typeof ready>[0])
  return alternation
}

test('ranges say which modules they are of', () => {
  const { train, solve, both } = new Alternation(1)
  assert.equal(
    [train[2], solve[2], both[2]],
    [1 << MODULE_TRAIN, 1 << MODULE_SOLVE, (1 << MODULE_TRAIN) | (1 << MODULE_SOLVE)],
  )
  const plan = layered({}).engine.plan()
  assert.is(plan.predict[2], 1 << MODULE_INFER)
  assert.is(plan.trial[2], (1 << MODULE_INFER) | (1 << MODULE_TRAIN))
})

test('a million ranges of train and of solve in turn: every step once, and the memory as large as before', () => {
  const count = 16
  const alternation = new Alternation(1, count)
  alternation.run(alternation.both)
  const { buffer } = alternation.arena.machine.memory
  const turns = 500_000
  for (let i = 1; i < turns; i++) {
    alternation.run(alternation.train)
    alternation.run(alternation.solve)
  }
  assert.equal(alternation.read(count), [turns / 2, (-turns / 4) * count])
  assert.is(alternation.arena.machine.memory.buffer, buffer)
})

for (const threads of [2, 3]) {
  test(`the same on ${threads} threads, between ranges and within one`, () => {
    const alternation = called(new Alternation(threads))
    const alive = workersAlive()
    const turns = 200
    for (let i = 0; i < turns; i++) {
      alternation.run(alternation.train)
      alternation.run(alternation.solve)
    }
    assert.equal(alternation.read(), [turns / 2, (-turns / 4) * COUNT])
    const { buffer } = alternation.arena.machine.memory
    assert.instance(buffer, SharedArrayBuffer)
    alternation.run(alternation.both, RECORDS)
    alternation.run(alternation.train)
    assert.equal(alternation.read()[0], (turns + RECORDS) / 2 + 1)
    assert.is(alternation.arena.machine.memory.buffer.byteLength, buffer.byteLength)
    assert.is(workersAlive(), alive)
    alternation.runner.close()
  })
}

test('workers take a module that comes while they wait for jobs', () => {
  // no other test has threads on this target
  const alternation = called(new Alternation(2, COUNT, 'debug'))
  for (let i = 0; i < 10; i++) alternation.run(alternation.train)
  const { team } = alternation.runner.threads ?? {}
  if (!team) return assert.unreachable('no team')
  assert.is(team.machine.parts.length, 1)
  alternation.run(alternation.solve)
  assert.is(team.machine.parts.length, 2)
  assert.equal(alternation.read(), [9.5, -4.75 * COUNT])
  assert.ok(team.ready(), 'the worker has come back')
  alternation.runner.close()
})

test('a worker that does not get its module in time does not keep the others waiting', () => {
  const alternation = called(new Alternation(2))
  alternation.run(alternation.both)
  const { team } = alternation.runner.threads ?? {}
  if (!team) return assert.unreachable('no team')
  const { i32 } = alternation.arena
  const word = THREADS_JOB / 4 + JOB_MODULES
  const held = i32[word]
  // nobody sends it
  i32[word] = held | (1 << MODULE_INT8)
  alternation.run(alternation.both)
  assert.equal(alternation.read()[0], 1)
  assert.not.ok(team.ready())
  i32[word] = held
  // this one is sent with the next job, and brings the worker back to its line
  alternation.arena.machine.need(1 << MODULE_INT8)
  team.supply()
  assert.ok(team.waitUntilReady(10_000), 'the worker works again')
  alternation.run(alternation.both, 10)
  assert.equal(alternation.read()[0], 6)
  alternation.runner.close()
})

test('what threads have left of a step of an extension is done again', () => {
  const bench = new OpBench()
  const machine = instantiateShared('simd')
  machine.setNap(1)
  bench.arena.adopt(machine)
  bench.reset()
  const sample = bench.steps.axpy
  bench.run(sample)
  const expected = bench.regions(sample).map(([, address]) => bench.read(address))
  bench.reset()
  bench.write(sample)
  // the other thread is not there, and what this one has done is lost
  assert.not.ok(machine.start(2, bench.program, 0, 1, bench.record, 1))
  bench.arena.floats(sample.operands.to ?? 0, 8).fill(7)
  machine.mend(2, bench.program, bench.record)
  assert.equal(
    bench.regions(sample).map(([, address]) => bench.read(address)),
    expected,
  )
})

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
    import { describeRuntime } from '${source('entries/core')}'
    import { init, predictorFromBytes } from '${source('entries/predictor')}'
    await init({ bytes: readFileSync(new URL('simd.wasm', '${new URL(build, import.meta.url)}')) })
    const bytes = new Uint8Array(${JSON.stringify([...layered({ seed: 2 }).toBytes()])})
    console.log(String(predictorFromBytes(bytes).outputs), describeRuntime().modules.join())`,
    EDGE,
  )
  assert.is(printed, '10 simd.wasm', complained)
})

test.run()
