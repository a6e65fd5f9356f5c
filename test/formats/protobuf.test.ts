// Protocol buffers: round trips, the bytes of the specification's examples, and rejection of damaged data.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MessageReader, MessageWriter, NumberList } from '../../src/formats/protobuf.ts'
import { refuses } from '../support/refuses.ts'

const fail = (text: string) => new RangeError(`test: ${text}`)
const reader = (...bytes: number[]) => new MessageReader(Uint8Array.from(bytes), fail)

test('the examples of the specification', () => {
  assert.equal([...new MessageWriter().int(1, 150).finish()], [0x08, 0x96, 0x01])
  assert.equal([...new MessageWriter().text(2, 'testing').finish()], [0x12, 7, ...new TextEncoder().encode('testing')])
  const inner = new MessageWriter().int(1, 150)
  assert.equal([...new MessageWriter().message(3, inner).finish()], [0x1a, 3, 0x08, 0x96, 0x01])
  const packed = reader(0x32, 6, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05)
  const numbers = new NumberList()
  assert.ok(packed.next())
  packed.numbers('varint', numbers)
  assert.equal([...numbers.values], [3, 270, 86942])
})

const INTEGERS = [0, 1, 127, 128, 2 ** 31, 2 ** 49 - 1, 2 ** 49, 2 ** 53 - 1, -1, -128, -(2 ** 53) + 1]
for (const value of INTEGERS) {
  test(`the integer ${value} is read as it was written`, () => {
    const read = new MessageReader(new MessageWriter().int(5, value).finish(), fail)
    assert.ok(read.next())
    assert.is(read.field, 5)
    assert.is(read.int(), value)
    assert.not(read.next())
  })
}

test('messages in messages, with fields of all types, of which some are passed over', () => {
  const inner = new MessageWriter().float(1, 0.5).text(2, 'é').bytes(3, Uint8Array.of(1, 2))
  const bytes = new MessageWriter().int(9, 7).message(1, inner).float(8, 3).text(7, 'skipped').finish()
  const outer = new MessageReader(bytes, fail)
  const found: unknown[] = []
  while (outer.next()) {
    if (outer.field !== 1) {
      outer.skip()
      continue
    }
    const read = outer.message()
    while (read.next()) found.push(read.field === 1 ? read.float() : read.field === 2 ? read.text() : [...read.bytes()])
  }
  assert.equal(found, [0.5, 'é', [1, 2]])
})

test('repeated numbers, packed, one by one, and both', () => {
  const read = reader(0x08, 5, 0x0a, 2, 6, 7, 0x08, 8)
  const numbers = new NumberList()
  while (read.next()) read.numbers('varint', numbers)
  assert.equal([...numbers.values], [5, 6, 7, 8])
  const floats = new NumberList()
  const bytes = new Uint8Array([0x0a, 8, ...new Uint8Array(Float32Array.of(0.5, -2).buffer)])
  const packed = new MessageReader(bytes, fail)
  while (packed.next()) packed.numbers('float', floats)
  assert.equal([...floats.values], [0.5, -2])
})

test('many numbers one by one take time in proportion', () => {
  const bytes = new Uint8Array(2e6).map((_, i) => (i % 2 ? 1 : 8))
  const read = new MessageReader(bytes, fail)
  const numbers = new NumberList()
  const started = performance.now()
  while (read.next()) read.numbers('varint', numbers)
  assert.is(numbers.values.length, 1e6)
  assert.ok(performance.now() - started < 2000)
})

const int = (read: MessageReader) => read.next() && read.int()
const text = (read: MessageReader) => read.next() && read.text()
const DAMAGED: Record<string, [bytes: number[], read: (reader: MessageReader) => unknown, says: string]> = {
  'a number that is cut short': [[0x08, 0x96], int, 'a value that is cut short'],
  'a number of eleven bytes': [[0x08, ...new Array(10).fill(0x80), 1], int, 'more than ten bytes'],
  'a chunk longer than the file': [[0x0a, 5, 1], text, '5 bytes where 1 are left'],
  'a chunk of 2^31 bytes': [[0x0a, 0x80, 0x80, 0x80, 0x80, 8], text, '2147483648 bytes where 0 are left'],
  'a chunk of a negative length': [[0x0a, ...new Array(9).fill(0xff), 1], text, '-1 bytes'],
  'a field without a number': [[0x00, 1], int, 'a field without a number'],
  'a field number beyond the limit': [[0x80, 0x80, 0x80, 0x80, 0x10, 1], int, 'a field without a number'],
  'a group, as nobody writes any more': [[0x0b, 1], (read) => read.next() && read.skip(), 'field 1 of another type'],
  'text where a number is expected': [[0x0a, 1, 65], int, 'field 1 of another type'],
  'a number where text is expected': [[0x08, 65], text, 'field 1 of another type'],
  'text that is not UTF-8': [[0x0a, 1, 0xff], text, 'a text that is not UTF-8'],
  'a float that is cut short': [[0x0d, 1, 2, 3], (read) => read.next() && read.float(), 'a value that is cut short'],
  'packed floats that do not end with one': [
    [0x0a, 5, 1, 2, 3, 4, 5],
    (read) => read.next() && read.numbers('float', new NumberList()),
    'a value that is cut short',
  ],
  'packed numbers that do not end': [
    [0x0a, 2, 1, 0x80],
    (read) => read.next() && read.numbers('varint', new NumberList()),
    'a value that is cut short',
  ],
}
for (const [name, [bytes, read, says]] of Object.entries(DAMAGED)) {
  test(`refused: ${name}`, () => refuses(() => read(reader(...bytes)), RangeError, says))
}

test('an inner message does not read what comes after it', () => {
  const read = reader(0x0a, 2, 0x08, 0x80, 0x01)
  assert.ok(read.next())
  const inner = read.message()
  assert.ok(inner.next())
  refuses(() => inner.int(), RangeError, 'a value that is cut short')
})
test.run()
