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

/** Canonical [inputs, units] row-major weights into panels [ceil(units / PANEL)][inputs][PANEL]. */
export function toPanels(weights: ArrayLike<number>, inputs: number, units: number, panels: Float32Array): void {
  eachRow(inputs, units, (from, to, width) => {
    for (let lane = 0; lane < width; lane++) panels[to + lane] = weights[from + lane]
  })
}

/** Panels back into canonical [inputs, units] row-major weights. */
export function fromPanels(panels: Float32Array, inputs: number, units: number, weights: Float32Array): void {
  eachRow(inputs, units, (to, from, width) => {
    for (let lane = 0; lane < width; lane++) weights[to + lane] = panels[from + lane]
  })
}

/** Visits the pieces of rows that are contiguous in both layouts. */
function eachRow(
  inputs: number,
  units: number,
  visit: (canonical: number, panel: number, width: number) => void,
): void {
  for (let first = 0; first < units; first += PANEL) {
    const width = Math.min(PANEL, units - first)
    for (let row = 0; row < inputs; row++) visit(row * units + first, first * inputs + row * PANEL, width)
  }
}
