/** Kernels by length and direction. */
import {
  WEIGHT_NORM_DG,
  WEIGHT_NORM_DV,
  WEIGHT_NORM_G,
  WEIGHT_NORM_INPUTS,
  WEIGHT_NORM_INVERSE,
  WEIGHT_NORM_UNITS,
  WEIGHT_NORM_V,
  WEIGHT_NORM_W,
} from '../abi/layers.ts'
import { PANEL } from '../abi/layout.ts'
import { OP_WEIGHT_NORM, OP_WEIGHT_NORM_BACK } from '../abi/ops.ts'
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
  const row = roundUp(units, PANEL) * 4
  const address = lowering.region(inputs * row)
  const gradient = lowering.training ? lowering.region(inputs * row) : 0
  const words = {
    [WEIGHT_NORM_V]: direction.address,
    [WEIGHT_NORM_G]: scale.address,
    [WEIGHT_NORM_INPUTS]: inputs,
    [WEIGHT_NORM_UNITS]: units,
    [WEIGHT_NORM_INVERSE]: lowering.region(row),
  }
  lowering.emit(OP_WEIGHT_NORM, { ...words, [WEIGHT_NORM_W]: address })
  return {
    address,
    gradient,
    back: () =>
      lowering.emit(OP_WEIGHT_NORM_BACK, {
        ...words,
        [WEIGHT_NORM_W]: gradient,
        [WEIGHT_NORM_DV]: direction.gradient,
        [WEIGHT_NORM_DG]: scale.gradient,
      }),
  }
}
