/** Ops that load a batch and report on it; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/batches.ts'
import { MODULE_INFER } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

export const none = op(codes.OP_NONE, 'none', {}, {}, { module: MODULE_INFER, overlaps: 'any' })

export const gather = op(
  codes.OP_GATHER,
  'rows',
  {
    from: abi.GATHER_FROM as Address,
    to: abi.GATHER_TO as Address,
    order: abi.GATHER_ORDER as Address,
    cols: abi.GATHER_COLS as Count,
    toStride: abi.GATHER_TO_STRIDE as Stride,
  },
  {},
  { overlaps: [codes.OP_GATHER] },
)

export const loss = op(
  codes.OP_LOSS,
  'rows',
  {
    kind: abi.LOSS_KIND as Int,
    outputs: abi.LOSS_OUTPUTS as Address,
    stride: abi.LOSS_STRIDE as Stride,
    cols: abi.LOSS_COLS as Count,
    targets: abi.LOSS_TARGETS as Address,
    targetsStride: abi.LOSS_TARGETS_STRIDE as Stride,
    weights: abi.LOSS_WEIGHTS as Optional<Address>,
    rowLosses: abi.LOSS_ROW_LOSSES as Address,
    gradient: abi.LOSS_GRADIENT as Optional<Address>,
    probabilities: abi.LOSS_PROBABILITIES as Optional<Address>,
    deltas: abi.LOSS_DELTAS as Optional<Address>,
  },
  { delta: abi.LOSS_DELTA as Optional<Float>, smoothing: abi.LOSS_SMOOTHING as Optional<Float> },
)

// only the main thread accesses records
export const meanLoss = op(
  codes.OP_MEAN_LOSS,
  'none',
  { rowLosses: abi.MEAN_LOSS_ROWS as Address, weights: abi.MEAN_LOSS_WEIGHTS as Optional<Address> },
  {},
  { overlaps: 'any' },
)

export const correct = op(
  codes.OP_CORRECT,
  'none',
  {
    mode: abi.CORRECT_MODE as Int,
    outputs: abi.CORRECT_OUTPUTS as Address,
    stride: abi.CORRECT_STRIDE as Stride,
    cols: abi.CORRECT_COLS as Count,
    targets: abi.CORRECT_TARGETS as Address,
    targetsStride: abi.CORRECT_TARGETS_STRIDE as Stride,
  },
  { threshold: abi.CORRECT_THRESHOLD as Optional<Float> },
  { overlaps: 'any' },
)
