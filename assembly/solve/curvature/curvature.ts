// The switch over ops for curvature products.
import { NORM_COLS, PRELU_CURVE_COLS, WEIGHT_CURVE_UNITS } from '../../../src/abi/curvature'
import {
  OP,
  OP_ACTIVATE_CURVE,
  OP_BATCH_NORM_CURVE,
  OP_BATCH_NORM_TANGENT,
  OP_LOG_SOFTMAX_TANGENT,
  OP_LOSS_CURVE,
  OP_PRELU_CURVE,
  OP_PRELU_TANGENT,
  OP_ROW_NORM_CURVE,
  OP_ROW_NORM_TANGENT,
  OP_WEIGHT_NORM_CURVE,
  OP_WEIGHT_NORM_TANGENT,
} from '../../../src/abi/ops'
import { RECORD_ROWS } from '../../../src/abi/records'
import { Share } from '../../threads/share'
import { Word } from '../../word'
import { activateCurve, logSoftmaxTangent } from './activations'
import { batchNormCurve, batchNormTangent } from './batchNorm'
import { lossCurve } from './losses'
import { rowNormCurve, rowNormTangent } from './rowNorm'
import { preluCurve, preluTangent, weightNormCurve, weightNormTangent } from './trained'

/** Runs a thread's share of a step. */
export function curvature(step: usize, record: usize, thread: i32): void {
  const rows = Word.int(record, RECORD_ROWS)
  switch (Word.int(step, OP)) {
    case OP_ACTIVATE_CURVE:
      for (Share.of(rows, thread); Share.more(); ) activateCurve(step, Share.begin, Share.end)
      break
    case OP_LOG_SOFTMAX_TANGENT:
      for (Share.of(rows, thread); Share.more(); ) logSoftmaxTangent(step, Share.begin, Share.end)
      break
    case OP_LOSS_CURVE:
      for (Share.of(rows, thread); Share.more(); ) lossCurve(step, rows, Share.begin, Share.end)
      break
    case OP_BATCH_NORM_TANGENT:
      for (Share.columns(step, NORM_COLS, thread); Share.more(); ) batchNormTangent(step, rows, Share.begin, Share.end)
      break
    case OP_BATCH_NORM_CURVE:
      for (Share.columns(step, NORM_COLS, thread); Share.more(); ) batchNormCurve(step, rows, Share.begin, Share.end)
      break
    case OP_ROW_NORM_TANGENT:
      for (Share.of(rows, thread); Share.more(); ) rowNormTangent(step, Share.begin, Share.end)
      break
    case OP_ROW_NORM_CURVE:
      for (Share.of(rows, thread); Share.more(); ) rowNormCurve(step, Share.begin, Share.end)
      break
    case OP_PRELU_TANGENT:
      for (Share.columns(step, PRELU_CURVE_COLS, thread); Share.more(); )
        preluTangent(step, rows, Share.begin, Share.end)
      break
    case OP_PRELU_CURVE:
      for (Share.columns(step, PRELU_CURVE_COLS, thread); Share.more(); ) preluCurve(step, rows, Share.begin, Share.end)
      break
    case OP_WEIGHT_NORM_TANGENT:
      for (Share.columns(step, WEIGHT_CURVE_UNITS, thread); Share.more(); )
        weightNormTangent(step, Share.begin, Share.end)
      break
    case OP_WEIGHT_NORM_CURVE:
      for (Share.columns(step, WEIGHT_CURVE_UNITS, thread); Share.more(); )
        weightNormCurve(step, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
}
