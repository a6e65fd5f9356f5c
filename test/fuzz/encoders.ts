/** Tables of text and words, and encoders: what is read must be encoded, the same again after a file. */
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { type Encoder, encoderFromJSON, prepare, readTable } from '../../src/entries/table.ts'
import { type Dice, damage } from './dice.ts'
import { mutate, write } from './json.ts'
import type { Target } from './target.ts'

const CELLS = {
  number: [
    '1',
    '-2.5',
    '1e3',
    ' 7 ',
    '007',
    '0.30000000000000004',
    '123456789012345678901234',
    '1e308',
    '-1e308',
    '5e-324',
  ],
  word: ['yes', 'no', 'maybe', '"a,b"', '"a""b"', 'é', '日本', 'constructor', '__proto__'],
  date: ['2024-01-02', '2024-02-29T12:30', '1969-12-31T23:59:59.5Z', '2024-01-02 03:04:05 +01:00', '9999-12-31'],
  missing: ['', 'NA', '?', 'null', '""'],
  odd: ['"', '"1"2', '\u0000', '\ufeff', '0x1', '1e999', '2024-13-01', ',', '\r', '"x\ny"'],
}
const NAMES = ['a', 'b', 'y', '__proto__', 'constructor', 'toString', '', '"x ""y"""', 'a very long name '.repeat(20)]

function makeText(dice: Dice): string {
  const delimiter = dice.of([',', ',', ';', '\t'])
  const end = dice.of(['\n', '\r\n', '\r'])
  const isWide = dice.chance(0.02)
  const columns = 1 + dice.below(isWide ? 8000 : 7)
  const rows = dice.below(isWide ? 3 : dice.of([3, 30, 300]))
  const rare = dice.of([0, 0, 0, 0.001, 0.2])
  const kinds = Array.from({ length: columns }, () => dice.of(['number', 'word', 'date', 'number', 'word'] as const))
  const name = (c: number) => (dice.chance(0.95) || isWide ? `c${c}` : dice.of(NAMES))
  const cell = (c: number) => {
    const kind = dice.chance(0.1) ? 'missing' : dice.chance(rare) ? 'odd' : kinds[c]
    return kind === 'word' && dice.chance(0.3) ? `w${dice.below(20)}` : dice.of(CELLS[kind])
  }
  const line = (of: (c: number) => string) => Array.from({ length: columns }, (_, c) => of(c)).join(delimiter)
  return [line(name), ...Array.from({ length: rows }, () => line(cell))].join(end) + dice.of(['', end, end + end])
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export const table: Target = {
  make(dice) {
    let bytes = new TextEncoder().encode(makeText(dice))
    if (dice.chance(0.3)) bytes = new Uint8Array(damage(dice, bytes))
    const { length } = bytes
    if (dice.chance(0.1)) bytes = new Uint8Array(gzipSync(bytes))
    const size = dice.of([1e6, 1e6, 1000, 7])
    const at = dice.below(8)
    const test = dice.of([undefined, 0.3, 1])
    return {
      size: length,
      async run() {
        const read = await readTable(inPieces(bytes, length > 1e5 ? 1e6 : size))
        const fit = read.columns.filter(({ type }) => type === 'number' || type === 'category')
        const target = (fit.length > 0 ? fit : read.columns)[at % (fit.length || 1)].name
        const { x, encoder } = prepare(read, { target, ...(test !== undefined && { test }) })
        checkEncoded(encoder, x)
        const again = encoderFromJSON(JSON.parse(JSON.stringify(encoder)))
        assert.ok(sameBits(again.transform(read), encoder.transform(read)), 'after a file, other values')
      },
    }
  },
  ours: /^(readTable|prepare): /,
}

function checkEncoded(encoder: Encoder, x: Float32Array): void {
  const { outputs, width } = encoder
  assert.is(x.length % width, 0)
  for (const [i, value] of x.entries()) {
    const { categories } = outputs[i % width]
    if (categories === undefined) assert.ok(Math.abs(value) <= 3, `${value}`)
    else assert.ok(Number.isInteger(value) && value >= -1 && value < categories)
  }
}

const sameBits = (a: Float32Array, b: Float32Array): boolean => Buffer.from(a.buffer).equals(Buffer.from(b.buffer))

const ROWS = [
  { n: 1, w: 'p', k: 'w3', d: '2024-01-02', y: 'a' },
  { n: null, w: 'q', k: 'w4', d: null, y: 'b' },
]
let known: readonly Encoder[] | undefined

async function corpus(): Promise<readonly Encoder[]> {
  const lines = Array.from(
    { length: 30 },
    (_, i) => `${i % 4 ? i : ''},${'pqr'[i % 2]},w${i % 12},2024-01-${10 + (i % 9)},${'ab'[i % 2]},${i}`,
  )
  const read = await readTable(`n,w,k,d,y,z\n${lines.join('\n')}`)
  return [
    prepare(read, { target: 'y' }).encoder,
    prepare(read, { target: 'z' }).encoder,
    prepare(read, { target: 'y', oneHotLimit: 20 }).encoder,
  ]
}

export const encoder: Target = {
  make(dice) {
    const which = dice.below(3)
    const isFile = dice.chance(0.6)
    // their sizes are known before the encoders are made
    return {
      size: 1e5,
      async run() {
        known ??= await corpus()
        const json = JSON.parse(JSON.stringify(known[which]))
        if (isFile) mutate(dice, json)
        const rows = structuredClone(ROWS) as object[]
        if (!isFile || dice.chance(0.3)) mutate(dice, rows)
        const read = encoderFromJSON(JSON.parse(write(json)))
        const given = JSON.parse(write(rows))
        const x = read.transform(given)
        checkEncoded(read, x)
        assert.equal(JSON.parse(JSON.stringify(encoderFromJSON(read.toJSON()))), JSON.parse(JSON.stringify(read)))
      },
    }
  },
  ours: /^(encoderFromJSON|encoder\.transform): /,
}
