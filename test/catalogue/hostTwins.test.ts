// Losses as the host computes them for models of several outputs: those of the machine, in value and slope.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import { twinOf } from '../../src/catalogue/hostTwins.ts'
import { LOSS_NAMES, resolveLoss } from '../../src/catalogue/losses.ts'
import { lowerLoss } from '../../src/catalogue/loweredLoss.ts'
import { binaryCrossentropy, categoricalCrossentropy, huber, type Loss } from '../../src/entries/public.ts'
import { rowLoss } from '../oracles/losses.ts'

const probabilities = [0.2, 0.5, 0.3, 0.01, 0.01, 0.98, 1, 0, 0]
const quantities = [0.3, -2, 1.5, 4, -0.2, 0.2, -8, 30, 0.5]
const oneHot = [0, 1, 0, 0, 0, 1, 1, 0, 0]
const weights = Float32Array.of(1, 0.5, 3)

/** A loss, the activation that it stands behind, outputs and targets: rows of 3. */
const cases: readonly (readonly [Loss, ActivationName, readonly number[], readonly number[]])[] = [
  ...(['meanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError', 'logCosh'] as const).map(
    (name) => [resolveLoss('test', name), 'linear', quantities, [...quantities].reverse()] as const,
  ),
  [huber({ delta: 0.7 }), 'linear', quantities, [...quantities].reverse()],
  [resolveLoss('test', 'poisson'), 'linear', quantities.map(Math.abs), [1, 2, 0, 4, 1, 1, 0, 2, 3]],
  ...(['hinge', 'squaredHinge', 'categoricalHinge'] as const).map(
    (name) => [resolveLoss('test', name), 'linear', quantities, oneHot] as const,
  ),
  [resolveLoss('test', 'categoricalHinge'), 'linear', [1, 0, 1, 1, 1, 1, -5, 0, 0], oneHot],
  [resolveLoss('test', 'klDivergence'), 'linear', probabilities, [0.1, 0.9, 0, 0.3, 0.3, 0.4, 1, 0, 0]],
  ...[0, 0.2].flatMap((labelSmoothing) => [
    [binaryCrossentropy({ labelSmoothing }), 'sigmoid', quantities, [...oneHot].reverse()] as const,
    [binaryCrossentropy({ labelSmoothing, fromLogits: true }), 'linear', quantities, oneHot] as const,
    [binaryCrossentropy({ labelSmoothing }), 'hardSigmoid', probabilities, oneHot] as const,
    [binaryCrossentropy({ labelSmoothing, positiveWeight: 3.5 }), 'sigmoid', quantities, oneHot] as const,
    [binaryCrossentropy({ labelSmoothing, positiveWeight: [3.5, 1, 0.25] }), 'sigmoid', quantities, oneHot] as const,
    [binaryCrossentropy({ labelSmoothing, positiveWeight: 0.25 }), 'hardSigmoid', probabilities, oneHot] as const,
    [categoricalCrossentropy({ labelSmoothing }), 'softmax', quantities, [0.1, 0.6, 0.3, 0, 0, 1, 1, 0, 0]] as const,
  ]),
  [resolveLoss('test', 'sparseCategoricalCrossentropy'), 'softmax', quantities, oneHot],
]

test('values and slopes are those of the oracle, weighted', () => {
  assert.equal([...new Set(cases.map(([{ kind }]) => kind))].sort(), [...LOSS_NAMES].sort())
  for (const [loss, activation, outputs, wanted] of cases) {
    const lowered = lowerLoss(loss, activation, 3)
    const compute = twinOf(loss, lowered)
    const targets =
      lowered.targets === 'classes'
        ? Int32Array.from({ length: 3 }, (_, r) => wanted.slice(3 * r, 3 * r + 3).indexOf(1))
        : Float32Array.from(wanted)
    const gradient = new Float32Array(9)
    const y = Float32Array.from(outputs)
    const value = compute(y, targets, gradient, { rows: 3, columns: 3, weights })
    let expected = 0
    for (let r = 0; r < 3; r++) {
      const share = weights[r] / 4.5
      const row = rowLoss(lowered, [...y.subarray(3 * r, 3 * r + 3)], wanted.slice(3 * r, 3 * r + 3).map(Math.fround))
      expected += share * row.loss
      for (let c = 0; c < 3; c++) {
        const slope = share * row.gradient[c]
        const error = Math.abs(gradient[3 * r + c] - slope)
        assert.ok(error <= 2e-7 * (1e-3 + Math.abs(slope)), `${loss.kind} ${activation}, row ${r}, column ${c}`)
      }
    }
    assert.ok(
      Math.abs(value - expected) <= 1e-12 * Math.abs(expected),
      `${loss.kind} ${activation}: ${value}, ${expected}`,
    )
  }
})

test('confident mistakes keep their slope, since the loss is computed of logits', () => {
  const loss = resolveLoss('test', 'sparseCategoricalCrossentropy')
  const gradient = new Float32Array(2)
  const rows = { rows: 1, columns: 2, weights: undefined }
  const value = twinOf(loss, lowerLoss(loss, 'softmax', 2))(Float32Array.of(200, 0), Int32Array.of(1), gradient, rows)
  assert.is(value, 200)
  assert.equal([...gradient], [1, -1])
})

test.run()
