// Loss kernels against float64 oracles and finite differences, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  LOSS_ABSOLUTE_ERROR,
  LOSS_BINARY_CROSSENTROPY,
  LOSS_CATEGORICAL_HINGE,
  LOSS_HINGE,
  LOSS_HUBER,
  LOSS_KL_DIVERGENCE,
  LOSS_LOG_COSH,
  LOSS_PERCENTAGE_ERROR,
  LOSS_POISSON,
  LOSS_SIGMOID_CROSSENTROPY,
  LOSS_SOFTMAX_CROSSENTROPY,
  LOSS_SOFTMAX_SPARSE,
  LOSS_SQUARED_ERROR,
  LOSS_SQUARED_HINGE,
} from '../../../src/abi/losses.ts'
import { type LossCase, rowLoss } from '../../oracles/losses.ts'
import { assertClose, OPERATION } from '../../support/golden.ts'
import { type Rows, runLoss, slice, sum } from '../../support/lossRun.ts'
import { targets } from '../../support/targets.ts'

/** What runLoss should have given. */
function expected(spec: LossCase, { rows, cols, y, t, weights }: Rows) {
  const all = Array.from({ length: rows }, (_, r) => rowLoss(spec, slice(y, cols, r), slice(t, cols, r)))
  const w = weights ?? Array<number>(rows).fill(1)
  const total = sum(w)
  const rowLosses = all.map(({ loss }) => loss)
  return {
    rowLosses,
    loss: total === 0 ? 0 : sum(rowLosses.map((loss, r) => loss * w[r])) / total,
    gradient: all.flatMap(({ gradient }, r) => gradient.map((g) => (total === 0 ? 0 : (g * w[r]) / total))),
  }
}

/** A seeded stream of float32 numbers in [0, 1). */
function stream(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}

/** Outputs and targets that suit the kind, exact in float32. */
function sample(code: number, rows: number, cols: number, seed: number): Rows {
  const next = stream(seed + code * 101 + cols)
  const list = (make: () => number) => Array.from({ length: rows * cols }, () => Math.fround(make()))
  const oneHot = Array.from({ length: rows }, () => Math.floor(next() * cols)).flatMap((c) =>
    Array.from({ length: cols }, (_, i) => Number(i === c)),
  )
  const soft = list(() => (next() < 0.2 ? 0 : next()))
  const binary = list(() => (next() < 0.5 ? 1 : 0))
  const wide = list(() => 8 * next() - 4)
  const probable = list(() => 0.01 + 0.98 * next())
  switch (code) {
    case LOSS_SOFTMAX_SPARSE:
      return { rows, cols, y: wide, t: oneHot }
    case LOSS_CATEGORICAL_HINGE:
      return { rows, cols, y: wide, t: oneHot }
    case LOSS_SOFTMAX_CROSSENTROPY:
      return { rows, cols, y: wide, t: soft }
    case LOSS_SIGMOID_CROSSENTROPY:
      return { rows, cols, y: wide, t: soft }
    case LOSS_BINARY_CROSSENTROPY:
    case LOSS_KL_DIVERGENCE:
      return { rows, cols, y: probable, t: soft }
    case LOSS_POISSON:
      return { rows, cols, y: list(() => 0.1 + 3 * next()), t: list(() => Math.floor(5 * next())) }
    case LOSS_HINGE:
    case LOSS_SQUARED_HINGE:
      return { rows, cols, y: wide, t: binary }
    default:
      return { rows, cols, y: wide, t: list(() => 4 * next() - 2) }
  }
}

const SMOOTHED = [LOSS_SOFTMAX_SPARSE, LOSS_SOFTMAX_CROSSENTROPY, LOSS_SIGMOID_CROSSENTROPY, LOSS_BINARY_CROSSENTROPY]
const FUSED = SMOOTHED.slice(0, 3)
const CODES = Array.from({ length: LOSS_PERCENTAGE_ERROR + 1 }, (_, code) => code)
/** Whose delta weighs targets of 1. */
const LABELS = [LOSS_SIGMOID_CROSSENTROPY, LOSS_BINARY_CROSSENTROPY]
const CASES: readonly LossCase[] = [
  ...CODES.map((code) => ({ code, delta: 1.25 })),
  ...LABELS.map((code) => ({ code })),
  ...SMOOTHED.map((code) => ({ code, smoothing: Math.fround(0.1) })),
]
const DELTAS = Array.from({ length: 513 }, (_, c) => Math.fround((c % 5) / 2 - 0.75))
const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 10, 100, 513]
const name = ({ code, delta = 0, smoothing = 0 }: LossCase) =>
  `LOSS ${code}${smoothing ? ' smoothed' : ''}${delta ? ` with ${delta}` : ''}`

const oracle = suite('losses oracle')

oracle('the gradient is the derivative of the loss', () => {
  for (const spec of CASES) {
    const { cols, y, t } = sample(spec.code, 1, 7, 1)
    const { gradient } = rowLoss(spec, y, t)
    const h = 1e-5
    for (let c = 0; c < cols; c++) {
      const moved = (by: number) => rowLoss(spec, y.with(c, y[c] + by), t).loss
      assertClose([gradient[c]], [(moved(h) - moved(-h)) / (2 * h)], { absolute: 1e-7, relative: 1e-7 }, name(spec))
    }
  }
})

oracle.run()

for (const target of targets) {
  const kernels = suite(`losses on ${target}`)

  kernels('losses and gradients of all kinds, widths, rows and weights', () => {
    for (const spec of CASES) {
      for (const cols of WIDTHS) {
        for (const [rows, weights] of [[1], [2, [0, 3]], [5], [6, [1, 0, 2.5, 0.25, 1, 0]], [3, [0, 0, 0]]] as const) {
          const data = { ...sample(spec.code, rows, cols, rows), ...(weights && { weights }) }
          const what = `${name(spec)}, ${rows} x ${cols}`
          const wanted = expected(spec, data)
          for (const packed of [false, true]) {
            const got = runLoss(target, spec, data, { packed })
            assertClose(got.rowLosses, wanted.rowLosses, OPERATION, `${what}: row losses`)
            assertClose([got.loss], [wanted.loss], OPERATION, `${what}: loss`)
            assert.is(got.weight, weights ? sum([...weights]) : rows)
            assertClose(got.gradient, wanted.gradient, OPERATION, `${what}: gradient`)
            assert.ok(
              got.gradientPads.every((pad) => pad === 0),
              `${what}: padding of the gradient`,
            )
          }
        }
      }
    }
  })

  kernels('targets of 1 weigh by what each output says', () => {
    for (const code of LABELS) {
      for (const cols of WIDTHS) {
        const spec = { code, deltas: DELTAS.slice(0, cols), smoothing: cols % 2 === 0 ? 0 : Math.fround(0.1) }
        const data = { ...sample(code, 3, cols, 4), weights: [1, 0, 2.5] }
        const [wanted, got] = [expected(spec, data), runLoss(target, spec, data)]
        assertClose(got.rowLosses, wanted.rowLosses, OPERATION, `LOSS ${code} of ${cols}: row losses`)
        assertClose(got.gradient, wanted.gradient, OPERATION, `LOSS ${code} of ${cols}: gradient`)
      }
    }
  })

  kernels('fused kinds store probabilities, in place or beside, with or without a gradient', () => {
    for (const code of FUSED) {
      for (const cols of [1, 3, 4, 5, 8, 10, 513]) {
        const data = sample(code, 3, cols, 9)
        const wanted = Array.from({ length: 3 }, (_, r) => {
          const z = slice(data.y, cols, r)
          if (code === LOSS_SIGMOID_CROSSENTROPY) return z.map((x) => 1 / (1 + Math.exp(-x)))
          const exponentials = z.map((x) => Math.exp(x))
          return exponentials.map((e) => e / sum(exponentials))
        }).flat()
        const plain = runLoss(target, { code }, data)
        for (const probabilities of ['own', 'inPlace'] as const) {
          for (const gradient of [true, false]) {
            const got = runLoss(target, { code }, data, { probabilities, gradient })
            assertClose(got.probabilities, wanted, OPERATION, `LOSS ${code} probabilities`)
            assert.ok(got.probabilityPads.every((pad) => pad === 0))
            assert.equal(got.rowLosses, plain.rowLosses)
            if (gradient) assert.equal(got.gradient, plain.gradient)
            else
              assert.ok(
                got.gradient.every((value) => value === 7),
                'evaluation writes no gradient',
              )
          }
        }
      }
    }
  })

  kernels('logits of ±10000 give finite losses and gradients', () => {
    const y = [1e4, -1e4, 0, -1e4, 1e4, 1e4, -1e4, -1e4, -1e4]
    const t = [0, 1, 0, 0, 1, 0, 0, 0, 1]
    for (const code of FUSED) {
      for (const smoothing of [0, Math.fround(0.1)]) {
        const data = { rows: 3, cols: 3, y, t }
        const wanted = expected({ code, smoothing }, data)
        const got = runLoss(target, { code, smoothing }, data, { probabilities: 'own' })
        assertClose(got.rowLosses, wanted.rowLosses, OPERATION, `LOSS ${code}`)
        assertClose(got.gradient, wanted.gradient, OPERATION, `LOSS ${code} gradient`)
        assert.ok(got.probabilities.every((p) => p >= 0 && p <= 1))
      }
    }
  })

  kernels('probabilities of 0 and 1 are clipped and have no gradient', () => {
    const y = [0, 1, 1e-8, 0.5, 1, 0, 1, 0.25].map(Math.fround)
    const t = [1, 0, 0, 0, 1, 0, 0, 0]
    for (const code of [LOSS_BINARY_CROSSENTROPY, LOSS_KL_DIVERGENCE]) {
      const data = { rows: 2, cols: 4, y, t }
      const wanted = expected({ code }, data)
      const got = runLoss(target, { code }, data)
      assertClose(got.rowLosses, wanted.rowLosses, OPERATION, `LOSS ${code}`)
      assertClose(got.gradient, wanted.gradient, OPERATION, `LOSS ${code} gradient`)
      assert.is(got.gradient[0], 0)
    }
  })

  kernels('kinks: no slope where an error is 0, ties of categoricalHinge share, hinge takes -1 / 1 as 0 / 1', () => {
    const same = { rows: 1, cols: 3, y: [1, -2, 0], t: [1, -2, 0] }
    for (const code of [LOSS_ABSOLUTE_ERROR, LOSS_SQUARED_ERROR, LOSS_HUBER, LOSS_LOG_COSH]) {
      const got = runLoss(target, { code, delta: 1 }, same)
      assert.is(got.loss, 0)
      assert.equal([...got.gradient].map(Math.abs), [0, 0, 0])
    }
    const ties = runLoss(
      target,
      { code: LOSS_CATEGORICAL_HINGE },
      { rows: 1, cols: 5, y: [2, 1, 2, 2, 2], t: [0, 1, 0, 0, 0] },
    )
    assert.equal([...ties.gradient], [0.25, -1, 0.25, 0.25, 0.25])
    for (const code of [LOSS_HINGE, LOSS_SQUARED_HINGE]) {
      const data = sample(code, 4, 5, 3)
      const signed = { ...data, t: data.t.map((t) => 2 * t - 1) }
      assert.equal(runLoss(target, { code }, data), runLoss(target, { code }, signed))
    }
  })

  kernels('small errors of logCosh keep their digits', () => {
    const y = [1e-3, 2e-4, 0.1, 0.99, 1.01, 30, -1e-3].map(Math.fround)
    for (const value of y) {
      const got = runLoss(target, { code: LOSS_LOG_COSH }, { rows: 1, cols: 1, y: [value], t: [0] })
      const wanted = expected({ code: LOSS_LOG_COSH }, { rows: 1, cols: 1, y: [value], t: [0] })
      assertClose([got.loss], [wanted.loss], { absolute: 0, relative: 2e-6 }, `logCosh of ${value}`)
    }
  })

  kernels('a row does not depend on its neighbours or its place, bit for bit', () => {
    for (const spec of CASES) {
      for (const cols of [3, 13]) {
        const data = sample(spec.code, 4, cols, 5)
        const together = runLoss(target, spec, data)
        for (let r = 0; r < 4; r++) {
          const y = slice(data.y, cols, r)
          const alone = runLoss(target, spec, { rows: 1, cols, y, t: slice(data.t, cols, r) })
          assert.is(alone.rowLosses[0], together.rowLosses[r], name(spec))
          // dividing by 4 rows is exact, except for flushing, far below these tolerances
          const quarters = [...alone.gradient].map((g) => g / 4)
          const row = slice([...together.gradient], cols, r)
          assertClose(row, quarters, { absolute: 1e-19, relative: 1e-7 }, name(spec))
        }
      }
    }
  })

  kernels('gradients of rows already learned are 0, nothing smaller than 2^-63', () => {
    const y = [90, 0, -5, 3]
    const got = runLoss(
      target,
      { code: LOSS_SOFTMAX_SPARSE },
      { rows: 1, cols: 4, y, t: [1, 0, 0, 0] },
      { probabilities: 'own' },
    )
    for (const value of [...got.gradient, ...got.probabilities]) {
      assert.ok(value === 0 || Math.abs(value) >= 2 ** -63, `${value} is too small to count`)
    }
    const weights = [1e-36, 1]
    const light = runLoss(target, { code: LOSS_SQUARED_ERROR }, { rows: 2, cols: 1, y: [1e-4, 1], t: [0, 0], weights })
    assert.is(light.gradient[0], 0)
  })

  kernels.run()
}
