// Three species of penguins from a table with words and missing cells, and the words of a new one through the model's own bytes.
import { modelFromBytes } from 'fourlane'
import { encoderFromJSON, prepare, presetFit, readTable, tabular } from 'fourlane/table'
import { dataFile } from './data.ts'

const table = await readTable(dataFile('penguins.csv'))
for (const { name, type, missing } of table.columns) {
  console.log(`${name.padEnd(18)} ${type.padEnd(9)} ${missing > 0 ? `${missing} missing` : ''}`)
}

const { x, y, encoder, test } = prepare(table, { target: 'species', test: 0.2, seed: 1 })
const model = tabular({ encoder, preset: 'mlp', seed: 1 })
const { epoch } = await model.fit(x, y, presetFit(encoder, 'mlp'))
console.log(`${encoder.columns.length} columns became ${encoder.width}; trained for ${epoch.length} epochs`)
if (test) console.log(`test accuracy ${model.evaluate(test.x, test.y).accuracy.toFixed(4)}`)

const served = modelFromBytes(model.toBytes())
const { encoder: saved } = served.metadata as { encoder: unknown }
const known = encoderFromJSON(saved)
const found = {
  island: 'Biscoe',
  bill_length_mm: 46.1,
  bill_depth_mm: 13.2,
  flipper_length_mm: 211,
  body_mass_g: null,
  sex: 'female',
  year: 2009,
}
console.log(`with a bill of 46.1 mm on Biscoe: ${known.decode(served.predictClasses(known.transform([found])))}`)
