// Joins the parts, once all are there: `node collect.mjs OUTPUT-FOLDER PARTS scores.npy`.
import { readFileSync } from 'node:fs'
import { readNpy, writeNpy } from 'fourlane/formats'
import { isDone, pathOf, writeWhole } from './parts.mjs'

const [, , folder, parts, output] = process.argv
const count = Number(parts)
const paths = Array.from({ length: count }, (_, index) => pathOf(folder, index, count))
const missing = paths.filter((path) => !isDone(path))
if (missing.length > 0) {
  console.error(`${missing.length} of ${count} parts are not there yet, ${missing[0]} among them`)
  process.exit(1)
}
const pieces = paths.map((path) => readNpy(readFileSync(path)))
const rows = pieces.reduce((sum, { shape }) => sum + shape[0], 0)
const columns = pieces[0].shape[1]
const data = new Float32Array(rows * columns)
let at = 0
for (const piece of pieces) {
  data.set(piece.data, at)
  at += piece.data.length
}
writeWhole(output, writeNpy({ data, shape: [rows, columns] }))
console.log(`${rows} rows in ${output}`)
