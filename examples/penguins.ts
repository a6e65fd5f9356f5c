// Three species of penguins from a table with words and missing cells, and the words of a new one through the model's own bytes.
// The same from a shell: npx fourlane train penguins.csv --target species --test 0.2 --report penguins.html
import { prepare, readTable, trainTabular } from 'fourlane/table'
import { tablePredictorFromBytes } from 'fourlane/table/predict'
import { dataFile } from './data.ts'

const table = await readTable(dataFile('penguins.csv'))
for (const { name, type, missing } of table.columns) {
  console.log(`${name.padEnd(18)} ${type.padEnd(9)} ${missing > 0 ? `${missing} missing` : ''}`)
}

const prepared = prepare(table, { target: 'species', test: 0.2, seed: 1 })
const { encoder, test } = prepared
const { model, histories } = await trainTabular(prepared, { seed: 1, epochs: 64 })
console.log(
  `${encoder.columns.length} columns became ${encoder.width}; trained for ${histories[0].epoch.length} epochs`,
)
if (test) console.log(`test accuracy ${model.evaluate(test.x, test.y).accuracy.toFixed(4)}`)

const predictor = tablePredictorFromBytes(model.toBytes())
const found = {
  island: 'Biscoe',
  bill_length_mm: 46.1,
  bill_depth_mm: 13.2,
  flipper_length_mm: 211,
  body_mass_g: null,
  sex: 'female',
  year: 2009,
}
console.log(`with a bill of 46.1 mm on Biscoe: ${predictor.predict([found])}`)
