/**
 * Makes a wasm file for hosts without relaxed SIMD from the one for hosts with it: each fused multiply-add becomes a product and a
 * sum, in the order of F4 in assembly/math/simd.ts, so results are those of the compiler's own file, to the bit. The bytes are the
 * build's, so nothing is checked; that no other instruction holds the bytes of a fused one, a test does.
 */

/** Section ids: types, functions, code. */
const TYPES = 1
const FUNCTIONS = 3
const CODE = 10

const V128 = 0x7b
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const MUL = [0xfd, 0xe6, 0x01]
const ADD = [0xfd, 0xe4, 0x01]
const SUB = [0xfd, 0xe5, 0x01]
/** f32x4.relaxed_madd; relaxed_nmadd differs in the second byte. */
const MADD = [0xfd, 0x85, 0x02]
const NMADD = 0x86

/** A number as LEB128. */
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])

function concat(pieces: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

export function unfused(code: Uint8Array): Uint8Array {
  let at = 8
  const number = (): number => {
    const low = code[at++]
    return low < 128 ? low : (low & 127) + 128 * number()
  }
  const list = <T>(read: (index: number) => T): T[] => Array.from({ length: number() }, (_, i) => read(i))
  const skip = () => at++

  /** Number of parameters by type, and the type of each function. */
  let parameters: number[] = []
  let types: number[] = []
  const readType = () => {
    skip()
    const { length } = list(skip)
    list(skip)
    return length
  }
  const readFunction = (index: number): Uint8Array => {
    const end = number() + at
    let locals = parameters[types[index]]
    const declared = at
    const { length } = list(() => {
      locals += number()
      skip()
    })
    // plus a group of two new locals, for c and for a · b
    const [c, ab] = [leb(locals), leb(locals + 1)]
    const groups = code.subarray(declared + leb(length).length, at)
    const multiply = [LOCAL_SET, ...c, ...MUL]
    const add = [...multiply, LOCAL_GET, ...c, ...ADD]
    const subtract = [...multiply, LOCAL_SET, ...ab, LOCAL_GET, ...c, LOCAL_GET, ...ab, ...SUB]
    const pieces: ArrayLike<number>[] = [leb(length + 1), groups, [2, V128]]
    const find = (from: number) => code.indexOf(MADD[0], from)
    for (let next = find(at); next >= 0 && next < end; next = find(next + 1)) {
      const isNegated = code[next + 1] === NMADD
      if ((!isNegated && code[next + 1] !== MADD[1]) || code[next + 2] !== MADD[2]) continue
      pieces.push(code.subarray(at, next), isNegated ? subtract : add)
      at = next + MADD.length
    }
    const body = concat([...pieces, code.subarray(at, end)])
    at = end
    return concat([leb(body.length), body])
  }

  const sections: ArrayLike<number>[] = [code.subarray(0, at)]
  while (at < code.length) {
    const id = code[at++]
    const end = number() + at
    let section = code.subarray(at, end)
    if (id === TYPES) parameters = list(readType)
    if (id === FUNCTIONS) types = list(number)
    if (id === CODE) section = concat([leb(number()), ...types.map((_, i) => readFunction(i))])
    sections.push([id], leb(section.length), section)
    at = end
  }
  return concat(sections)
}
