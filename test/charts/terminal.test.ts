import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { confusionTable, drawImage, plot } from '../../src/charts/terminal.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes begin with one
const CODES = /\x1b\[\d+m/g

test('terminal: plot draws a falling line from corner to corner', () => {
  const chart = plot({ loss: Array.from({ length: 33 }, (_, i) => 32 - i) }, { width: 24, height: 4 })
  const lines = chart.split('\n')
  assert.is(lines.length, 7)
  // 20 cells: 40 by 16 dots, from (0, 0), (1, 0), (2, 1), (3, 1) to (38, 15), (39, 15)
  assert.is(lines[0].slice(0, 6), '32 ┤⠉⠒')
  assert.match(lines[3], /^ 0 ┤ {14,}\S+⣀$/)
  assert.is(lines[3].length, 24)
  assert.is(lines[1], lines[1].trimEnd())
  assert.match(lines[1], /^16 ┤/)
  assert.is(lines[4], `   └${'─'.repeat(20)}`)
  assert.is(lines[5], `    1${'33'.padStart(19)}`)
  assert.is(lines[6], '    loss 0')
})

test('terminal: plot is exact in a small case', () => {
  // 24 - 3 - 2 = 19 cells; a constant 1 sits in the middle of its margins
  const flat = plot({ a: [1, 1] }, { width: 24, height: 2 }).split('\n')
  assert.is(flat[0], '1.5 ┤')
  assert.is(flat[1], `0.5 ┤${'⠉'.repeat(19)}`)
  // a gap where a value is missing: dots only at the ends
  const gap = plot({ a: [1, Number.NaN, 2] }, { width: 24, height: 2 }).split('\n')
  assert.is(gap[0], `  2 ┤${' '.repeat(18)}⠈`)
  assert.is(gap[1], '  1 ┤⡀')
})

test('terminal: plot keeps its width and colours its series', () => {
  const series = { loss: [3, 2, 1], val_loss: [3.5, 2.5, 2] }
  for (const width of [24, 50, 100]) {
    const chart = plot(series, { width })
    for (const line of chart.split('\n').slice(0, -1)) assert.ok(line.length <= width)
  }
  const coloured = plot(series, { colour: true })
  assert.ok(coloured.includes('\x1b[36m━━\x1b[39m loss 1   \x1b[33m━━\x1b[39m val_loss 2'))
  const plain = plot(series)
  assert.is(coloured.replaceAll(CODES, '').replaceAll('━━ ', ''), plain)
})

test('terminal: plot refuses what cannot be drawn', () => {
  assert.throws(() => plot({}), /plot: "series" has no finite values/)
  assert.throws(() => plot({ a: [Number.NaN] }), /plot: "series" has no finite values/)
  assert.throws(() => plot({ a: [1] }, { width: 10 }), /plot: "width" must be a whole number at least 24, got 10/)
  assert.throws(() => plot({ a: [1] }, { colour: true, heigth: 3 } as object), /did you mean "height"/)
})

test('terminal: confusionTable', () => {
  const table = [
    'true \\ predicted  cat  dog  recall',
    '──────────────────────────────────',
    'cat                12    3   80.0%',
    'dog                 ·    ·       -',
  ]
  assert.is(
    confusionTable(
      [
        [12, 3],
        [0, 0],
      ],
      ['cat', 'dog'],
    ),
    table.join('\n'),
  )
  assert.is(confusionTable(Float64Array.of(12, 3, 0, 0), ['cat', 'dog']), table.join('\n'))
  assert.match(
    confusionTable([
      [1, 0],
      [0, 1],
    ]),
    /^true \\ predicted {2}0 {2}1 {2}recall\n/,
  )
  assert.throws(() => confusionTable([1, 2, 3]), /confusionTable: "matrix" must be square, got 3 counts/)
  assert.throws(() => confusionTable([]), /must be square, got 0 counts/)
  assert.throws(() => confusionTable([1, 2, 3, 4], ['a']), /1 labels for 2 classes/)
  assert.throws(() => confusionTable([1, -2, 3, 4]), /"matrix" must be a finite number at least 0, got -2/)
})

test('terminal: drawImage', () => {
  assert.is(drawImage([0, 4, 8, 12, 16, 99], 3, 2, { maximum: 16 }), '  ░░▒▒\n▓▓████')
  assert.is(drawImage([0, 1, -1, Number.NaN], 2, 2), '  ██\n    ')
  assert.throws(() => drawImage([1, 2, 3], 2, 2), /drawImage: "pixels" has 3 values, expected 4 \(2 x 2\)/)
  assert.throws(() => drawImage([1], 1, 1, { maximum: 0 }), /"maximum" must be a finite number greater than 0/)
})

test.run()
