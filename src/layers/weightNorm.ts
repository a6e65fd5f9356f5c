/** Kernels parametrized by length and direction. */
import { PANEL } from '../abi/layout.ts'
import { type Initializer, zeros } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/layers.ts'
import type { Builder, ParameterSpec } from './builder.ts'

/** Euclidean norms of the columns of [inputs, units]. */
export function columnLengths(kernel: Float32Array, units: number): Float32Array {
  const squares = new Float64Array(units)
  kernel.forEach((value, i) => {
    squares[i % units] += value * value
  })
  return Float32Array.from(squares, Math.sqrt)
}

/**
 * W = scale · direction / |direction|, with one scale per unit (Salimans and Kingma 2016, arXiv:1602.07868). The scales
 * start at the directions' lengths, so that W starts as initialized. A unit's |W| is its scale, so an l2 penalty on W is
 * one on the scales.
 */
export function weightNormParameters(
  shape: readonly [inputs: number, units: number],
  initializer: Initializer,
  regularizer: Regularizer | undefined,
): ParameterSpec[] {
  return [
    { name: 'direction', shape, layout: 'panels', initializer },
    {
      name: 'scale',
      shape: [shape[1]],
      layout: 'row',
      initializer: zeros(),
      derived: { from: 'direction', values: (direction) => columnLengths(direction, shape[1]) },
      ...(regularizer && { regularizer }),
    },
  ]
}

/** Emits W; `back` emits the gradients of direction and scale from that of W. */
export function emitWeightNorm(builder: Builder, inputs: number, units: number) {
  const direction = builder.parameter('direction')
  const scale = builder.parameter('scale')
  const row = roundUp(units, PANEL) * 4
  const address = builder.region(inputs * row)
  const gradient = builder.training ? builder.region(inputs * row) : 0
  const words = {
    v: direction.address,
    g: scale.address,
    inverse: builder.region(row),
    inputs,
    units,
  }
  builder.emit(ops.weightNorm, { ...words, w: address })
  return {
    address,
    gradient,
    back: () =>
      builder.emit(ops.weightNormBack, { ...words, dw: gradient, dv: direction.gradient, dg: scale.gradient }),
  }
}
