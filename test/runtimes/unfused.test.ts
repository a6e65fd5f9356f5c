// Plain SIMD wasm files derived from those with fused multiply-add compute the same bits as the compiler's own.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime } from '../../src/entries/public.ts'
import { compiledModule, give } from '../../src/runtime/modules.ts'
import { unfused } from '../../src/runtime/unfused.ts'
import { list, OpBench } from '../support/opBench.ts'
import { same, wasmFile } from '../support/packing.ts'
import { hashOf, train, trainingNames } from '../support/trainings.ts'

/** What every op leaves in memory. */
function memories(): Uint8Array[] {
  const bench = new OpBench()
  return list.map(([name]) => {
    bench.reset()
    bench.run(bench.steps[name])
    return new Uint8Array(bench.arena.machine.memory.buffer.slice(0))
  })
}

async function hashes(): Promise<string[]> {
  const all: string[] = []
  for (const name of trainingNames) all.push(hashOf(await train(name, {})))
  return all
}

const PREFIXES = ['', 'infer-', 'solve-', 'features-']

test('every op leaves the same memory, trainings the same parameters', async () => {
  // the tile in use is a word of the memory, and would be timed
  configureRuntime({ target: 'simd', tile: '2x16' })
  const [expected, trained] = [memories(), await hashes()]
  for (const prefix of PREFIXES) {
    const code = unfused(wasmFile(`${prefix}relaxed`))
    give(`${prefix}simd`, new WebAssembly.Module(code as BufferSource), code)
  }
  const used = compiledModule('simd')
  try {
    for (const [i, memory] of memories().entries()) same(memory, expected[i])
    assert.equal(await hashes(), trained)
  } finally {
    for (const prefix of PREFIXES) give(`${prefix}simd`)
    configureRuntime()
  }
  assert.is.not(compiledModule('simd'), used, 'what was compared are two files')
})
test.run()
