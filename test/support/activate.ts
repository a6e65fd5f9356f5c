/** Activation steps on one machine, for tests. */
import { ACTIVATION_EXPONENTIAL } from '../../src/abi/activations.ts'
import { type Activation, activationKinds, alphaOf } from '../../src/catalogue/activations.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import type { Target } from '../../src/machine/wasm.ts'
import { type Matrix, Sheet } from './sheet.ts'

export interface Run {
  readonly y: Float32Array
  readonly dx: Float32Array
  readonly padding: Float32Array
}

/** Forward and backward through the op list; `fill` is what the padding of x and dy holds beforehand. */
export function run(
  target: Target,
  activation: Activation,
  rows: number,
  cols: number,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  { stride, inPlace = false, fill = 0 }: { stride?: number; inPlace?: boolean; fill?: number } = {},
): Run {
  const sheet = new Sheet(target)
  const matrix = (values: ArrayLike<number>): Matrix => {
    const made = sheet.matrix(rows, cols, undefined, stride)
    sheet.arena.floats(made.address, (rows * made.stride) / 4).fill(fill)
    sheet.write(made, values)
    return made
  }
  const from = matrix(x)
  const gradient = matrix(dy)
  const { kind } = activation
  const { code, saves } = activationKinds[kind]
  const to = inPlace && saves !== 'input' ? from : sheet.matrix(rows, cols, undefined, stride)
  const dx = inPlace ? gradient : sheet.matrix(rows, cols, undefined, stride)
  const words = { stride: from.stride, cols, kind: code }
  const forward = { ...words, from: from.address, to: to.address }
  const backward = {
    ...words,
    from: gradient.address,
    to: dx.address,
    saved: saves === 'input' ? from.address : to.address,
  }
  const alpha = alphaOf(activation)
  if (code >= ACTIVATION_EXPONENTIAL) sheet.step(ops.wave, forward).step(ops.waveBack, backward)
  else sheet.step(ops.activate, { ...forward, alpha }).step(ops.activateBack, { ...backward, alpha })
  sheet.run(rows)
  const padding = activationKinds[kind].rowwise ? [...sheet.padding(to), ...sheet.padding(dx)] : sheet.padding(dx)
  return { y: sheet.read(to), dx: sheet.read(dx), padding: Float32Array.from(padding) }
}

export const ones = (count: number) => new Float32Array(count).fill(1)
/** Too small to count: kernels leave 0 instead. */
export const isTiny = (value: number) => value !== 0 && Math.abs(value) < 2 ** -63

/** The same numbers every time, roughly normal with the given spread. */
export function noise(count: number, spread: number, seed = 1): Float32Array {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return Float32Array.from({ length: count }, () => (uniform() + uniform() + uniform() + uniform() - 2) * spread)
}
