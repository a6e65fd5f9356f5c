import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dictionary, Markers, NumberReader } from '../../../src/data/table/bytes.ts'
import { dateOf, numberOf, trimCell } from '../../../src/data/table/values.ts'

const encoder = new TextEncoder()

test('values: numbers are decimal and finite', () => {
  for (const [text, value] of [
    ['1', 1],
    ['-2.50', -2.5],
    ['+.5', 0.5],
    ['7.', 7],
    ['1e-3', 0.001],
    ['-0', 0],
    ['007', 7],
  ] as const) {
    assert.ok(Object.is(numberOf(text), value), text)
  }
  for (const text of ['', '.', '-', '1 2', '0x10', 'Infinity', 'NaN', '1e999', '1,5', '1e', '٣', '--1', '1.2.3']) {
    assert.ok(Number.isNaN(numberOf(text)), text)
  }
  assert.is(trimCell(' \t\u0000x y\r '), 'x y')
})

test('values: numbers are read from bytes as from text, to the bit', () => {
  const reader = new NumberReader()
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 24 }).map((list) => list.join(''))
  const any = fc.oneof(
    fc.double({ noNaN: true }).map(String),
    fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value.toFixed(20)),
    fc.integer().map((value) => (value / 64).toString()),
    fc.tuple(digits, fc.constantFrom('.', '', '-', 'e', '+', 'e-'), digits).map((parts) => parts.join('')),
    fc.string(),
  )
  // half-way between two neighbours, and a hair off
  const hard = [
    '9007199254740993',
    '9007199254740992.99',
    '9007199254740993.01',
    '4503599627370497.5',
    '0.5000000000000001110',
  ]
  const check = (given: string) => {
    const text = trimCell(given)
    const bytes = encoder.encode(text)
    reader.canonical = false
    const value = reader.read(bytes, 0, bytes.length)
    assert.ok(Object.is(value, numberOf(text)), `${text}: ${value}`)
    // longer ones may be digits that a float64 does not keep
    if (!Number.isNaN(value) && reader.canonical && text.replaceAll(/\D|^[-0.]+/g, '').length <= 15)
      assert.is(String(value), text)
  }
  hard.forEach(check)
  fc.assert(fc.property(any, check), { numRuns: 20_000 })
})

test('values: dates of ISO 8601', () => {
  const at = (...parts: [number, number, number?, number?, number?, number?, number?]) => Date.UTC(...parts)
  for (const [text, milliseconds] of [
    ['2024-02-29', at(2024, 1, 29)],
    ['2024-02', at(2024, 1, 1)],
    ['2024-01-02T03:04', at(2024, 0, 2, 3, 4)],
    ['2024-01-02 03:04:05', at(2024, 0, 2, 3, 4, 5)],
    ['2024-01-02t03:04:05.6789z', at(2024, 0, 2, 3, 4, 5, 678)],
    ['2024-01-02T03:04:05+02:30', at(2024, 0, 2, 0, 34, 5)],
    ['2024-01-02T03:04:05 -0100', at(2024, 0, 2, 4, 4, 5)],
    ['1969-12-31T23:59:59Z', -1000],
    ['0001-01-01', -62135596800000],
  ] as const) {
    assert.is(dateOf(text), milliseconds, text)
  }
  const none = '2023-02-29 2024-13-01 2024-00-01 2024-1-2 20240102 2024-01-02T25:00 2024-01-02T00:60 2024-01-02Z x 2024'
  for (const text of [...none.split(' '), '2024-01-02T00:00:60Z', '2024-01-02 ', '2024-01-01T00:00+24:00', '']) {
    assert.ok(Number.isNaN(dateOf(text)), text)
  }
  fc.assert(
    fc.property(fc.date({ min: new Date(at(1, 0)), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      assert.is(dateOf(date.toISOString()), date.getTime())
    }),
  )
})

test('values: a dictionary numbers texts as a map does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 3 }), { maxLength: 400 }),
      fc.integer({ min: 0, max: 60 }),
      (texts, most) => {
        const dictionary = new Dictionary(most)
        const map = new Map<string, number>()
        for (const text of texts) {
          if (!map.has(text) && map.size < most) map.set(text, map.size)
          const bytes = encoder.encode(`<${text}>`)
          assert.is(dictionary.numberOf(bytes, 1, bytes.length - 1), map.get(text) ?? -1)
        }
        assert.is(dictionary.texts.length, map.size)
      },
    ),
  )
})

test('values: a dictionary of many texts', () => {
  const dictionary = new Dictionary(2 ** 16)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 2 ** 16; i++) {
      const bytes = encoder.encode(`${i}`)
      assert.is(dictionary.numberOf(bytes, 0, bytes.length), i)
    }
  }
  assert.is(dictionary.numberOf(encoder.encode('x'), 0, 1), -1)
})

test('values: markers of missing values', () => {
  const markers = new Markers(['', 'NA', '?', '-9'])
  for (const [text, is] of [
    ['', true],
    ['NA', true],
    ['N', false],
    ['na', false],
    ['-9', true],
  ] as const) {
    assert.is(markers.has(encoder.encode(text), 0, text.length), is, text)
  }
  assert.ok(markers.numeric)
  assert.not(new Markers(['', 'NA']).numeric)
})

test.run()
