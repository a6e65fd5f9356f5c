/** CSV texts, IDX files and gzip. */
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { readCsv } from '../../src/formats/csv.ts'
import { gunzip, readIdx } from '../../src/formats/idx.ts'
import { type Dice, damage } from './dice.ts'
import type { Target } from './target.ts'

const CELLS = [
  '1',
  '-2.5',
  '1e3',
  '0.1',
  ' 7 ',
  '"3"',
  '""',
  '"a""b"',
  '',
  'x',
  'NaN',
  '1e39',
  '0x1',
  '"',
  '"1"2',
  '\u2028',
]

export const csv: Target = {
  make(dice) {
    const delimiter = dice.of([',', ';', '\t', ' ', 'é'])
    const end = dice.of(['\n', '\r\n', '\r'])
    const columns = 1 + dice.below(dice.chance(0.02) ? 5e4 : 6)
    const rare = dice.of([0, 0, 0.001, 0.2])
    const line = () =>
      Array.from({ length: columns }, () => (dice.chance(rare) ? dice.of(CELLS) : dice.of(CELLS.slice(0, 5))))
    const lines = Array.from({ length: 1 + dice.below(columns > 10 ? 3 : 20) }, () => line().join(delimiter))
    let text = lines.join(end) + dice.of(['', end, end + end])
    if (dice.chance(0.3)) text = new TextDecoder().decode(damage(dice, new TextEncoder().encode(text)))
    const options = { header: dice.chance(0.5), delimiter: dice.chance(0.9) ? delimiter : ',' }
    return { size: text.length, run: () => checkTable(text, options) }
  },
  ours: /^readCsv: /,
}

function checkTable(text: string, options: { header: boolean; delimiter: string }): void {
  const { columns, rows, values } = readCsv(text, options)
  assert.is(values.length, columns.length * rows)
  assert.ok(values.every(Number.isFinite))
  const lines = Array.from({ length: rows }, (_, r) =>
    values.subarray(r * columns.length, (r + 1) * columns.length).join(','),
  )
  assert.ok(
    Buffer.from(readCsv(lines.join('\n'), { header: false }).values.buffer).equals(
      Buffer.from(values.map((value) => value + 0).buffer),
    ),
  )
}

function idxFile(dice: Dice): Uint8Array {
  const code = dice.of([8, 9, 11, 12, 13, 14])
  const shape = Array.from({ length: dice.below(4) }, () => dice.below(6))
  const size = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }[code] ?? 1
  const count = shape.reduce((product, length) => product * length, 1)
  const bytes = new Uint8Array(4 + 4 * shape.length + count * size)
  bytes.set([0, 0, code, shape.length])
  for (const [i, length] of shape.entries()) new DataView(bytes.buffer).setUint32(4 + 4 * i, length)
  for (let i = 4 + 4 * shape.length; i < bytes.length; i++) bytes[i] = dice.below(256)
  return bytes
}

export const idx: Target = {
  make(dice) {
    const intact = idxFile(dice)
    const bytes = dice.chance(0.8) ? damage(dice, intact) : intact
    return {
      size: bytes.length,
      run() {
        const { shape, values } = readIdx(bytes)
        assert.is(values.length, shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1))
        assert.is(bytes.length, 4 + 4 * shape.length + values.byteLength)
      },
    }
  },
  ours: /^readIdx: /,
}

const MAXIMUM = 1e6

export const gzip: Target = {
  make(dice) {
    const plain = new Uint8Array(dice.below(dice.of([10, 1000, 100_000, 4e6])))
    for (let i = 0; i < Math.min(plain.length, 500); i++) plain[i] = dice.below(256)
    const packed = new Uint8Array(gzipSync(plain, { level: dice.of([1, 9]) }))
    const isIntact = dice.chance(0.4)
    const bytes = isIntact ? packed : damage(dice, packed)
    return {
      size: MAXIMUM,
      async run() {
        const found = await gunzip(bytes, { maximumBytes: MAXIMUM })
        assert.ok(found.length <= Math.max(MAXIMUM, bytes.length))
        if (isIntact) assert.ok(Buffer.from(found).equals(plain), 'other bytes than were packed')
      },
    }
  },
  ours: /^gunzip: /,
}
