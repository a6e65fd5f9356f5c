import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { crc32, crc32c } from '../../src/formats/crc.ts'

const ascii = (text: string) => new TextEncoder().encode(text)

test('crc: the catalogued check values', () => {
  assert.is(crc32(ascii('123456789')), 0xcbf43926)
  assert.is(crc32c(ascii('123456789')), 0xe3069283)
  // RFC 3720, B.4
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.is(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43)
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
  assert.is(crc32(new Uint8Array(0)), 0)
})

test('crc: bytes may come in pieces', () => {
  for (const checksum of [crc32, crc32c]) {
    assert.is(checksum(ascii('456789'), checksum(ascii('123'))), checksum(ascii('123456789')))
  }
})

test('crc: words and single bytes agree, wherever the bytes lie', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => (i * 89 + 7) & 255)
  for (const checksum of [crc32, crc32c]) {
    for (let from = 0; from < 5; from++) {
      for (let to = from; to <= bytes.length; to++) {
        const part = bytes.subarray(from, to)
        const single = part.reduce((before, byte) => checksum(Uint8Array.of(byte), before), 0)
        assert.is(checksum(part), single, `bytes ${from} to ${to}`)
      }
    }
  }
})

test.run()
