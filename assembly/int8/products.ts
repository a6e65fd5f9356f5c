// Exact sums of products of 8-bit integers, in 32-bit lanes: any number of rows or panels, tile by tile.
import { PANEL, TILE_4X16, TILE_5X16, TILE_AT } from '../../src/abi/layout'
import { PlainTile } from './plain'
import { RelaxedTile } from './relaxed'
import { WideTile } from './wide'

/** Bytes of a panel's row of sums. */
const ROW: usize = PANEL << 2

/** Maximum rows or panels per tile: as many sums as fit into registers. */
function mostOf(pairs: bool): i32 {
  if (ASC_FEATURE_RELAXED_SIMD) return pairs ? RelaxedTile.MOST_PAIRS : RelaxedTile.MOST
  return PlainTile.MOST
}

/** Rows or panels of the next tile: balanced, to avoid a short last tile whose few sums would wait for each other. */
function next(left: i32, most: i32): i32 {
  const tiles = (left + most - 1) / most
  return (left + tiles - 1) / tiles
}

/** Whether tiles multiply pairs of inputs. */
function inPairs(): bool {
  return ASC_FEATURE_RELAXED_SIMD ? RelaxedTile.inPairs() : false
}

/** y[rows x PANEL] = x · w for one panel; `inputs` bytes per row of x, whole groups. */
export function multiplyRows(
  x: usize,
  xStride: usize,
  w: usize,
  inputs: usize,
  y: usize,
  yStride: usize,
  rows: i32,
): void {
  const end = w + inputs * PANEL
  const pairs = inPairs()
  const most = mostOf(pairs)
  for (let n = 0; rows > 0; rows -= n, x += <usize>n * xStride, y += <usize>n * yStride) {
    n = next(rows, most)
    Tile.multiply(n, true, pairs, x, xStride, w, 0, end, y, yStride)
  }
}

/** Panels per call for products of many rows. */
export function panelsAtOnce(): i32 {
  const tile = load<i32>(TILE_AT)
  return ASC_FEATURE_RELAXED_SIMD && (tile == TILE_4X16 || tile == TILE_5X16) && !RelaxedTile.inPairs() ? 2 : 1
}

/** Likewise for two panels. */
export function multiplyTwoPanels(
  x: usize,
  xStride: usize,
  w: usize,
  inputs: usize,
  y: usize,
  yStride: usize,
  rows: i32,
): void {
  const panel = inputs * PANEL
  if (ASC_FEATURE_RELAXED_SIMD) {
    const most = WideTile.ROWS
    for (; rows >= most; rows -= most, x += <usize>most * xStride, y += <usize>most * yStride) {
      WideTile.multiply(x, xStride, w, panel, y, yStride)
    }
  }
  multiplyRows(x, xStride, w, inputs, y, yStride, rows)
  multiplyRows(x, xStride, w + panel, inputs, y + ROW, yStride, rows)
}

/** y[PANEL panels] = x · w, x a single row. */
export function multiplyPanels(x: usize, w: usize, inputs: usize, y: usize, panels: i32): void {
  const panel = inputs * PANEL
  const pairs = inPairs()
  const most = mostOf(pairs)
  for (let n = 0; panels > 0; panels -= n, w += <usize>n * panel, y += <usize>n * ROW) {
    n = next(panels, most)
    Tile.multiply(n, false, pairs, x, 0, w, panel, w + panel, y, ROW)
  }
}

class Tile {
  /** For n rows (ROWS) or n panels. */
  @inline static multiply(
    n: i32,
    ROWS: bool,
    pairs: bool,
    x: usize,
    xStep: usize,
    w: usize,
    wStep: usize,
    end: usize,
    y: usize,
    yStep: usize,
  ): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (pairs && n == 2) return RelaxedTile.multiply(2, ROWS, true, x, xStep, w, wStep, end, y, yStep)
      if (pairs) return RelaxedTile.multiply(1, ROWS, true, x, xStep, w, wStep, end, y, yStep)
      switch (n) {
        case 6:
          return RelaxedTile.multiply(6, ROWS, false, x, xStep, w, wStep, end, y, yStep)
        case 5:
          return RelaxedTile.multiply(5, ROWS, false, x, xStep, w, wStep, end, y, yStep)
        case 4:
          return RelaxedTile.multiply(4, ROWS, false, x, xStep, w, wStep, end, y, yStep)
        case 3:
          return RelaxedTile.multiply(3, ROWS, false, x, xStep, w, wStep, end, y, yStep)
        case 2:
          return RelaxedTile.multiply(2, ROWS, false, x, xStep, w, wStep, end, y, yStep)
        default:
          return RelaxedTile.multiply(1, ROWS, false, x, xStep, w, wStep, end, y, yStep)
      }
    } else {
      switch (n) {
        case 3:
          return PlainTile.multiply(3, ROWS, x, xStep, w, wStep, end, y, yStep)
        case 2:
          return PlainTile.multiply(2, ROWS, x, xStep, w, wStep, end, y, yStep)
        default:
          return PlainTile.multiply(1, ROWS, x, xStep, w, wStep, end, y, yStep)
      }
    }
  }
}
