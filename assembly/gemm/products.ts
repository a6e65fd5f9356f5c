// Dense layers: y = f(x · w + b) and its two gradients as one family of blocked matrix products, c = from + a · b.
//
//   forward   y[rows x units]    a = x   by rows      b = w    in panels: [ceil(units / 8)][inputs][8]
//   backward  dw[inputs x units] a = x   by columns   b = dz   in place, c in w's panels
//             dx[rows x inputs]  a = dz  by rows      b = wᵀ   in panels, packed into scratch before their first use;
//                                                              w unpacked for one or two rows
//
// Addresses and strides are bytes. Blocks of MC rows x KC of the sum stay in the L2 cache, a panel's KC x 8 in L1.
// Every element is summed over k in order, with partial sums kept in c from one KC block to the next: results do not
// depend on blocks, tiles, or the split of panels among threads.
import { ACTIVATION_LINEAR } from '../../src/abi/activations'
import { PANEL } from '../../src/abi/layout'
import { activateBackBlock, activateBlock } from '../activations/activations'
import { F4 } from '../math/simd'
import { FEW, multiplyColumn, multiplyRowTransposed, outerProduct, outerProducts } from './gemv'
import { Block } from './tileLoops'
import { transposePanel } from './transpose'

export { setTile, takeTile } from './tileLoops'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Up to this many rows, packing wᵀ does not pay. */
const TURNED: i32 = 2
/** Address of zeros to add: the machine's first 32 bytes are never written. */
export const ZEROS: usize = 0
/** Rows and depth of a block: MC x KC floats of a fit a 1 MB L2 cache; MC is a multiple of 2, 4 and 6. */
export const MC: i32 = 264
export const KC: i32 = 512
/** For dw, long rows of x and dz are each on their own page, and L1 TLBs hold about 64 pages. */
const PAGE: usize = 4096
const PAGES: usize = 64
/** Below this depth, loading and storing a tile does not pay. */
const KC_LEAST: usize = 32

/** How products are split into blocks. */
export class Cut {
  /** Splits `total` into equal parts of whole panels, not much longer than `most`. */
  @inline static part(total: i32, most: i32): i32 {
    const parts = (total + most - 1) / most
    return ((total + parts - 1) / parts + PANEL - 1) & -PANEL
  }

  /** Whether the last panel has at most four columns, for tiles half as wide. */
  @inline static endsHalf(cols: i32, panelEnd: i32): bool {
    return panelEnd * PANEL >= cols && ((cols - 1) & (PANEL - 1)) < PANEL / 2
  }
}

/** y[rows x units] = f(z), z = x · w + b, for panels [panelBegin, panelEnd) of y. b may be 0; saved, unless 0, receives z. */
export function denseForward(
  x: usize,
  xStride: usize,
  w: usize,
  bias: usize,
  y: usize,
  yStride: usize,
  rows: i32,
  inputs: i32,
  units: i32,
  panelBegin: i32,
  panelEnd: i32,
  activation: i32,
  alpha: f32,
  saved: usize,
  savedStride: usize,
): void {
  const half = Cut.endsHalf(units, panelEnd)
  const wPanel = <usize>inputs * ROW
  const z = saved ? saved : y
  const zStride = saved ? savedStride : yStride
  const kc = Cut.part(inputs, KC)
  for (let r = 0; r < rows; r += MC) {
    const m = min(MC, rows - r)
    for (let k = 0; k < inputs; k += kc) {
      const depth = min(kc, inputs - k)
      const a = x + <usize>r * xStride + ((<usize>k) << 2)
      for (let p = panelBegin, n = 0; p < panelEnd; p += n) {
        n = Block.panels(panelEnd - p, m, half)
        const at = <usize>p * ROW
        const b = w + <usize>p * wPanel + <usize>k * ROW
        const c = z + <usize>r * zStride + at
        const from = k ? c : bias ? bias + at : ZEROS
        const fromRow = k ? zStride : 0
        const fromPanel = from ? ROW : 0
        const ends = half && p + n == panelEnd
        Block.multiply(n, ends, a, xStride, b, wPanel, from, fromRow, fromPanel, c, zStride, m, depth)
        if (k + depth == inputs && (saved || activation != ACTIVATION_LINEAR)) {
          const to = y + <usize>r * yStride + at
          activateBlock(activation, alpha, c, zStride, to, yStride, m, n)
          const pad = units - (p + n - 1) * PANEL
          if (pad < PANEL) clearPads(to + <usize>(n - 1) * ROW, yStride, m, pad)
        }
      }
    }
  }
}

/** Zeros from column `first` to the end of a panel, if f(0) is not 0. */
function clearPads(to: usize, stride: usize, rows: i32, first: i32): void {
  if (load<f32>(to, ROW - 4) == 0) return
  for (; rows; rows--, to += stride) {
    for (let i = first; i < PANEL; i++) store<f32>(to + ((<usize>i) << 2), 0)
  }
}

/**
 * dx[rows x inputs] = (dz · wᵀ) * f'(saved), for panels [panelBegin, panelEnd) of dx.
 * scratch: space for wᵀ in panels, [ceil(inputs / 8)][units][8]. partial: other threads process other rows of the same panels.
 */
export function denseBackwardInput(
  dz: usize,
  zStride: usize,
  w: usize,
  dx: usize,
  xStride: usize,
  rows: i32,
  partial: bool,
  inputs: i32,
  units: i32,
  panelBegin: i32,
  panelEnd: i32,
  scratch: usize,
  activation: i32,
  alpha: f32,
  saved: usize,
  savedStride: usize,
): void {
  const wPanel = <usize>inputs * ROW
  if (rows <= TURNED) {
    // whole panels of inputs use w without packing
    const n = min(panelEnd, inputs / PANEL) - panelBegin
    if (n > 0) {
      const at = <usize>panelBegin * ROW
      const to = dx + at
      for (let r: usize = 0; r < <usize>rows; r++) {
        multiplyRowTransposed(dz + r * zStride, w + at * PANEL, wPanel, to + r * xStride, n * PANEL, units)
      }
      if (activation != ACTIVATION_LINEAR) {
        activateBackBlock(activation, alpha, saved + at, savedStride, to, xStride, to, xStride, rows, n)
      }
      panelBegin += n
    }
  }
  const half = Cut.endsHalf(inputs, panelEnd)
  const kc = Cut.part(units, KC)
  const packed = scratch + <usize>panelBegin * <usize>units * ROW
  // a single block of rows packs every panel into the same few cache lines; threads that pack the same panel
  // write the same values to the same place
  const apart = partial || rows > MC
  for (let r = 0; r < rows; r += MC) {
    const m = min(MC, rows - r)
    for (let k = 0; k < units; k += kc) {
      const depth = min(kc, units - k)
      const a = dz + <usize>r * zStride + ((<usize>k) << 2)
      const bPanel = <usize>(apart ? units : depth) * ROW
      let b = apart ? packed + <usize>k * ROW : packed
      for (let p = panelBegin, n = 0; p < panelEnd; p += n) {
        n = Block.panels(panelEnd - p, m, half)
        if (r == 0) {
          const from = w + <usize>(k / PANEL) * wPanel
          for (let q = 0; q < n; q++) {
            const input = (p + q) * PANEL
            transposePanel(from + <usize>input * ROW, wPanel, inputs - input, b + <usize>q * bPanel, depth)
          }
        }
        const at = <usize>p * ROW
        const c = dx + <usize>r * xStride + at
        const from = k ? c : ZEROS
        const fromRow = k ? xStride : 0
        const fromPanel = k ? ROW : 0
        const ends = half && p + n == panelEnd
        Block.multiply(n, ends, a, zStride, b, bPanel, from, fromRow, fromPanel, c, xStride, m, depth)
        if (apart) b += <usize>n * bPanel
        if (k + depth == units && activation != ACTIVATION_LINEAR) {
          const kept = saved + <usize>r * savedStride + at
          activateBackBlock(activation, alpha, kept, savedStride, c, xStride, c, xStride, m, n)
        }
      }
    }
  }
}

/**
 * dw = xᵀ · dz in w's panels, for `count` inputs from `first` on and panels [panelBegin, panelEnd);
 * db (unless 0) = column sums of dz.
 */
export function denseBackwardWeights(
  x: usize,
  xStride: usize,
  dz: usize,
  zStride: usize,
  dw: usize,
  db: usize,
  rows: i32,
  inputs: i32,
  first: i32,
  count: i32,
  units: i32,
  panelBegin: i32,
  panelEnd: i32,
): void {
  const wPanel = <usize>inputs * ROW
  x += (<usize>first) << 2
  dw += <usize>first * ROW
  if (rows == 1) {
    for (let p = panelBegin; p < panelEnd; p++) outerProduct(x, dz + <usize>p * ROW, dw + <usize>p * wPanel, count)
  } else if (inputs == 1) {
    for (let p = panelBegin; p < panelEnd; p++) {
      const at = <usize>p * ROW
      multiplyColumn(x, xStride, dz + at, zStride, dw + at, rows)
    }
  } else multiplyColumns(x, xStride, dz, zStride, dw, wPanel, rows, count, units, panelBegin, panelEnd)
  if (!db) return
  denseBackwardBias(dz, zStride, db, rows, panelBegin, panelEnd)
}

/** dw = xᵀ · dz. */
function multiplyColumns(
  x: usize,
  xStride: usize,
  dz: usize,
  zStride: usize,
  dw: usize,
  wPanel: usize,
  rows: i32,
  inputs: i32,
  units: i32,
  panelBegin: i32,
  panelEnd: i32,
): void {
  const half = Cut.endsHalf(units, panelEnd)
  if (rows <= FEW) {
    for (const last = panelEnd - i32(half); panelBegin < last; panelBegin++) {
      const p = <usize>panelBegin
      outerProducts(x, xStride, dz + p * ROW, zStride, dw + p * wPanel, inputs, rows)
    }
  }
  const kc = Cut.part(rows, <i32>max(KC_LEAST, (PAGES * PAGE) / (min(xStride, PAGE) + min(zStride, PAGE))))
  for (let k = 0; k < rows; k += kc) {
    const depth = min(kc, rows - k)
    const a = x + <usize>k * xStride
    for (let p = panelBegin, n = 0; p < panelEnd; p += n) {
      n = Block.panels(panelEnd - p, inputs, half)
      const b = dz + <usize>k * zStride + <usize>p * ROW
      const c = dw + <usize>p * wPanel
      const from = k ? c : ZEROS
      const fromRow = k ? ROW : 0
      const fromPanel = k ? wPanel : 0
      const ends = half && p + n == panelEnd
      Block.multiplyColumns(n, ends, a, xStride, b, zStride, from, fromRow, fromPanel, c, wPanel, inputs, depth)
    }
  }
}

/** db = column sums of dz for panels [panelBegin, panelEnd). */
export function denseBackwardBias(
  dz: usize,
  zStride: usize,
  db: usize,
  rows: i32,
  panelBegin: i32,
  panelEnd: i32,
): void {
  for (let p = panelBegin; p < panelEnd; p++) sumColumns(dz + <usize>p * ROW, zStride, db + <usize>p * ROW, rows)
}

/** to[8] = column sums of one panel. */
function sumColumns(from: usize, stride: usize, to: usize, rows: i32): void {
  let left = f32x4.splat(0)
  let right = left
  for (; rows; rows--, from += stride) {
    left = f32x4.add(left, v128.load(from))
    right = f32x4.add(right, v128.load(from, 16))
  }
  v128.store(to, F4.flush(left))
  v128.store(to, F4.flush(right), 16)
}
