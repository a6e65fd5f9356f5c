/** RealMLP's networks step by step beside PyTorch: test/golden/gen_realmlp.py. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { sequential } from '../../src/entries/public.ts'
import { type Preset, prepare, readTable, tabular } from '../../src/entries/table.ts'
import { readGolden } from '../support/golden.ts'

interface Golden {
  readonly steps: number
  readonly total: number
  readonly batch: number
  readonly cases: readonly { readonly preset: Preset; readonly target: string; readonly losses: readonly number[] }[]
}

/** Uniform in [0, 1), as the script draws. */
function hashed(n: number, seed: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let z = (Math.imul(i, 2654435761) + seed * 40503 + 7) >>> 0
    z = Math.imul(z ^ (z >>> 15), 2246822519) >>> 0
    z = Math.imul(z ^ (z >>> 13), 3266489917) >>> 0
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32
  })
}

/** Of a parameter's first values, which are uniform; in NTK parametrization. */
function deviationOf(name: string, preset: Preset): number {
  if (name.startsWith('head') && preset === 'realmlp-small') return 0
  if (/numbers\.(kernel|bias)$/.test(name)) return 0.15
  if (name.endsWith('frequencies')) return 0.1
  return name.endsWith('phases') ? 2 : 1
}

const { steps, total, batch, cases } = readGolden<Golden>('realmlp')

for (const { preset, target, losses } of cases) {
  test(`${preset}: the first ${steps} losses are PyTorch's, target "${target}"`, async () => {
    const oneHotLimit = preset === 'realmlp' ? 2 : 8
    const { x, y, encoder } = prepare(await readTable(dataFile('penguins.csv')), { target, oneHotLimit })
    const { width } = encoder
    const made = tabular({ encoder, preset, epochs: total / 4, rows: 4 * 256, x })
    const { compiled } = made
    if (!compiled?.loss) throw new Error('not compiled')
    // masks of dropout are nobody else's
    const model = sequential(made.layers.filter(({ kind }) => kind !== 'dropout'))
    model.compile({ optimizer: compiled.optimizer, loss: compiled.loss })
    for (const [p, parameter] of model.parameters.entries()) {
      const { name, shape } = parameter
      if (name.endsWith('alpha') || name === 'scale.scale') {
        assert.equal(parameter.get(), new Float32Array(parameter.size).fill(1))
        continue
      }
      const isKernel = /^(hidden_\d|head)\.kernel$/.test(name)
      const factor = (Math.sqrt(12) * deviationOf(name, preset)) / (isKernel ? Math.sqrt(shape[0]) : 1)
      parameter.set(Float32Array.from(hashed(parameter.size, p), (u) => (u - 0.5) * factor))
    }
    for (const [step, expected] of losses.entries()) {
      const rows = Array.from(hashed(batch, 1000 + step), (u) => Math.floor(u * y.length))
      const batchX = new Float32Array(batch * width)
      for (const [i, row] of rows.entries()) batchX.set(x.subarray(row * width, (row + 1) * width), i * width)
      const batchY = rows.map((row) => y[row])
      const loss = model.trainStep(
        batchX,
        y instanceof Int32Array ? Int32Array.from(batchY) : Float32Array.from(batchY),
      )
      assert.ok(Math.abs(loss - expected) < 1e-4, `step ${step}: ${loss}, expected ${expected}`)
    }
    assert.ok(Math.min(...losses) < 0.6 * losses[0])
  })
}

test.run()
