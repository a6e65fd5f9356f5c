// Writes the wasm files as text for browsers (src/runtime/inlined.ts): simd.wasm, and relaxed.wasm as a patch of it, since they differ little.
import { readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'

const WINDOW = 6

/** See applyPatch in src/runtime/inlined.ts. Greedy: at each byte the longest copy among the places that start alike. */
export function makePatch(base, target) {
  const places = new Map()
  const key = (bytes, at) => bytes.toString('latin1', at, at + WINDOW)
  for (let at = 0; at + WINDOW <= base.length; at++) {
    const k = key(base, at)
    const list = places.get(k)
    if (list) list.push(at)
    else places.set(k, [at])
  }
  const out = []
  const number = (value) => {
    for (; value > 127; value >>>= 7) out.push((value & 127) | 128)
    out.push(value)
  }
  number(target.length)
  let from = 0
  let fresh = 0
  const flush = (at, start, length) => {
    number(at - fresh)
    out.push(...target.subarray(fresh, at))
    const moved = length ? start - from : 0
    number(length)
    number(((moved << 1) ^ (moved >> 31)) >>> 0)
    from += moved + length
    fresh = at + length
  }
  for (let at = 0; at < target.length; ) {
    let best = 0
    let start = 0
    for (const place of places.get(key(target, at)) ?? []) {
      let length = 0
      while (
        place + length < base.length &&
        at + length < target.length &&
        base[place + length] === target[at + length]
      )
        length++
      // on a tie the nearest place costs the fewest bytes
      if (length > best || (length === best && Math.abs(place - from) < Math.abs(start - from))) {
        best = length
        start = place
      }
    }
    if (best >= WINDOW + (Math.abs(start - from) > 64 ? 4 : 0)) {
      flush(at, start, best)
      at += best
    } else at++
  }
  if (fresh < target.length) flush(target.length, from, 0)
  return Buffer.from(out)
}

/** Packs FOLDER/*.wasm into a module. */
export function packWasm(folder, file = `${folder}/src/runtime/bytes.js`) {
  const simd = readFileSync(`${folder}/simd.wasm`)
  const relaxed = readFileSync(`${folder}/relaxed.wasm`)
  const text = (bytes) => JSON.stringify(deflateRawSync(bytes, { level: 9, memLevel: 9 }).toString('base64'))
  const lines = [
    '/* @ts-self-types="./bytes.d.ts" */',
    `export const SIMD = ${text(simd)}`,
    `export const RELAXED = ${text(makePatch(simd, relaxed))}`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
}
