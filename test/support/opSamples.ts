/** A step of every op with every operand, small but of awkward shape: what the tests of the list iterate. Files are those of src/machine/ops. */
import type * as ops from '../../src/machine/ops/ops.ts'
import type { Step } from '../../src/machine/program.ts'
import { batchSamples } from './opSamples/batches.ts'
import { curvatureSamples } from './opSamples/curvature.ts'
import { featureSamples } from './opSamples/features.ts'
import { gradientSamples } from './opSamples/gradients.ts'
import { int8Samples } from './opSamples/int8.ts'
import { layerSamples } from './opSamples/layers.ts'
import { linearSamples } from './opSamples/linear.ts'
import { matrixSamples } from './opSamples/matrix.ts'
import { optimizerSamples } from './opSamples/optimizers.ts'
import { solveSamples } from './opSamples/solve.ts'

export type OpName = keyof typeof ops

/** Steps by op; `room` gives the address of another region, `indices` is one of small integers. */
export function samples(room: () => number, indices: number): { readonly [Name in OpName]: Step } {
  return {
    ...batchSamples(room, indices),
    ...curvatureSamples(room),
    ...featureSamples(room),
    ...gradientSamples(room),
    ...int8Samples(room),
    ...layerSamples(room),
    ...linearSamples(room),
    ...matrixSamples(room),
    ...optimizerSamples(room),
    ...solveSamples(room),
  }
}
