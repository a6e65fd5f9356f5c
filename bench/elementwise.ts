/** Activations forward and backward, and softmax with its loss: elements a nanosecond. */
import {
  ACTIVATE_ALPHA,
  ACTIVATE_COLS,
  ACTIVATE_FROM,
  ACTIVATE_KIND,
  ACTIVATE_SAVED,
  ACTIVATE_STRIDE,
  ACTIVATE_TO,
} from '../src/abi/layers.ts'
import {
  LOSS_COLS,
  LOSS_GRADIENT,
  LOSS_KIND,
  LOSS_OUTPUTS,
  LOSS_PROBABILITIES,
  LOSS_ROW_LOSSES,
  LOSS_SOFTMAX_SPARSE,
  LOSS_STRIDE,
  LOSS_TARGETS,
  LOSS_TARGETS_STRIDE,
} from '../src/abi/losses.ts'
import { OP_ACTIVATE, OP_ACTIVATE_BACK, OP_LOSS } from '../src/abi/ops.ts'
import { activationKinds } from '../src/catalogue/activations.ts'
import type { Target } from '../src/machine/wasm.ts'
import { Sheet } from '../test/support/targets.ts'
import { repeated, sideBySide } from './measure.ts'
import { record } from './replay.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

const ROWS = 32
/** 16 KB a matrix: all of a step stays in the first-level cache. */
const COLS = 128
const KINDS = ['relu', 'tanh', 'sigmoid', 'gelu', 'silu', 'elu', 'softplus', 'mish', 'softmax', 'logSoftmax'] as const
const CLASSES = [10, 1000] as const

function activation(target: Target, code: number, back: boolean): () => void {
  const sheet = new Sheet(target)
  const values = noise(ROWS * COLS, 5).map((value) => 6 * value)
  const from = sheet.matrix(ROWS, COLS, values)
  const to = sheet.matrix(ROWS, COLS)
  const saved = sheet.matrix(ROWS, COLS, noise(ROWS * COLS, 6))
  sheet.step(
    back ? OP_ACTIVATE_BACK : OP_ACTIVATE,
    {
      [ACTIVATE_FROM]: from.address,
      [ACTIVATE_TO]: to.address,
      [ACTIVATE_SAVED]: saved.address,
      [ACTIVATE_STRIDE]: to.stride,
      [ACTIVATE_COLS]: COLS,
      [ACTIVATE_KIND]: code,
    },
    { [ACTIVATE_ALPHA]: 1 },
  )
  const recording = record(sheet.arena.machine)
  sheet.run(ROWS)
  return recording.stop().replay
}

/** Softmax of logits, cross-entropy with class indices, and its gradient. */
function softmaxLoss(target: Target, rows: number, cols: number): () => void {
  const sheet = new Sheet(target)
  const logits = sheet.matrix(rows, cols, noise(rows * cols, 8))
  const gradient = sheet.matrix(rows, cols)
  const probabilities = sheet.matrix(rows, cols)
  const targets = sheet.ints(Int32Array.from({ length: rows }, (_, row) => row % cols))
  sheet.step(OP_LOSS, {
    [LOSS_KIND]: LOSS_SOFTMAX_SPARSE,
    [LOSS_OUTPUTS]: logits.address,
    [LOSS_STRIDE]: logits.stride,
    [LOSS_COLS]: cols,
    [LOSS_TARGETS]: targets,
    [LOSS_TARGETS_STRIDE]: 4,
    [LOSS_ROW_LOSSES]: sheet.floats(new Float32Array(rows)),
    [LOSS_GRADIENT]: gradient.address,
    [LOSS_PROBABILITIES]: probabilities.address,
  })
  const recording = record(sheet.arena.machine)
  sheet.run(rows)
  return recording.stop().replay
}

export async function elementwise(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const yardstick = new Yardstick(target)
    const cases = [
      { name: 'exp alone', call: yardstick.exp(ROWS * COLS), elements: ROWS * COLS },
      ...KINDS.flatMap((kind) =>
        [false, true].map((back) => ({
          name: back ? `${kind} backward` : kind,
          call: activation(target, activationKinds[kind].code, back),
          elements: ROWS * COLS,
        })),
      ),
      ...CLASSES.map((cols) => ({
        name: `softmax and cross-entropy, ${cols} classes`,
        call: softmaxLoss(target, 128, cols),
        elements: 128 * cols,
      })),
    ]
    const contenders = cases.map(({ name, call, elements }) => {
      const contender = repeated(name, call)
      return { ...contender, calls: (contender.calls ?? 1) * elements }
    })
    const timings = await sideBySide(yardstick.peak, contenders, { windows: 6, milliseconds: 3, warmup: 10 })
    for (const { name, best, median } of timings) {
      report.add({
        group: 'elementwise',
        name,
        target,
        best: 1e-9 / best,
        median: 1e-9 / median,
        unit: 'elements/ns',
      })
    }
  }
}
