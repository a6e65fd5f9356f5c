// Writes the wasm files as text for browsers (src/runtime/inlined.ts): of each module the plain one, and the relaxed one as a patch of it,
// since they differ little.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { deflate } from './deflate.mjs'
import { fileOf, MODULES, SHIPPED } from './wasm.mjs'

/** Places that start with the same bytes are compared. */
const WINDOW = 3
/** A copy must be longer than this; from far away, whose distance takes a byte more, longer by FARTHER. */
const LEAST = 3
const NEAR = 63
const FARTHER = 6

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
    const moved = length ? start - from - (at - fresh) : 0
    number(length)
    number(((moved << 1) ^ (moved >> 31)) >>> 0)
    from = start + length
    fresh = at + length
  }
  for (let at = 0; at < target.length; ) {
    let [best, start, far] = [0, 0, 0]
    for (const place of places.get(key(target, at)) ?? []) {
      let length = 0
      while (
        place + length < base.length &&
        at + length < target.length &&
        base[place + length] === target[at + length]
      )
        length++
      // as many bytes replaced as were there before is what is near
      const away = Math.abs(place - from - (at - fresh))
      const gain = worth(length, away) - worth(best, far)
      if (gain > 0 || (gain === 0 && away < far)) [best, start, far] = [length, place, away]
    }
    if (best > LEAST + (far > NEAR ? FARTHER : 0)) {
      flush(at, start, best)
      at += best
    } else at++
  }
  if (fresh < target.length) flush(target.length, from, 0)
  return Buffer.from(out)
}

const worth = (length, away) => length - (away > NEAR ? FARTHER : 0)

const written = (path) => statSync(path).mtimeMs

/** Packs the wasm files of build/ that are new into JavaScript modules, one for each wasm module; returns their paths. */
export function packWasm(folder = 'build/src/runtime/bytes') {
  const text = (bytes) => JSON.stringify(deflate(bytes).toString('base64'))
  const tools = ['deflate', 'pack-wasm'].map((name) => `scripts/${name}.mjs`)
  mkdirSync(folder, { recursive: true })
  return Object.keys(MODULES).map((module) => {
    const path = `${folder}/${module}.js`
    const files = SHIPPED.map((target) => `build/${fileOf(module, target)}.wasm`)
    if (existsSync(path) && [...files, ...tools].every((file) => written(file) < written(path))) return path
    const [simd, relaxed] = files.map((file) => readFileSync(file))
    const lines = [
      `/* @ts-self-types="./${module}.d.ts" */`,
      `export const SIMD = ${text(simd)}`,
      `export const RELAXED = ${text(makePatch(simd, relaxed))}`,
    ]
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  })
}
