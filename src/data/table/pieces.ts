/** Growable arrays of numbers in chunks, which grow without copying. */

/** Values per chunk. The first chunk starts small, since a table may have many columns and few rows. */
const PIECE = 2 ** 16
const FIRST = 4

type Values = Float64Array | Int8Array | Int16Array | Int32Array

export class Pieces<T extends Values> {
  readonly #make: (length: number) => T
  readonly #full: T[] = []
  #last: T
  #used = 0

  constructor(make: (length: number) => T) {
    this.#make = make
    this.#last = make(0)
  }

  get length(): number {
    return this.#full.length * PIECE + this.#used
  }

  push(value: number): void {
    if (this.#used === this.#last.length) this.#grow()
    this.#last[this.#used++] = value
  }

  #grow(): void {
    if (this.#used === PIECE) {
      this.#full.push(this.#last)
      this.#last = this.#make(PIECE)
      this.#used = 0
      return
    }
    const larger = this.#make(Math.max(FIRST, Math.min(PIECE, this.#used * 4)))
    larger.set(this.#last)
    this.#last = larger
  }

  /** Calls `visit` with every value, in order. */
  forEach(visit: (value: number) => void): void {
    for (const piece of this.#full) for (let i = 0; i < piece.length; i++) visit(piece[i])
    for (let i = 0; i < this.#used; i++) visit(this.#last[i])
  }

  /** All values in one array; frees the chunks one by one. */
  join(): T {
    const out = this.#make(this.length)
    let at = 0
    for (let i = 0; i < this.#full.length; i++) {
      out.set(this.#full[i], at)
      at += PIECE
      delete this.#full[i]
    }
    out.set(this.#last.subarray(0, this.#used), at)
    this.#full.length = 0
    this.#last = this.#make(0)
    this.#used = 0
    return out
  }
}

const none = new Float64Array(0)
const makeDoubles = (length: number): Float64Array => (length === 0 ? none : new Float64Array(length))

export const doubles = (): Pieces<Float64Array> => new Pieces(makeDoubles)

/** Codes from -1 on, in the narrowest integer type that holds them. */
export class Codes {
  #codes: Pieces<Int8Array> | Pieces<Int16Array> | Pieces<Int32Array> = new Pieces((length) => new Int8Array(length))
  #largest = 2 ** 7 - 1

  push(code: number): void {
    if (code > this.#largest) this.#widen(code)
    this.#codes.push(code)
  }

  #widen(code: number): void {
    const isShort = code < 2 ** 15
    const wider = isShort
      ? new Pieces((length) => new Int16Array(length))
      : new Pieces((length) => new Int32Array(length))
    this.#codes.forEach((value) => {
      wider.push(value)
    })
    this.#codes = wider
    this.#largest = isShort ? 2 ** 15 - 1 : 2 ** 31 - 1
  }

  forEach(visit: (code: number) => void): void {
    this.#codes.forEach(visit)
  }

  join(): Int8Array | Int16Array | Int32Array {
    return this.#codes.join()
  }
}
