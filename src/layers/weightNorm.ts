/** Kernels by length and direction. */
import * as abi from '../abi/abi.ts'
import { type Initializer, zeros } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import type { Lowering, ParameterSpec } from './builder.ts'

/** Lengths of the columns of [inputs, units]. */
export function columnLengths(kernel: Float32Array, units: number): Float32Array {
  const squares = new Float64Array(units)
  kernel.forEach((value, i) => {
    squares[i % units] += value * value
  })
  return Float32Array.from(squares, Math.sqrt)
}

/**
 * A kernel W = scale · direction / |direction|, one scale a unit (Salimans and Kingma 2016, arXiv:1602.07868). The scales
 * start as the directions' lengths, so that W starts as drawn. Since |W| of a unit is its scale, an l2 penalty on W is
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

/** Emits W; `back` emits the gradients of its parts once the gradient of W is there. */
export function emitWeightNorm(lowering: Lowering, inputs: number, units: number) {
  const direction = lowering.parameter('direction')
  const scale = lowering.parameter('scale')
  const row = roundUp(units, abi.PANEL) * 4
  const address = lowering.region(inputs * row)
  const gradient = lowering.training ? lowering.region(inputs * row) : 0
  const words = {
    [abi.WEIGHT_NORM_V]: direction.address,
    [abi.WEIGHT_NORM_G]: scale.address,
    [abi.WEIGHT_NORM_INPUTS]: inputs,
    [abi.WEIGHT_NORM_UNITS]: units,
    [abi.WEIGHT_NORM_INVERSE]: lowering.region(row),
  }
  lowering.emit(abi.OP_WEIGHT_NORM, { ...words, [abi.WEIGHT_NORM_W]: address })
  return {
    address,
    gradient,
    back: () =>
      lowering.emit(abi.OP_WEIGHT_NORM_BACK, {
        ...words,
        [abi.WEIGHT_NORM_W]: gradient,
        [abi.WEIGHT_NORM_DV]: direction.gradient,
        [abi.WEIGHT_NORM_DG]: scale.gradient,
      }),
  }
}
