// dw = xᵀ · dz from operands packed in strips, so that everything a tile reads is contiguous, whatever the length of rows:
//
//   x    [strip][rows][10 or 12]    whole tiles of the shape in use
//   dz   [strip][rows][16]          the columns of the widest tile
//
// Unpacked, the terms of a sum are in rows that are a page apart if layers are wide: more pages than an L1 TLB
// covers. Packed, sums can be long, and a tile is loaded and stored once instead of after every 32 terms.
import { PANEL } from '../../src/abi/layout'
import { Cut, ZEROS } from './products'
import { Block, stripRows } from './tileLoops'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Columns of a strip of dz. */
const COLUMNS: i32 = 2 * PANEL
/** Terms per partial sum, such that a strip of x and one of dz fit a 32 kB L1 cache. */
const KC: i32 = 256
/** Floats of the strips of x that are multiplied by all of dz at a time: a quarter of a 1 MB L2 cache. */
const BLOCK: i32 = 2 ** 16
/** Minimum inputs per tile. */
const LEAST: i32 = 3
/** Rows packed at a time, one page each. */
const PAGES: i32 = 16

export class Strips {
  /** Number of strips of x. */
  @inline static of(inputs: i32): i32 {
    const width = stripRows()
    return (inputs + width - 1) / width
  }

  /** First input of strip `index`; the last strip absorbs a remainder that would be too small. */
  @inline static input(index: i32, inputs: i32): i32 {
    return index == Strips.of(inputs) ? inputs : min(index * stripRows(), inputs - LEAST)
  }

  /** Offset of dz after x. */
  @inline static dz(packed: usize, inputs: i32, rows: i32): usize {
    return packed + <usize>(Strips.of(inputs) * stripRows() * rows) * 4
  }
}

class Copy {
  /** `rows` rows of BYTES bytes, 40, 48 or 64: from rows `stride` bytes apart to contiguous ones. BYTES is a literal. */
  @inline static rows(BYTES: usize, from: usize, stride: usize, to: usize, rows: i32): void {
    for (const last = to + <usize>rows * BYTES; to < last; to += BYTES, from += stride) {
      v128.store(to, v128.load(from))
      v128.store(to, v128.load(from, 16), 16)
      if (BYTES == 40) store<u64>(to, load<u64>(from, 32), 32)
      else v128.store(to, v128.load(from, 32), 32)
      if (BYTES == 64) v128.store(to, v128.load(from, 48), 48)
    }
  }
}

/** Packs rows [begin, end) of x and dz, of `rows` in all, into strips. Reads up to 60 bytes past a row's end. */
export function packStrips(
  x: usize,
  xStride: usize,
  inputs: i32,
  dz: usize,
  zStride: usize,
  units: i32,
  packed: usize,
  rows: i32,
  begin: i32,
  end: i32,
): void {
  const width = (<usize>stripRows()) << 2
  const strips = Strips.of(inputs)
  const packedDz = Strips.dz(packed, inputs, rows)
  for (let k = begin; k < end; k += PAGES) {
    const n = min(PAGES, end - k)
    const xRow = x + <usize>k * xStride
    let to = packed + <usize>k * width
    for (let s = 0; s < strips; s++, to += <usize>rows * width) {
      const from = xRow + ((<usize>Strips.input(s, inputs)) << 2)
      if (width == 40) Copy.rows(40, from, xStride, to, n)
      else Copy.rows(48, from, xStride, to, n)
    }
    const zRow = dz + <usize>k * zStride
    to = packedDz + <usize>k * (ROW * 2)
    for (let column = 0; column < units; column += COLUMNS, to += <usize>rows * (ROW * 2)) {
      Copy.rows(64, zRow + ((<usize>column) << 2), zStride, to, n)
    }
  }
}

/** dw = xᵀ · dz in w's panels, for strips [begin, end) of x and panels [panelBegin, panelEnd), the first an even one. */
export function multiplyStrips(
  packed: usize,
  rows: i32,
  inputs: i32,
  begin: i32,
  end: i32,
  units: i32,
  panelBegin: i32,
  panelEnd: i32,
  dw: usize,
): void {
  const half = Cut.endsHalf(units, panelEnd)
  const width = (<usize>stripRows()) << 2
  const wPanel = <usize>inputs * ROW
  const dz = Strips.dz(packed, inputs, rows)
  const kc = Cut.part(rows, KC)
  const block = max(1, BLOCK / (kc * stripRows()))
  for (let k = 0; k < rows; k += kc) {
    const depth = min(kc, rows - k)
    const x = packed + <usize>k * width
    for (let first = begin; first < end; first += block) {
      const last = min(end, first + block)
      for (let p = panelBegin, n = 0; p < panelEnd; p += n) {
        n = Block.panels(panelEnd - p, LEAST, half)
        const b = dz + (<usize>(p >> 1) * <usize>rows + k) * (ROW * 2) + (p & 1 ? ROW : 0)
        const ends = half && p + n == panelEnd
        for (let s = first; s < last; s++) {
          const input = Strips.input(s, inputs)
          const count = Strips.input(s + 1, inputs) - input
          const a = x + <usize>s * <usize>rows * width
          const c = dw + <usize>p * wPanel + <usize>input * ROW
          const from = k ? c : ZEROS
          const fromRow = k ? ROW : 0
          const fromPanel = k ? wPanel : 0
          Block.multiplyColumns(n, ends, a, width, b, ROW * 2, from, fromRow, fromPanel, c, wPanel, count, depth)
        }
      }
    }
  }
}
