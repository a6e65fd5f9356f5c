// A dense layer's steps: splits y, dw and dx among threads, one kernel call per piece.
import {
  DENSE_ACTIVATION,
  DENSE_ALPHA,
  DENSE_B,
  DENSE_DX,
  DENSE_DX_STRIDE,
  DENSE_INPUTS,
  DENSE_LEAST_ROWS,
  DENSE_MOST_ROWS,
  DENSE_SAVED,
  DENSE_SAVED_STRIDE,
  DENSE_SCRATCH,
  DENSE_UNITS,
  DENSE_W,
  DENSE_X,
  DENSE_X_STRIDE,
  DENSE_Y,
  DENSE_Y_STRIDE,
} from '../../src/abi/layers'
import { Grid } from '../threads/grid'
import { Share } from '../threads/share'
import { Word } from '../word'
import { denseBackwardBias, denseBackwardInput, denseBackwardWeights, denseForward } from './products'
import { multiplyStrips, packStrips, Strips } from './strips'
import { stripRows } from './tileLoops'

export function dense(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, DENSE_INPUTS)
  const xStride = Word.address(step, DENSE_X_STRIDE)
  const yStride = Word.address(step, DENSE_Y_STRIDE)
  const saved = Word.address(step, DENSE_SAVED)
  const savedStride = Word.address(step, DENSE_SAVED_STRIDE)
  for (Grid.of(rows, Word.panels(step, DENSE_UNITS), inputs, thread); Grid.more(); ) {
    const row = <usize>Grid.row
    denseForward(
      Word.address(step, DENSE_X) + row * xStride,
      xStride,
      Word.address(step, DENSE_W),
      Word.address(step, DENSE_B),
      Word.address(step, DENSE_Y) + row * yStride,
      yStride,
      Grid.rows,
      inputs,
      Word.int(step, DENSE_UNITS),
      Grid.begin,
      Grid.end,
      Word.int(step, DENSE_ACTIVATION),
      Word.float(step, DENSE_ALPHA),
      saved ? saved + row * savedStride : 0,
      savedStride,
    )
  }
}

/** The rows of dw are inputs. */
export function denseDw(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, DENSE_INPUTS)
  const bias = Word.address(step, DENSE_B)
  if (isPacked(step, rows)) {
    packedDw(step, rows, thread)
    return
  }
  for (Grid.of(inputs, Word.panels(step, DENSE_UNITS), rows, thread); Grid.more(); ) {
    denseBackwardWeights(
      Word.address(step, DENSE_X),
      Word.address(step, DENSE_X_STRIDE),
      Word.address(step, DENSE_Y),
      Word.address(step, DENSE_Y_STRIDE),
      Word.address(step, DENSE_W),
      Grid.row ? 0 : bias,
      rows,
      inputs,
      Grid.row,
      Grid.rows,
      Word.int(step, DENSE_UNITS),
      Grid.begin,
      Grid.end,
    )
  }
}

/** Whether x and dz are packed for a batch of so many rows. */
function isPacked(step: usize, rows: i32): bool {
  return rows >= Word.int(step, DENSE_LEAST_ROWS) && rows <= Word.int(step, DENSE_MOST_ROWS)
}

/** dw is split by strips of inputs. */
function packedDw(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, DENSE_INPUTS)
  const units = Word.int(step, DENSE_UNITS)
  const packed = Word.address(step, DENSE_SCRATCH)
  const dw = Word.address(step, DENSE_W)
  const db = Word.address(step, DENSE_B)
  for (Grid.of(Strips.of(inputs), Word.panels(step, DENSE_UNITS), rows * stripRows(), thread); Grid.more(); ) {
    const end = Grid.row + Grid.rows
    multiplyStrips(packed, rows, inputs, Grid.row, end, units, Grid.begin, Grid.end, dw)
    if (Grid.row || !db) continue
    const zStride = Word.address(step, DENSE_Y_STRIDE)
    denseBackwardBias(Word.address(step, DENSE_Y), zStride, db, rows, Grid.begin, Grid.end)
  }
}

export function densePack(step: usize, rows: i32, thread: i32): void {
  if (!isPacked(step, rows)) return
  for (Share.of(rows, thread); Share.more(); ) pack(step, rows, Share.begin, Share.end)
}

function pack(step: usize, rows: i32, begin: i32, end: i32): void {
  packStrips(
    Word.address(step, DENSE_X),
    Word.address(step, DENSE_X_STRIDE),
    Word.int(step, DENSE_INPUTS),
    Word.address(step, DENSE_Y),
    Word.address(step, DENSE_Y_STRIDE),
    Word.int(step, DENSE_UNITS),
    Word.address(step, DENSE_SCRATCH),
    rows,
    begin,
    end,
  )
}

export function denseDx(step: usize, rows: i32, thread: i32): void {
  const units = Word.int(step, DENSE_UNITS)
  const zStride = Word.address(step, DENSE_Y_STRIDE)
  const xStride = Word.address(step, DENSE_DX_STRIDE)
  const savedStride = Word.address(step, DENSE_SAVED_STRIDE)
  for (Grid.of(rows, Word.panels(step, DENSE_INPUTS), units, thread); Grid.more(); ) {
    const row = <usize>Grid.row
    denseBackwardInput(
      Word.address(step, DENSE_Y) + row * zStride,
      zStride,
      Word.address(step, DENSE_W),
      Word.address(step, DENSE_DX) + row * xStride,
      xStride,
      Grid.rows,
      Grid.rows < rows,
      Word.int(step, DENSE_INPUTS),
      units,
      Grid.begin,
      Grid.end,
      Word.address(step, DENSE_SCRATCH),
      Word.int(step, DENSE_ACTIVATION),
      Word.float(step, DENSE_ALPHA),
      Word.address(step, DENSE_SAVED) + row * savedStride,
      savedStride,
    )
  }
}
