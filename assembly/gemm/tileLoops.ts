// Loops of tiles over the rows of a block, c = from + a · b, one or two panels wide, half a panel at the ragged end.
import { PANEL, TILE_2X16, TILE_4X16, TILE_5X16, TILE_6X8, TILE_AT } from '../../src/abi/layout'
import { multiplyRow, rowPanels } from './gemv'
import { Tile } from './microkernels'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/** Whether to build tiles of 6x8 and 5x16, which are never the fastest if multiply-add takes two instructions. */
const TALL: bool = ASC_FEATURE_RELAXED_SIMD

/** Most rows of tiles one panel wide, 6 or 4; and of those two panels wide, 5 or 2, or 0 where one panel goes at a time. */
let narrow: i32 = 4
let broad: i32 = 0

/**
 * Chooses the shape of tiles, TILE_*, or the nearest that the build has. What is fastest depends on the engine's registers, the
 * results do not.
 */
export function setTile(tile: i32): void {
  store<i32>(TILE_AT, tile)
  const five = tile == TILE_4X16 || tile == TILE_5X16
  broad = TALL && five ? 5 : five || tile == TILE_2X16 ? 2 : 0
  narrow = TALL && (five || tile == TILE_6X8) ? 6 : 4
}

/** The choice that was made on this memory, perhaps by another thread or module. */
export function takeTile(): void {
  setTile(load<i32>(TILE_AT))
}

/** Rows of a strip: whole tiles of the shape in use. */
export function stripRows(): i32 {
  return broad == 5 ? 10 : 12
}

/** Tiles one below the other; every stride is the caller's. */
export class Loop {
  /** Rows of the next tile: no short tile at the end, whose few sums would wait for each other. */
  @inline static rows(left: i32, most: i32): i32 {
    return left <= most ? left : most > 2 && left < most + 4 ? (left + 1) >> 1 : most
  }

  /** One tile for `rows` rows: MR, or fewer, but no fewer than a group of the tile has. */
  @inline static tile(
    MR: i32,
    NV: i32,
    rows: i32,
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bPanel: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    fromPanel: usize,
    c: usize,
    cRow: usize,
    cPanel: usize,
    depth: i32,
  ): void {
    const second = <usize>(rows - (MR >> 1))
    Tile.matrix(
      MR,
      NV,
      a,
      a + second * aRow,
      aRow,
      aStep,
      b,
      bPanel,
      bStep,
      from,
      from + second * fromRow,
      fromRow,
      fromPanel,
      c,
      c + second * cRow,
      cRow,
      cPanel,
      depth,
    )
  }

  /** Half a panel; at least 3 rows. */
  @inline static half(
    MR: i32,
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    c: usize,
    cRow: usize,
    rows: i32,
    depth: i32,
  ): void {
    while (rows) {
      const n = Loop.rows(rows, MR)
      Loop.tile(MR, 1, n, a, aRow, aStep, b, 0, bStep, from, fromRow, 0, c, cRow, 0, depth)
      a += <usize>n * aRow
      c += <usize>n * cRow
      from += <usize>n * fromRow
      rows -= n
    }
  }

  /** One panel; at least 2 rows. */
  @inline static panel(
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    c: usize,
    cRow: usize,
    rows: i32,
    depth: i32,
  ): void {
    let n = Loop.rows(rows, narrow)
    if (TALL) {
      for (; n > 4; n = Loop.rows(rows, narrow)) {
        Loop.tile(6, 2, n, a, aRow, aStep, b, 0, bStep, from, fromRow, 0, c, cRow, 0, depth)
        a += <usize>n * aRow
        c += <usize>n * cRow
        from += <usize>n * fromRow
        rows -= n
      }
    }
    for (; rows; n = Loop.rows(rows, 4)) {
      Loop.tile(4, 2, n, a, aRow, aStep, b, 0, bStep, from, fromRow, 0, c, cRow, 0, depth)
      a += <usize>n * aRow
      c += <usize>n * cRow
      from += <usize>n * fromRow
      rows -= n
    }
  }

  /** Two panels; at least 2 rows, 3 where tiles have 5. */
  @inline static panels(
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bPanel: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    fromPanel: usize,
    c: usize,
    cRow: usize,
    cPanel: usize,
    rows: i32,
    depth: i32,
  ): void {
    let n = Loop.rows(rows, broad)
    if (TALL) {
      for (; n > 2; n = Loop.rows(rows, broad)) {
        Loop.tile(5, 4, n, a, aRow, aStep, b, bPanel, bStep, from, fromRow, fromPanel, c, cRow, cPanel, depth)
        a += <usize>n * aRow
        c += <usize>n * cRow
        from += <usize>n * fromRow
        rows -= n
      }
    }
    for (; rows; n = Loop.rows(rows, 2)) {
      Loop.tile(2, 4, n, a, aRow, aStep, b, bPanel, bStep, from, fromRow, fromPanel, c, cRow, cPanel, depth)
      a += <usize>n * aRow
      c += <usize>n * cRow
      from += <usize>n * fromRow
      rows -= n
    }
  }
}

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
  Loop.half(6, a, aRow, 4, b, ROW, from, fromRow, c, cRow, rows, depth)
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
  Loop.panel(a, aRow, 4, b, ROW, from, fromRow, c, cRow, rows, depth)
}

function columnsBy4(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  fromRow: usize,
  c: usize,
  rows: i32,
  depth: i32,
): void {
  Loop.half(6, a, 4, aStep, b, bStep, from, fromRow, c, ROW, rows, depth)
}

function columnsBy8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  fromRow: usize,
  c: usize,
  rows: i32,
  depth: i32,
): void {
  Loop.panel(a, 4, aStep, b, bStep, from, fromRow, c, ROW, rows, depth)
}

function rowsBy16(
  a: usize,
  aRow: usize,
  b: usize,
  bPanel: usize,
  from: usize,
  fromRow: usize,
  fromPanel: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  depth: i32,
): void {
  Loop.panels(a, aRow, 4, b, bPanel, ROW, from, fromRow, fromPanel, c, cRow, ROW, rows, depth)
}

function columnsBy16(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  from: usize,
  fromRow: usize,
  fromPanel: usize,
  c: usize,
  cPanel: usize,
  rows: i32,
  depth: i32,
): void {
  Loop.panels(a, 4, aStep, b, ROW, bStep, from, fromRow, fromPanel, c, ROW, cPanel, rows, depth)
}

/** a by rows: a[r][k] at a + r aRow + 4 k; or by columns: a[r][k] at a + 4 r + k aStep, where c is packed by panels. */
export class Block {
  /** How many of the panels left go through together; a half panel goes alone, but for a single row. */
  @inline static panels(left: i32, rows: i32, half: bool): i32 {
    if (rows == 1) return rowPanels(left)
    return rows > broad >> 1 && broad && left - i32(half) > 1 ? 2 : 1
  }

  /** c = from + a · b for `rows` rows and `panels` panels, or `half` a panel; see Tile.matrix. */
  @inline static multiply(
    panels: i32,
    half: bool,
    a: usize,
    aRow: usize,
    b: usize,
    bPanel: usize,
    from: usize,
    fromRow: usize,
    fromPanel: usize,
    c: usize,
    cRow: usize,
    rows: i32,
    depth: i32,
  ): void {
    if (rows == 1) multiplyRow(panels, a, b, bPanel, from, fromPanel, c, depth)
    else if (panels == 2) rowsBy16(a, aRow, b, bPanel, from, fromRow, fromPanel, c, cRow, rows, depth)
    else if (half && rows > 4) rowsBy4(a, aRow, b, from, fromRow, c, cRow, rows, depth)
    else rowsBy8(a, aRow, b, from, fromRow, c, cRow, rows, depth)
  }

  @inline static multiplyColumns(
    panels: i32,
    half: bool,
    a: usize,
    aStep: usize,
    b: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    fromPanel: usize,
    c: usize,
    cPanel: usize,
    rows: i32,
    depth: i32,
  ): void {
    if (panels == 2) columnsBy16(a, aStep, b, bStep, from, fromRow, fromPanel, c, cPanel, rows, depth)
    else if (half && rows > 4) columnsBy4(a, aStep, b, bStep, from, fromRow, c, rows, depth)
    else columnsBy8(a, aStep, b, bStep, from, fromRow, c, rows, depth)
  }
}
