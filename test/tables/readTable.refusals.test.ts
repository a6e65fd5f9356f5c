// What readTable refuses, and that it lets go of the source.
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readTable } from '../../src/entries/table.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rejects } from '../support/refuses.ts'

test('readTable: errors name line and column', async () => {
  const refused = async (source: string, message: string, options = {}) => {
    await rejects(readTable(source, options), RangeError, `readTable: ${message}`)
  }
  await refused('a,b\n1,2\n3\n', 'line 3 has 1 columns, expected 2')
  await refused('a,b\n1,"2\n"\n1,2,3\n', 'line 4 has 3 columns, expected 2')
  await refused('a,b\n1,x\n', 'line 2, column 2 ("b") holds "x", expected a number', { types: { b: 'number' } })
  await refused('a,b\n1,2020-02-30\n', 'line 2, column 2 ("b") holds "2020-02-30", expected a date', {
    types: { b: 'date' },
  })
  await refused('a,b,a\n1,2,3\n', 'columns 1 and 3 are both named "a"; rename one')
  await refused('\n\n', 'the table is empty')
  await refused('a,b\n', 'the table has a header (a, b) and no rows')
  await refused('a,b\n"1,2\n', 'line 2: a quote is opened but never closed')
  await refused('age,b\n1,2\n', '"types" names "aeg", a column that there is not; did you mean "age"?', {
    types: { aeg: 'number' },
  })
  await refused(`${'a,'.repeat(2 ** 14)}b\n`, 'line 1 has more than 16384 columns; is "delimiter" right?')
  await refused('PK\u0003\u0004\n', 'the file is a zip file or a workbook; save it as CSV')
  await refused('a\n\0\n', 'the file is no text: there are zero bytes in it')
  await rejects(readTable(Uint8Array.of(0xff, 0xfe, 97, 0)), RangeError, 'text in UTF-16; save it as UTF-8')
  await rejects(
    readTable(Uint8Array.from([97, 10, 120, 0xe9, 10])),
    RangeError,
    'readTable: line 2, column 1 ("a") is not UTF-8; save the file with that encoding',
  )
  await rejects(readTable(new Uint8Array(0)), RangeError, 'readTable: the table is empty')
  await rejects(readTable(join(temporaryFolder(), 'none.csv')), Error, 'ENOENT')
})

test('readTable: options and sources that are none', async () => {
  await rejects(
    readTable('a\n1', { delimeter: ';' } as object),
    TypeError,
    'unknown option "delimeter"; did you mean "delimiter"?',
  )
  for (const delimiter of ['', ', ', 'é', '"', '\n']) {
    await rejects(readTable('a\n1', { delimiter }), RangeError, '"delimiter" must be one ASCII character')
  }
  await rejects(readTable('a\n1', { types: { a: 'integer' as never } }), RangeError, 'unknown types["a"] "integer"')
  await rejects(readTable('a\n1', { missing: '' as never }), TypeError, '"missing" must be an array of texts')
  await rejects(readTable('a\n1', { header: 1 as never }), TypeError, '"header" must be true or false')
  await rejects(readTable(5 as never), TypeError, '"source" must be a path, a text, bytes or a stream, got 5')
  await rejects(readTable([['a']] as never), TypeError, '"source" must be')
  await rejects(readTable([1].values() as never), TypeError, '"source[0]" must be a Uint8Array')
  await rejects(readTable(new Response('', { status: 404 })), Error, 'the response is 404')
})

test('readTable: packed files that are damaged, or too large', async () => {
  const packed = gzipSync(`a,b\n${'1,2\n'.repeat(500_000)}`)
  await rejects(readTable(packed.subarray(0, 1000)), RangeError, 'readTable: the gzip file is damaged or cut short')
  await rejects(readTable(packed, { maximumBytes: 1e6 }), RangeError, 'unpacks to more than "maximumBytes", 1000000')
  assert.is((await readTable(packed)).rows, 500_000)
  const failing = async function* () {
    yield packed.subarray(0, 100)
    throw new Error('the disk is gone')
  }
  await rejects(readTable(failing()), Error, 'the disk is gone')
})

test('readTable: a source is closed when it is refused', async () => {
  let closed = 0
  async function* endless() {
    try {
      yield 'a,b\n'
      for (;;) yield '1,2\n3\n'.repeat(10_000)
    } finally {
      closed++
    }
  }
  await rejects(readTable(endless()), RangeError, 'line 3 has 1 columns')
  assert.is(closed, 1)
  const stream = Readable.from(endless())
  await rejects(readTable(stream), RangeError, 'line 3 has 1 columns')
  assert.ok(stream.destroyed)
})

test('readTable: a source is closed when its first bytes are refused', async () => {
  const zeros = new Uint8Array(100_000)
  for (const start of [zeros, gzipSync(zeros)]) {
    let closed = 0
    async function* endless() {
      try {
        yield start
        for (;;) yield zeros
      } finally {
        closed++
      }
    }
    await rejects(readTable(endless()), RangeError, 'the file is no text: there are zero bytes in it')
    assert.is(closed, 1)
  }
})

test.run()
