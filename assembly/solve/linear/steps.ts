// The steps of dense linear algebra: splits each among threads, one kernel call per piece.

import { PANEL } from '../../../src/abi/layout'
import {
  CHOLESKY_DIAGONAL,
  CHOLESKY_FIRST,
  CHOLESKY_INVERSE,
  CHOLESKY_N,
  CHOLESKY_STATUS,
  CHOLESKY_STRIDE,
  CHOLESKY_U,
  DAMP_DIAGONAL,
  DAMP_FROM,
  DAMP_N,
  DAMP_SCALAR,
  DAMP_STRIDE,
  DAMP_TO,
  GRAM_ADDS,
  GRAM_LOWER,
  GRAM_N,
  GRAM_ROWS,
  GRAM_TO,
  GRAM_TO_PANEL,
  GRAM_TO_ROW,
  GRAM_X,
  GRAM_X_STRIDE,
  STRIDED_A,
  STRIDED_A_STRIDE,
  STRIDED_B,
  STRIDED_B_LAST,
  STRIDED_B_PANEL,
  STRIDED_B_ROW,
  STRIDED_COLS,
  STRIDED_DEPTH,
  STRIDED_ROWS,
  STRIDED_TO,
  STRIDED_TO_LAST,
  STRIDED_TO_PANEL,
  STRIDED_TO_ROW,
  TRIANGLE_BEGIN,
  TRIANGLE_END,
  TRIANGLE_FIRST,
  TRIANGLE_INVERSE,
  TRIANGLE_KIND,
  TRIANGLE_N,
  TRIANGLE_STRIDE,
  TRIANGLE_U,
  TRIANGLE_X,
  TRIANGLE_X_STRIDE,
} from '../../../src/abi/linear'
import { RECORD_ROWS, RECORD_SCALAR } from '../../../src/abi/records'
import { Grid } from '../../threads/grid'
import { Share } from '../../threads/share'
import { Word } from '../../word'
import { factorBlock, solveBlock } from './cholesky'
import { multiplyByRows } from './products'
import { damp, gram } from './symmetric'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

export function gramStep(step: usize, record: usize, thread: i32): void {
  const n = Word.int(step, GRAM_N)
  const given = Word.int(step, GRAM_ROWS)
  const rows = given ? given : Word.int(record, RECORD_ROWS)
  const adds = Word.int(step, GRAM_ADDS) != 0 && Word.float(record, RECORD_SCALAR) != 0
  const pairs = (Word.panels(step, GRAM_N) + 1) >> 1
  for (Share.of((pairs + 1) >> 1, thread); Share.more(); ) {
    gram(
      Word.address(step, GRAM_X),
      Word.address(step, GRAM_X_STRIDE),
      rows,
      n,
      Word.address(step, GRAM_TO),
      Word.address(step, GRAM_TO_ROW),
      Word.address(step, GRAM_TO_PANEL),
      Share.begin,
      Share.end,
      Word.int(step, GRAM_LOWER) != 0,
      adds,
    )
  }
}

export function dampStep(step: usize, record: usize, thread: i32): void {
  const damping = Word.float(record, RECORD_SCALAR + Word.int(step, DAMP_SCALAR))
  for (Share.columns(step, DAMP_N, thread); Share.more(); ) {
    damp(
      Word.address(step, DAMP_FROM),
      Word.address(step, DAMP_TO),
      Word.address(step, DAMP_STRIDE),
      Word.int(step, DAMP_N),
      damping,
      Word.address(step, DAMP_DIAGONAL),
      Share.begin,
      Share.end,
    )
  }
}

export function choleskyStep(step: usize): void {
  factorBlock(
    Word.address(step, CHOLESKY_U),
    Word.address(step, CHOLESKY_STRIDE),
    Word.int(step, CHOLESKY_N),
    Word.int(step, CHOLESKY_FIRST),
    Word.address(step, CHOLESKY_INVERSE),
    Word.address(step, CHOLESKY_STATUS),
    Word.address(step, CHOLESKY_DIAGONAL),
  )
}

/** Threads take pairs of panels. */
export function triangleStep(step: usize, thread: i32): void {
  const begin = Word.int(step, TRIANGLE_BEGIN) / PANEL
  const end = Word.panels(step, TRIANGLE_END)
  for (Share.of((end - begin + 1) >> 1, thread); Share.more(); ) {
    solveBlock(
      Word.address(step, TRIANGLE_U),
      Word.address(step, TRIANGLE_STRIDE),
      Word.int(step, TRIANGLE_N),
      Word.int(step, TRIANGLE_FIRST),
      Word.address(step, TRIANGLE_INVERSE),
      Word.address(step, TRIANGLE_X),
      Word.address(step, TRIANGLE_X_STRIDE),
      begin + (Share.begin << 1),
      min(end, begin + (Share.end << 1)),
      Word.int(step, TRIANGLE_KIND),
    )
  }
}

export function stridedProductStep(step: usize, thread: i32): void {
  const rows = Word.int(step, STRIDED_ROWS)
  const last = Word.address(step, STRIDED_TO_LAST)
  const depth = Word.int(step, STRIDED_DEPTH)
  for (Grid.of(rows + i32(last != 0), Word.panels(step, STRIDED_COLS), depth, thread); Grid.more(); ) {
    const n = min(Grid.rows, rows - Grid.row)
    const toRow = Word.address(step, STRIDED_TO_ROW)
    const to = Word.address(step, STRIDED_TO) + <usize>Grid.row * toRow
    if (n > 0) productRows(step, Grid.row, n, depth, to, toRow, Word.address(step, STRIDED_TO_PANEL))
    if (n < Grid.rows) productRows(step, rows, 1, depth, last, 0, ROW)
  }
}

/** Rows of a product in the grid's panels, plus the contribution of b's extra row. */
function productRows(step: usize, row: i32, rows: i32, depth: i32, to: usize, toRow: usize, toPanel: usize): void {
  const stride = Word.address(step, STRIDED_A_STRIDE)
  const a = Word.address(step, STRIDED_A) + <usize>row * stride
  const b = Word.address(step, STRIDED_B)
  const bRow = Word.address(step, STRIDED_B_ROW)
  const bPanel = Word.address(step, STRIDED_B_PANEL)
  const begin = Grid.begin
  const end = Grid.end
  multiplyByRows(a, stride, b, bRow, bPanel, to, toRow, toPanel, rows, begin, end, depth, false)
  const more = Word.address(step, STRIDED_B_LAST)
  if (!more) return
  multiplyByRows(a + ((<usize>depth) << 2), stride, more, ROW, ROW, to, toRow, toPanel, rows, begin, end, 1, true)
}
