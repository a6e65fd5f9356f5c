/** Memory layout of matrices: padded rows for activations, panels for weights. Independent of wasm. */
import { PANEL } from '../abi/layout.ts'

/** Rounds up to a multiple of `unit`. */
export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit

/** Bytes of one row of a weight panel: rows of activations are padded to a multiple of it. */
const PANEL_BYTES = PANEL * 4

/**
 * Bytes between rows of a matrix with `cols` floats: whole panels, and never a multiple of 512 bytes,
 * because rows a power of two apart map to the same few sets of the L1 cache (dW of 1024³: 0.59 instead of 0.89 of peak).
 */
export function rowStride(cols: number): number {
  const stride = roundUp(cols * 4, PANEL_BYTES)
  return stride % 512 === 0 ? stride + 64 : stride
}

/** How kernels store a parameter. */
export type Layout = 'panels' | 'row' | 'table'

/** A tensor's shape and memory layout. */
export interface Stored {
  readonly shape: readonly number[]
  readonly layout: Layout
}

/** Floats of a parameter in the kernels' layout: whole panels, or rows padded to whole panels. */
export function storedFloats(shape: readonly number[], layout: Layout): number {
  const rows = layout === 'row' ? 1 : shape.slice(0, -1).reduce((product, size) => product * size, 1)
  return rows * roundUp(shape[shape.length - 1], PANEL)
}

/**
 * Packs canonical row-major weights [inputs, units] into panels [ceil(units / PANEL)][inputs][PANEL]: all of them, or as many as
 * there are from index `first` on. Panel by panel, so that writes are contiguous.
 */
export function toPanels(
  weights: ArrayLike<number>,
  inputs: number,
  units: number,
  panels: Float32Array,
  first = 0,
): void {
  const last = first + weights.length
  const [top, bottom] = [Math.floor(first / units), Math.ceil(last / units)]
  for (let unit = 0; unit < units; unit += PANEL) {
    const width = Math.min(PANEL, units - unit)
    for (let row = top; row < bottom; row++) {
      const start = row * units + unit
      const panel = unit * inputs + row * PANEL - start
      const end = Math.min(start + width, last)
      for (let i = Math.max(start, first); i < end; i++) panels[panel + i] = weights[i - first]
    }
  }
}

/** Unpacks panels to canonical row-major weights [inputs, units]. Repeats the loops of toPanels, since a callback would not be inlined. */
export function fromPanels(
  panels: Float32Array,
  inputs: number,
  units: number,
  weights: Float32Array,
  first = 0,
): void {
  const last = first + weights.length
  const [top, bottom] = [Math.floor(first / units), Math.ceil(last / units)]
  for (let unit = 0; unit < units; unit += PANEL) {
    const width = Math.min(PANEL, units - unit)
    for (let row = top; row < bottom; row++) {
      const start = row * units + unit
      const panel = unit * inputs + row * PANEL - start
      const end = Math.min(start + width, last)
      for (let i = Math.max(start, first); i < end; i++) weights[i - first] = panels[panel + i]
    }
  }
}

/** Copies row-major values, a whole tensor's or those from index `first` on, to the kernels' layout; padding is unchanged. */
export function store({ shape, layout }: Stored, values: ArrayLike<number>, stored: Float32Array, first = 0): void {
  const units = shape[shape.length - 1]
  const width = roundUp(units, PANEL)
  if (layout === 'panels') toPanels(values, shape[0], shape[1], stored, first)
  else if (layout === 'row' || units === width) stored.set(values, first)
  else {
    for (let i = 0, at = first; i < values.length; i++, at++) {
      stored[Math.floor(at / units) * width + (at % units)] = values[i]
    }
  }
}

/** The inverse, as many values as fit `values`. */
export function unstore({ shape, layout }: Stored, stored: Float32Array, values: Float32Array, first = 0): void {
  const units = shape[shape.length - 1]
  const width = roundUp(units, PANEL)
  if (layout === 'panels') fromPanels(stored, shape[0], shape[1], values, first)
  else if (layout === 'row' || units === width) values.set(stored.subarray(first, first + values.length))
  else {
    for (let i = 0, at = first; i < values.length; i++, at++) {
      values[i] = stored[Math.floor(at / units) * width + (at % units)]
    }
  }
}
