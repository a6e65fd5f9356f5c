// Loops of tiles over the rows of a block, c = from + a · b, one or two panels wide, half a panel at the ragged end.
import { PANEL, TILE_2X16, TILE_4X8, TILE_4X16, TILE_5X16, TILE_6X8 } from '../src/abi'
import { Tile } from './tiles'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Panels that one row goes through at once. */
const VECTOR: i32 = 6

/** Rows of tiles one panel wide, and of tiles two panels wide (0: none). */
let tall: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4
let wide: i32 = ASC_FEATURE_RELAXED_SIMD ? 0 : 2

/** Chooses the shape of tiles, TILE_*: what is fastest depends on the engine's registers, the results do not. */
export function setTile(tile: i32): void {
  tall = tile == TILE_6X8 || (ASC_FEATURE_RELAXED_SIMD && tile != TILE_4X8) ? 6 : 4
  wide = tile == TILE_2X16 ? 2 : tile == TILE_4X16 ? 4 : tile == TILE_5X16 ? 5 : 0
}

class Block {
  /** Rows of the next tile: no short tile at the end, whose few sums would wait for each other. */
  @inline static tileRows(left: i32, most: i32): i32 {
    return left <= most ? left : left < most + 4 ? min(most, (left + 1) >> 1) : most
  }

  /** c = from + a · b for all rows of a block; see Tile.matrix. */
  @inline static multiply(
    most: i32,
    NV: i32,
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bPanel: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    c: usize,
    cRow: usize,
    cPanel: usize,
    rows: i32,
    depth: i32,
  ): void {
    while (rows) {
      const n = Block.tileRows(rows, most)
      if (NV < 4 && n == 6) Tile.matrix(6, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      else if (n == 5) Tile.matrix(5, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      else if (n == 4) Tile.matrix(4, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      else if (n == 3) Tile.matrix(3, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      else if (n == 2) Tile.matrix(2, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      else Tile.matrix(1, NV, a, aRow, aStep, b, bPanel, bStep, from, fromRow, c, cRow, cPanel, depth)
      a += <usize>n * aRow
      c += <usize>n * cRow
      from += <usize>n * fromRow
      rows -= n
    }
  }

  /** How many of the panels left go through together; a half panel goes alone. */
  @inline static panels(left: i32, half: bool): i32 {
    return wide && left - i32(half) > 1 ? 2 : 1
  }
}

// ---- a by rows: a[r][k] at a + r aRow + 4 k

function rowsBy4(
  a: usize,
  aRow: usize,
  b: usize,
  from: usize,
  fromRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(6, 1, a, aRow, 4, b, 0, ROW, from, fromRow, c, cRow, 0, rows, depth)
}

function rowsBy8(
  a: usize,
  aRow: usize,
  b: usize,
  from: usize,
  fromRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(tall, 2, a, aRow, 4, b, 0, ROW, from, fromRow, c, cRow, 0, rows, depth)
}

function rowsBy16(
  a: usize,
  aRow: usize,
  b: usize,
  bPanel: usize,
  from: usize,
  fromRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(wide, 4, a, aRow, 4, b, bPanel, ROW, from, fromRow, c, cRow, ROW, rows, depth)
}

/** One row through `panels` <= VECTOR panels: enough independent sums to keep the multipliers busy. */
function rowBy(panels: i32, a: usize, b: usize, bPanel: usize, from: usize, c: usize, depth: i32): void {
  if (panels == 6) Tile.vector(6, a, b, bPanel, from, c, depth)
  else if (panels == 5) Tile.vector(5, a, b, bPanel, from, c, depth)
  else if (panels == 4) Tile.vector(4, a, b, bPanel, from, c, depth)
  else if (panels == 3) Tile.vector(3, a, b, bPanel, from, c, depth)
  else if (panels == 2) Tile.vector(2, a, b, bPanel, from, c, depth)
  else Tile.vector(1, a, b, bPanel, from, c, depth)
}

export class Rows {
  @inline static panels(left: i32, rows: i32, half: bool): i32 {
    if (rows > 1) return Block.panels(left, half)
    return left <= VECTOR ? left : left < 2 * VECTOR ? (left + 1) >> 1 : VECTOR
  }

  @inline static multiply(
    panels: i32,
    half: bool,
    a: usize,
    aRow: usize,
    b: usize,
    bPanel: usize,
    from: usize,
    fromRow: usize,
    c: usize,
    cRow: usize,
    rows: i32,
    depth: i32,
  ): void {
    if (rows == 1) rowBy(panels, a, b, bPanel, from, c, depth)
    else if (panels == 2) rowsBy16(a, aRow, b, bPanel, from, fromRow, c, cRow, rows, depth)
    else if (half) rowsBy4(a, aRow, b, from, fromRow, c, cRow, rows, depth)
    else rowsBy8(a, aRow, b, from, fromRow, c, cRow, rows, depth)
  }
}

// ---- a by columns: a[r][k] at a + 4 r + k aStep

function columnsBy4(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  c: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(6, 1, a, 4, aStep, b, 0, bStep, from, from ? ROW : 0, c, ROW, 0, rows, depth)
}

function columnsBy8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  c: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(tall, 2, a, 4, aStep, b, 0, bStep, from, from ? ROW : 0, c, ROW, 0, rows, depth)
}

function columnsBy16(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  c: usize,
  cPanel: usize,
  rows: i32,
  depth: i32,
): void {
  Block.multiply(wide, 4, a, 4, aStep, b, ROW, bStep, from, from ? ROW : 0, c, ROW, cPanel, rows, depth)
}

export class Columns {
  @inline static panels(left: i32, half: bool): i32 {
    return Block.panels(left, half)
  }

  /** As Rows.multiply; here the rows of c are packed, its panels cPanel bytes apart. */
  @inline static multiply(
    panels: i32,
    half: bool,
    a: usize,
    aStep: usize,
    b: usize,
    bStep: usize,
    from: usize,
    c: usize,
    cPanel: usize,
    rows: i32,
    depth: i32,
  ): void {
    if (panels == 2) columnsBy16(a, aStep, b, bStep, from, c, cPanel, rows, depth)
    else if (half) columnsBy4(a, aStep, b, bStep, from, c, rows, depth)
    else columnsBy8(a, aStep, b, bStep, from, c, rows, depth)
  }
}
