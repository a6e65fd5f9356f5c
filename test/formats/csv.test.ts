import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCsv } from '../../src/formats/csv.ts'

test('csv: a table with a header', () => {
  const { columns, values, rows } = readCsv('length,width\n5.1,3.5\n4.9,-3e-1\n')
  assert.equal(columns, ['length', 'width'])
  assert.is(rows, 2)
  assert.instance(values, Float32Array)
  assert.equal([...values], [5.1, 3.5, 4.9, -0.3].map(Math.fround))
})

test('csv: without a header, with other delimiters and line ends', () => {
  assert.equal(readCsv('1,2\n3,4', { header: false }), {
    columns: ['1', '2'],
    values: Float32Array.of(1, 2, 3, 4),
    rows: 2,
  })
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['\ufeffa;b', '', '1; 2 ', '', '+3;.4', '', ''].join(end)
    const { columns, values } = readCsv(text, { delimiter: ';' })
    assert.equal(columns, ['a', 'b'])
    assert.equal([...values], [1, 2, 3, Math.fround(0.4)])
  }
  assert.equal([...readCsv('1\t2', { header: false, delimiter: '\t' }).values], [1, 2])
})

test('csv: quotes', () => {
  const text = '"a, ""b""","c\nd"\n"1","2.5"\r\n3,"4"'
  const { columns, values } = readCsv(text)
  assert.equal(columns, ['a, "b"', 'c\nd'])
  assert.equal([...values], [1, 2.5, 3, 4])
})

test('csv: what is written comes back', () => {
  const name = fc.string({ unit: 'grapheme' }).map((text) => text.trim())
  const table = fc.integer({ min: 1, max: 5 }).chain((cols) =>
    fc.record({
      names: fc.array(name, { minLength: cols, maxLength: cols }),
      rows: fc.array(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: cols, maxLength: cols }),
        { minLength: 1 },
      ),
    }),
  )
  fc.assert(
    fc.property(table, fc.boolean(), ({ names, rows }, quoted) => {
      const header = names.map((text) => `"${text.replaceAll('"', '""')}"`).join()
      const lines = rows.map((row) => row.map((value) => (quoted ? `"${value}"` : `${value}`)).join())
      const read = readCsv([header, ...lines].join('\n'))
      assert.equal(read.columns, names)
      assert.is(read.rows, rows.length)
      // text has no negative zero
      assert.equal(
        [...read.values],
        rows.flat().map((value) => value + 0),
      )
    }),
  )
})

test('csv: errors name line and column', () => {
  const refuses = (text: string, message: string, options = {}) =>
    assert.throws(
      () => readCsv(text, options),
      (error: Error) => {
        assert.is(error.message, message)
        assert.instance(error, RangeError)
        return true
      },
    )
  refuses('a,b\n1,2\n3,x', 'readCsv: line 3, column 2 ("b") holds "x", expected a finite number')
  refuses('a,b\n\n"1\n",,2', 'readCsv: line 4, column 2 ("b") is empty, expected a finite number')
  refuses('1,2\n3,', 'readCsv: line 2, column 2 is empty, expected a finite number', { header: false })
  for (const bad of ['NaN', 'Infinity', '1e39', '0x10', '0b1', '1 2', '1_000', '--1', 'true']) {
    refuses(`a\n${bad}`, `readCsv: line 2, column 1 ("a") holds "${bad}", expected a finite number`)
  }
  refuses('a,b\n1,2\n3', 'readCsv: line 3 has 1 columns, expected 2')
  refuses('a,b\n1,2,3', 'readCsv: line 2 has 3 columns, expected 2')
  refuses('a\n1\n"2', 'readCsv: line 3: a quote is opened but never closed')
  refuses('a\n"1"2', 'readCsv: line 2: text after a closing quote')
  refuses('a,b\n', 'readCsv: the text has no rows of numbers')
  refuses('', 'readCsv: the text has no rows of numbers')
  refuses('1', 'readCsv: "delimiter" must be one character, not a quote or a line break, got ", "', { delimiter: ', ' })
  assert.throws(() => readCsv(new Uint8Array(1) as never), /"text" must be a string/)
  assert.throws(() => readCsv('1', { separator: ';' } as object), /readCsv: unknown option "separator"/)
})

test('csv: a table is not as wide as its file is long', () => {
  const line = (columns: number) => '1,'.repeat(columns - 1).concat('1')
  assert.is(readCsv(line(2 ** 20), { header: false }).columns.length, 2 ** 20)
  for (const header of [false, true]) {
    assert.throws(
      () => readCsv(line(2 ** 20 + 1), { header }),
      /readCsv: the first line has more than 1048576 columns; is "delimiter" right\?/,
    )
  }
})

test.run()
