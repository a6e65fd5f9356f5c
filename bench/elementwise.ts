/** Activations forward and backward, and softmax with its loss: elements a nanosecond. */
import * as abi from '../src/abi/abi.ts'
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
    back ? abi.OP_ACTIVATE_BACK : abi.OP_ACTIVATE,
    {
      [abi.ACTIVATE_FROM]: from.address,
      [abi.ACTIVATE_TO]: to.address,
      [abi.ACTIVATE_SAVED]: saved.address,
      [abi.ACTIVATE_STRIDE]: to.stride,
      [abi.ACTIVATE_COLS]: COLS,
      [abi.ACTIVATE_KIND]: code,
    },
    { [abi.ACTIVATE_ALPHA]: 1 },
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
  sheet.step(abi.OP_LOSS, {
    [abi.LOSS_KIND]: abi.LOSS_SOFTMAX_SPARSE,
    [abi.LOSS_OUTPUTS]: logits.address,
    [abi.LOSS_STRIDE]: logits.stride,
    [abi.LOSS_COLS]: cols,
    [abi.LOSS_TARGETS]: targets,
    [abi.LOSS_TARGETS_STRIDE]: 4,
    [abi.LOSS_ROW_LOSSES]: sheet.floats(new Float32Array(rows)),
    [abi.LOSS_GRADIENT]: gradient.address,
    [abi.LOSS_PROBABILITIES]: probabilities.address,
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
