/** How matrices lie in linear memory: padded rows for activations, panels for weights. A leaf without wasm. */
import { PANEL } from '../abi/layout.ts'

/** Rounds up to a multiple of `unit`. */
export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit

/** Bytes of one row of a weight panel: the unit rows of activations are padded to. */
const PANEL_BYTES = PANEL * 4

/**
 * Bytes from one row to the next of a matrix with `cols` floats: whole panels, and never a multiple of 512 bytes,
 * because rows a power of two apart fall into the same few sets of the L1 cache (dW of 1024³: 0.59 against 0.89 of peak).
 */
export function rowStride(cols: number): number {
  const stride = roundUp(cols * 4, PANEL_BYTES)
  return stride % 512 === 0 ? stride + 64 : stride
}

/** Floats of a parameter as the kernels store it: whole panels, or a row padded to whole panels. */
export function storedFloats(shape: readonly number[], layout: 'panels' | 'row'): number {
  const rows = layout === 'panels' ? shape[0] : 1
  return rows * roundUp(shape[shape.length - 1], PANEL)
}

/**
 * Canonical [inputs, units] row-major weights into panels [ceil(units / PANEL)][inputs][PANEL]: all of them, or as many as
 * there are from index `first` on.
 */
export function toPanels(
  weights: ArrayLike<number>,
  inputs: number,
  units: number,
  panels: Float32Array,
  first = 0,
): void {
  eachRun(inputs, units, first, weights.length, (from, to, width) => {
    for (let lane = 0; lane < width; lane++) panels[to + lane] = weights[from + lane]
  })
}

/** Panels back into canonical [inputs, units] row-major weights. */
export function fromPanels(
  panels: Float32Array,
  inputs: number,
  units: number,
  weights: Float32Array,
  first = 0,
): void {
  eachRun(inputs, units, first, weights.length, (to, from, width) => {
    for (let lane = 0; lane < width; lane++) weights[to + lane] = panels[from + lane]
  })
}

/** Visits the runs that are contiguous in both layouts among `count` canonical weights from `first` on, counted from there. */
function eachRun(
  inputs: number,
  units: number,
  first: number,
  count: number,
  visit: (canonical: number, panel: number, width: number) => void,
): void {
  let row = Math.floor(first / units)
  let unit = first % units
  for (let at = 0; at < count; ) {
    const lane = unit % PANEL
    const width = Math.min(PANEL - lane, units - unit, count - at)
    visit(at, (unit - lane) * inputs + row * PANEL + lane, width)
    at += width
    unit += width
    if (unit < units) continue
    unit = 0
    row++
  }
}
