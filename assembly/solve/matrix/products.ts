// General matrix products on the blocks and tiles of dense layers. For a symmetric result only the
// 8 x 8 blocks on and above the diagonal may be computed, which halves the work.
//
//   product        c[rows x cols] = a · b + bias   a by rows   b in panels               c by rows
//   columnProduct  c[rows x cols] = aᵀ · b         a by rows   b by rows, depth of them  c in panels
import { PANEL } from '../../../src/abi/layout'
import {
  PRODUCT_A,
  PRODUCT_A_STRIDE,
  PRODUCT_B,
  PRODUCT_B_STRIDE,
  PRODUCT_BIAS,
  PRODUCT_C,
  PRODUCT_C_STRIDE,
  PRODUCT_COLS,
  PRODUCT_DEPTH,
  PRODUCT_ROWS,
  PRODUCT_UPPER,
} from '../../../src/abi/matrix'
import { Cut, denseBackwardWeights, KC, MC, takeTile, ZEROS } from '../../gemm/products'
import { Block } from '../../gemm/tileLoops'
import { Grid } from '../../threads/grid'
import { Word } from '../../word'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Panels processed together for a triangular result. */
const PAIR: i32 = 2

/** Runs this thread's share of c = a · b + bias. */
export function product(step: usize, thread: i32): void {
  takeTile()
  const depth = Word.int(step, PRODUCT_DEPTH)
  for (Grid.of(Word.int(step, PRODUCT_ROWS), Word.panels(step, PRODUCT_COLS), depth, thread); Grid.more(); ) {
    for (let r = 0; r < Grid.rows; r += MC)
      rowsOfProduct(step, Grid.row + r, min(MC, Grid.rows - r), Grid.begin, Grid.end)
  }
}

/** `rows` rows of c from `row` on, in panels [begin, end) of its columns. */
function rowsOfProduct(step: usize, row: i32, rows: i32, begin: i32, end: i32): void {
  const aStride = Word.address(step, PRODUCT_A_STRIDE)
  const cStride = Word.address(step, PRODUCT_C_STRIDE)
  const a = Word.address(step, PRODUCT_A) + <usize>row * aStride
  const b = Word.address(step, PRODUCT_B)
  const c = Word.address(step, PRODUCT_C) + <usize>row * cStride
  const bias = Word.address(step, PRODUCT_BIAS)
  const depth = Word.int(step, PRODUCT_DEPTH)
  const upper = Word.int(step, PRODUCT_UPPER)
  const half = Cut.endsHalf(Word.int(step, PRODUCT_COLS), end)
  const bPanel = <usize>depth * ROW
  const kc = Cut.part(depth, KC)
  for (let k = 0; k < depth; k += kc) {
    const terms = min(kc, depth - k)
    for (let p = begin, n = 0; p < end; p += n) {
      n = Block.panels(end - p, rows, half)
      const m = upper ? min(rows, (p + n) * PANEL - row) : rows
      if (m <= 0) continue
      const at = <usize>p * ROW
      const to = c + at
      const from = k ? to : bias ? bias + at : ZEROS
      const fromRow = k ? cStride : 0
      const fromPanel = from ? ROW : 0
      const ends = half && p + n == end
      const left = a + ((<usize>k) << 2)
      const right = b + <usize>p * bPanel + <usize>k * ROW
      Block.multiply(n, ends, left, aStride, right, bPanel, from, fromRow, fromPanel, to, cStride, m, terms)
    }
  }
}

/** Runs this thread's share of c = aᵀ · b. */
export function columnProduct(step: usize, thread: i32): void {
  takeTile()
  const rows = Word.int(step, PRODUCT_ROWS)
  const upper = Word.int(step, PRODUCT_UPPER)
  for (Grid.of(rows, Word.panels(step, PRODUCT_COLS), Word.int(step, PRODUCT_DEPTH), thread); Grid.more(); ) {
    const most = upper ? PAIR : Grid.end - Grid.begin
    for (let p = Grid.begin; p < Grid.end; p += most) {
      const end = min(p + most, Grid.end)
      const count = upper ? min(Grid.rows, end * PANEL - Grid.row) : Grid.rows
      if (count <= 0) continue
      denseBackwardWeights(
        Word.address(step, PRODUCT_A),
        Word.address(step, PRODUCT_A_STRIDE),
        Word.address(step, PRODUCT_B),
        Word.address(step, PRODUCT_B_STRIDE),
        Word.address(step, PRODUCT_C),
        0,
        Word.int(step, PRODUCT_DEPTH),
        rows,
        Grid.row,
        count,
        Word.int(step, PRODUCT_COLS),
        p,
        end,
      )
    }
  }
}
