/** A table with a column of every kind, holes and words that training did not have, for whoever runs the encoder elsewhere. */
import type { RawRow } from '../../src/tables/rows.ts'

const NUMBER = [3, '', -20, 4.5, 1e300, 7, 8.25, 2, 5, 6, 3.5, '']
const DATES = ['2024-02-29', '1969-12-31', '', '2000-03-01', '1900-01-01', '2026-11-30T12:00:00.5+01:00', '0004-02-29']
const SIZES = ['small', 'large', '', 'small', 'small', 'huge']
const COLORS = ['red', 'green', 'blue', 'red', '', 'violet']
const TOWNS = Array.from({ length: 11 }, (_, i) => `town ${i}, "${'é'.repeat(i)}"`)

/** Rows of training: no word is new. */
export const trainingRows: readonly string[] = Array.from({ length: 44 }, (_, i) => {
  const cells = [
    NUMBER[i % 12],
    7,
    `"${DATES[i % 7]}"`,
    SIZES[i % 5],
    COLORS[i % 5],
    `"${TOWNS[i % 11].replaceAll('"', '""')}"`,
    i % 3,
  ]
  return [...cells, i % 4, 10 + 3 * (i % 7)].join()
})
export const header = 'MatMul,x,constant/1,size,color,town,y,label,price'

/** Rows to come. */
export const newRows: readonly RawRow[] = Array.from({ length: 13 }, (_, i) => ({
  MatMul: NUMBER[(i * 5) % 12],
  x: i === 3 ? 8 : 7,
  'constant/1': DATES[(i * 3) % 7],
  size: SIZES[i % 6],
  color: COLORS[i % 6],
  town: i % 4 === 1 ? 'elsewhere' : TOWNS[i % 11],
  y: i % 3,
  label: String(i % 5),
  price: 9 + i,
}))
