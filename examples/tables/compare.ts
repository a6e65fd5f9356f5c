// A preset's scores next to those of other programs: node examples/tables/compare.ts FOLDER [PRESET [NAME ...]]
// FOLDER/reference.json lists tables: { name, file, target, task, metric, test_rows, results: { PROGRAM: { score, std? } } }. Row i is
// for testing when ((i * 2654435761) mod 2^32) / 2^32 < 0.2.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Preset, prepare, readTable, trainTabular } from 'fourlane/table'

interface Reference {
  readonly name: string
  readonly file: string
  readonly target: string
  readonly task: 'classification' | 'regression'
  readonly results: Readonly<Record<string, { readonly score: number | null }>>
}

const [folder, preset = 'realmlp-small', ...names] = process.argv.slice(2)
const references: readonly Reference[] = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'))
const isTest = (row: number) => (Math.imul(row, 2654435761) >>> 0) / 2 ** 32 < 0.2

for (const { name, file, target, task, results } of references) {
  if (names.length > 0 && !names.includes(name)) continue
  const table = await readTable(join(folder, file))
  // without embeddings every category is a column
  const limit = preset === 'realmlp' ? {} : { oneHotLimit: 2 ** 16 }
  const prepared = prepare(table, { target, task, test: isTest, ...limit })
  const { encoder, test } = prepared
  if (!test) continue
  const started = performance.now()
  const { model } = await trainTabular(prepared, { preset: preset as Preset })
  const seconds = (performance.now() - started) / 1000
  let score = 0
  if (encoder.target.task === 'classification') score = model.evaluate(test.x, test.y).accuracy
  else {
    const { mean, standardDeviation } = encoder.target
    const predicted = encoder.decode(model.predict(test.x))
    const center = Array.from(test.y).reduce((sum, value) => sum + value, 0) / test.y.length
    let [squares, spread] = [0, 0]
    for (const [row, value] of test.y.entries()) {
      squares += ((Number(predicted[row]) - mean) / standardDeviation - value) ** 2
      spread += (value - center) ** 2
    }
    score = 1 - squares / spread
  }
  const others = Object.entries(results).map(([program, result]) => `${program} ${result.score}`)
  console.log(`${name}: ${score.toFixed(4)} in ${seconds.toFixed(1)} s; ${others.join(', ')}`)
  model.close()
}
