/** Memory layout of 8-bit values: rows of activations in whole groups, weights in panels of groups. Independent of wasm. */
import { GROUP } from '../abi/int8.ts'
import { PANEL } from '../abi/layout.ts'
import { roundUp } from './matrixLayout.ts'

/** Bytes from one row of `cols` activations to the next: see `rowStride`. */
export function bytesStride(cols: number): number {
  const stride = roundUp(cols, GROUP)
  return stride % 512 === 0 ? stride + 64 : stride
}

/** Bytes of weights in the kernels' layout. */
export const packedBytes = (inputs: number, units: number): number => roundUp(inputs, GROUP) * roundUp(units, PANEL)

/** Adjacent inputs: half a group. */
const TOGETHER = 4

/**
 * Packs row-major weights [inputs, units] into panels [ceil(units / PANEL)][ceil(inputs / GROUP)][2][PANEL][4], leaving padding
 * unchanged: all of them, or as many as there are from index `first` on.
 */
export function packWeights(weights: Int8Array, inputs: number, units: number, packed: Int8Array, first = 0): void {
  const panel = roundUp(inputs, GROUP) * PANEL
  let unit = first % units
  let row = (first - unit) / units
  for (let i = 0; i < weights.length; i++) {
    const group = (row - (row % TOGETHER)) * PANEL + (row % TOGETHER)
    packed[Math.floor(unit / PANEL) * panel + group + (unit % PANEL) * TOGETHER] = weights[i]
    if (++unit === units) {
      unit = 0
      row++
    }
  }
}
