/** Activations forward and backward, and softmax with its loss: elements a nanosecond. */
import { LOSS_SOFTMAX_SPARSE } from '../src/abi/losses.ts'
import { activationKinds } from '../src/catalogue/activations.ts'
import * as ops from '../src/machine/ops/ops.ts'
import type { Target } from '../src/machine/wasm.ts'
import { Sheet } from '../test/support/sheet.ts'
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
  const words = { from: from.address, to: to.address, stride: to.stride, cols: COLS, kind: code, alpha: 1 }
  if (back) sheet.step(ops.activateBack, { ...words, saved: saved.address })
  else sheet.step(ops.activate, words)
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
  sheet.step(ops.loss, {
    kind: LOSS_SOFTMAX_SPARSE,
    outputs: logits.address,
    stride: logits.stride,
    cols,
    targets,
    targetsStride: 4,
    rowLosses: sheet.floats(new Float32Array(rows)),
    gradient: gradient.address,
    probabilities: probabilities.address,
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
