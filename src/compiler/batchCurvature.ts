/** The site for solvers that add ranges of their own to a plan. */
import type { Layer } from '../layers/layers.ts'
import * as ops from '../machine/ops/ops.ts'
import type { Range, Step } from '../machine/program.ts'
import type { Optimizer } from '../optimizers/optimizers.ts'
import type { CurvatureSite, DenseGradient } from '../optimizers/solvers/batchCurvature.ts'
import { type Batch, emitBackward, type Judged, type Passed, tensorsOf } from './objective.ts'
import type { ProgramBuilder } from './programBuilder.ts'
import { scratchBytes, updateSteps } from './updates.ts'

/** How the model is lowered in a plan. */
export class Lowering {
  readonly builder: ProgramBuilder
  /** Without the activation that the loss includes. */
  readonly layers: readonly Layer[]
  readonly objective: Judged
  readonly batch: Batch

  constructor(builder: ProgramBuilder, layers: readonly Layer[], objective: Judged, batch: Batch) {
    this.builder = builder
    this.layers = layers
    this.objective = objective
    this.batch = batch
  }
}

/** @param backward the batch's backward pass. */
export function curvatureSite(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  objective: Judged,
  batch: Batch,
  passed: Passed,
  backward: Range,
): CurvatureSite {
  const { places, parameters, gradients, rows } = builder.site
  const { states, room, loss, isTrainable } = objective
  const denseOf = (steps: readonly Step[]) =>
    steps.flatMap(({ op, operands }) => (op === ops.denseDw ? [operands as unknown as DenseGradient] : []))
  // solvers see places as blocks do
  const trainable = isTrainable as CurvatureSite['isTrainable']
  return {
    places,
    parameters,
    gradients,
    states,
    room,
    rows,
    outputs: passed.y,
    weights: batch.weights,
    loss,
    dense: denseOf(builder.steps.slice(backward[0], backward[1])),
    lowering: new Lowering(builder, layers, objective, batch),
    isTrainable: trainable,
    emit: (op, operands) => builder.emit(op, operands),
    push: (made) => void builder.steps.push(made),
    range: (emit) => builder.range(emit),
    matrix: (cols) => builder.matrix(cols),
    scratch: (bytes) => builder.scratch(bytes),
    stream: () => builder.stream(),
    back(from, each) {
      const first = builder.steps.length
      emitBackward(builder, layers, objective, passed, from)
      for (const made of builder.steps.splice(first)) {
        const [dense] = denseOf([made])
        if (dense) each(dense)
        // activity penalties are not part of the outputs' curvature
        else if (made.op === ops.activityBack)
          builder.steps.push({ op: made.op, operands: { ...made.operands, l1: 0, l2: 0 } })
        else if (made.op !== ops.densePack) builder.steps.push(made)
      }
    },
    update(given, wanted, from, blocks) {
      const rule = given as Optimizer
      const paths = new Set(wanted.map(({ path }) => path))
      const tensors = tensorsOf(
        places.filter(({ path }) => paths.has(path)),
        isTrainable,
      )
      const bytes = scratchBytes(rule, tensors)
      const scratch = bytes > 0 && { scratch: builder.scratch(bytes) }
      builder.steps.push(...updateSteps(rule, tensors, { parameters, gradients: from, states: blocks, ...scratch }))
    },
  }
}
