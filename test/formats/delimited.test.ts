import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DelimitedReader, guessDelimiter } from '../../src/formats/delimited.ts'
import { cutRows } from '../oracles/delimited.ts'
import { refusesExactly } from '../support/refuses.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** All cells by row, with the lines they begin on, read in pieces of so many bytes. */
function read(text: string, delimiter = ',', piece = 2 ** 20): { rows: string[][]; lines: number[] } {
  const rows: string[][] = []
  const lines: number[] = []
  let row: string[] = []
  const cells = {
    cell(bytes: Uint8Array, from: number, to: number, column: number, line: number) {
      assert.is(column, row.length)
      row.push(decoder.decode(bytes.subarray(from, to)))
      lines.push(line)
    },
    row(columns: number) {
      assert.is(columns, row.length)
      rows.push(row)
      row = []
    },
  }
  const reader = new DelimitedReader('read', delimiter.charCodeAt(0), cells, 1)
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.slice(at, at + piece))
  reader.end()
  assert.equal(row, [])
  return { rows, lines }
}

const unix = (rows: string[][]) => rows.map((row) => row.map((cell) => cell.replace(/\r\n|\r/g, '\n')))

test('delimited: a table, its line ends and its quotes', () => {
  assert.equal(read('a,b\r\n1,"x, ""y"""\n\n"p\nq",\r3,4').rows, [
    ['a', 'b'],
    ['1', 'x, "y"'],
    ['p\nq', ''],
    ['3', '4'],
  ])
  assert.equal(read('a,b\r\n1,"x"\n\n"p\r\nq",\r3,4').lines, [1, 1, 2, 2, 4, 5, 6, 6])
  for (const empty of ['', '\n', '\r\n\r\n', '\r\r']) assert.equal(read(empty).rows, [])
  assert.equal(read(',').rows, [['', '']])
  assert.equal(read('""').rows, [['']])
  assert.equal(read('a\n').rows, [['a']])
  assert.equal(read('1;2\t3', ';').rows, [['1', '2\t3']])
})

test('delimited: any text, in pieces of any size, is what the slow reader makes of it', () => {
  const part = fc.constantFrom(',', ';', '\n', '\r', '\r\n', '"', '""', '"a"', 'b', ' ', 'é', '日', '1.5', '"x\ny"')
  const text = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(''))
  let compared = 0
  fc.assert(
    fc.property(text, fc.constantFrom(',', ';'), fc.integer({ min: 1, max: 9 }), (given, delimiter, piece) => {
      let whole: ReturnType<typeof read>
      try {
        whole = read(given, delimiter)
      } catch (error) {
        // refused as a whole, refused in pieces
        assert.throws(
          () => read(given, delimiter, piece),
          (other: Error) => other.message === (error as Error).message,
        )
        return
      }
      compared++
      assert.equal(unix(whole.rows), cutRows(given, delimiter))
      assert.equal(read(given, delimiter, piece), whole)
    }),
    { numRuns: 2000 },
  )
  assert.ok(compared > 300)
})

test('delimited: cells that were quoted come back', () => {
  const cell = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 })),
      fc.integer({ min: 1, max: 20 }),
      (rows, piece) => {
        const lines = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join())
        assert.equal(read(lines.join('\r\n'), ',', piece).rows, rows)
      },
    ),
  )
})

test('delimited: errors name the line', () => {
  refusesExactly(() => read('a\n1\n"2'), RangeError, 'read: line 3: a quote is opened but never closed')
  refusesExactly(() => read('a\n"x\ny"2'), RangeError, 'read: line 3: text after a closing quote')
  const long = 'x'.repeat(2 ** 20 + 1)
  const message = 'read: line 2, column 2 is longer than 1048576 bytes; is a quote left open, or is this no table?'
  for (const piece of [2 ** 16, 2 ** 24]) {
    refusesExactly(() => read(`a,b\n1,${long}\n`, ',', piece), RangeError, message)
    refusesExactly(() => read(`a,b\n1,"${long}"\n`, ',', piece), RangeError, message)
  }
  assert.is(read(`a\n${long.slice(1)}`).rows[1][0].length, 2 ** 20)
})

test('delimited: a long cell in pieces is not begun anew with every one', () => {
  let cells = 0
  const reader = new DelimitedReader('read', 44, { cell: () => void cells++, row() {} })
  reader.push(encoder.encode('a\n"'))
  const piece = encoder.encode('x'.repeat(7))
  const began = performance.now()
  for (let at = 0; at < 2 ** 20 - 16; at += piece.length) reader.push(piece)
  reader.push(encoder.encode('"'))
  reader.end()
  assert.is(cells, 2)
  const milliseconds = performance.now() - began
  assert.ok(milliseconds < 5000, `${milliseconds} ms; anew with every one it takes a minute`)
})

test('delimited: the delimiter is guessed from the first lines', () => {
  const guess = (text: string) => String.fromCharCode(guessDelimiter(encoder.encode(text)))
  assert.is(guess('a,b,c\n1,2,3\n'), ',')
  assert.is(guess('a;b;c\n1,5;2,5;3,5\n'), ';')
  assert.is(guess('a\tb\n1,2\t3\n'), '\t')
  assert.is(guess('name, first;x\n"a;b;c";3\n'), ';')
  assert.is(guess('"a;b;c;d",x\n1,2\n'), ',')
  assert.is(guess('a\n1\n'), ',')
  assert.is(guess(''), ',')
  // the last line is cut
  assert.is(guess('a;b\n1;2\n3'), ';')
})

test.run()
