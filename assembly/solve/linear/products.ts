// Blocked matrix products with arbitrary strides, on the tiles of dense layers: c = [c +] a · b.
//
//   by rows     a[i][k] at a + i aRow + 4 k
//   by columns  a[i][k] at a + 4 i + k aStep
//   b[k][j] at b + (j / 8) bPanel + k bStep + 4 (j % 8), c[i][j] at c + i cRow + (j / 8) cPanel + 4 (j % 8)
//
// Addresses and strides are bytes. Every element is summed over k in order, with partial sums kept in c:
// results do not depend on tiles or on the split of panels among threads.
import { PANEL } from '../../../src/abi/layout'
import { Block, Loop } from '../../gemm/tileLoops'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Address of zeros to add: the machine's first 32 bytes are never written. */
const ZEROS: usize = 0
/** As in gemm/products.ts: rows and depth of a block of a in the L2 cache, and pages covered by the L1 TLB. */
const MC: i32 = 144
const KC: i32 = 512
const PAGE: usize = 4096
const PAGES: usize = 64
const KC_LEAST: usize = 32

/** c = a · b, accumulating if `adds`, for `rows` rows and panels [begin, end) of b and c; a by rows. */
export function multiplyByRows(
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  bPanel: usize,
  c: usize,
  cRow: usize,
  cPanel: usize,
  rows: i32,
  begin: i32,
  end: i32,
  depth: i32,
  adds: bool,
): void {
  const kc = bStep == ROW ? KC : depthOf(ROW, bStep)
  for (let r = 0; r < rows; r += MC) {
    const m = min(MC, rows - r)
    for (let k = 0; k < depth; k += kc) {
      const n = min(kc, depth - k)
      const left = a + <usize>r * aRow + ((<usize>k) << 2)
      const from = adds || k > 0
      for (let p = begin, wide = 0; p < end; p += wide) {
        wide = panelsOf(end - p, m)
        const right = b + <usize>p * bPanel + <usize>k * bStep
        const to = c + <usize>r * cRow + <usize>p * cPanel
        tilesByRows(wide, left, aRow, right, bStep, bPanel, to, cRow, cPanel, m, n, from)
      }
    }
  }
}

/** Likewise, a by columns. */
export function multiplyByColumns(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  bPanel: usize,
  c: usize,
  cRow: usize,
  cPanel: usize,
  rows: i32,
  begin: i32,
  end: i32,
  depth: i32,
  adds: bool,
): void {
  const kc = depthOf(aStep, bStep)
  for (let k = 0; k < depth; k += kc) {
    const n = min(kc, depth - k)
    const left = a + <usize>k * aStep
    const from = adds || k > 0
    for (let p = begin, wide = 0; p < end; p += wide) {
      wide = panelsOf(end - p, rows)
      const right = b + <usize>p * bPanel + <usize>k * bStep
      const to = c + <usize>p * cPanel
      tilesByColumns(wide, left, aStep, right, bStep, bPanel, to, cRow, cPanel, rows, n, from)
    }
  }
}

/** Depth of a block if every row of a and b may be on its own page. */
function depthOf(aStep: usize, bStep: usize): i32 {
  return <i32>max(KC_LEAST, (PAGES * PAGE) / (min(aStep, PAGE) + min(bStep, PAGE)))
}

function panelsOf(left: i32, rows: i32): i32 {
  return rows == 1 ? 1 : Block.panels(left, rows, false)
}

function tilesByRows(
  panels: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  bPanel: usize,
  c: usize,
  cRow: usize,
  cPanel: usize,
  rows: i32,
  depth: i32,
  adds: bool,
): void {
  const from = adds ? c : ZEROS
  const fromRow = adds ? cRow : 0
  const fromPanel = adds ? cPanel : 0
  if (panels == 2) Loop.panels(a, aRow, 4, b, bPanel, bStep, from, fromRow, fromPanel, c, cRow, cPanel, rows, depth)
  else if (rows > 1) Loop.panel(a, aRow, 4, b, bStep, from, fromRow, c, cRow, rows, depth)
  else Loop.tile(1, 2, 1, a, aRow, 4, b, 0, bStep, from, fromRow, 0, c, cRow, 0, depth)
}

function tilesByColumns(
  panels: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  bPanel: usize,
  c: usize,
  cRow: usize,
  cPanel: usize,
  rows: i32,
  depth: i32,
  adds: bool,
): void {
  const from = adds ? c : ZEROS
  const fromRow = adds ? cRow : 0
  const fromPanel = adds ? cPanel : 0
  if (panels == 2) Loop.panels(a, 4, aStep, b, bPanel, bStep, from, fromRow, fromPanel, c, cRow, cPanel, rows, depth)
  else if (rows > 1) Loop.panel(a, 4, aStep, b, bStep, from, fromRow, c, cRow, rows, depth)
  else Loop.tile(1, 2, 1, a, 4, aStep, b, 0, bStep, from, fromRow, 0, c, cRow, 0, depth)
}
