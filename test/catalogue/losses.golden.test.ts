/** Losses and gradients of PyTorch, through the catalogue's lowering, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import * as losses from '../../src/catalogue/losses.ts'
import { lowerLoss } from '../../src/catalogue/loweredLoss.ts'
import type { Target } from '../../src/machine/wasm.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden } from '../support/golden.ts'
import { runLoss, slice, sum } from '../support/lossRun.ts'
import { targets } from '../support/targets.ts'

interface GoldenCase {
  readonly id: string
  readonly loss: string
  readonly config: {
    readonly reduction: 'mean' | 'sum' | 'none' | 'batchmean'
    readonly label_smoothing?: number
    readonly delta?: number
    readonly beta?: number
  }
  readonly inputs: Readonly<Record<string, GoldenTensor>>
  readonly expect: { readonly f64: Readonly<Record<string, GoldenTensor | number>> }
}

/** PyTorch's losses as ours: the loss, its last layer, and whether golden values are per element or per row. */
function lowerGolden({ loss, config, inputs }: GoldenCase): [losses.Loss, ActivationName] | undefined {
  const { label_smoothing: labelSmoothing = 0, delta = 1, beta = 1 } = config
  const positiveWeight = inputs.pos_weight && [...numbers(inputs.pos_weight)]
  switch (loss) {
    case 'cross_entropy':
      return [losses.sparseCategoricalCrossentropy({ labelSmoothing }), 'softmax']
    case 'cross_entropy_soft':
      return [losses.categoricalCrossentropy({ labelSmoothing }), 'softmax']
    case 'bce_with_logits':
      return [losses.binaryCrossentropy({ fromLogits: true, ...(positiveWeight && { positiveWeight }) }), 'linear']
    case 'bce':
      return [losses.binaryCrossentropy(), 'hardSigmoid']
    case 'kl_div':
      return [losses.klDivergence(), 'softmax']
    case 'mse':
      return [losses.meanSquaredError(), 'linear']
    case 'l1':
      return [losses.meanAbsoluteError(), 'linear']
    case 'huber':
      return [losses.huber({ delta }), 'linear']
    case 'smooth_l1':
      return [losses.huber({ delta: beta }), 'linear']
    case 'hinge':
      return [losses.hinge(), 'linear']
    case 'squared_hinge':
      return [losses.squaredHinge(), 'linear']
    case 'log_cosh':
      return [losses.logCosh(), 'linear']
    default:
      return undefined
  }
}

function compareAll(target: Target): void {
  const { cases } = readGolden<{ cases: readonly GoldenCase[] }>('losses')
  const skipped = new Set<string>()
  let compared = 0
  for (const golden of cases) {
    const { id, loss, config, inputs, expect } = golden
    const pair = lowerGolden(golden)
    if (!pair) {
      skipped.add(loss)
      continue
    }
    const [first] = Object.keys(inputs)
    const [rows, cols] = inputs[first].shape
    const spec = lowerLoss(pair[0], pair[1], cols)
    const logs = first === 'log_probs'
    const x = [...numbers(inputs[first])]
    const y = x.map((value) => (logs ? Math.fround(Math.exp(value)) : value))
    const given = [...numbers(inputs.target ?? inputs.target_probs)]
    const byClass = given.length === rows
    const t = byClass ? given.flatMap((c) => Array.from({ length: cols }, (_, i) => Number(i === c))) : given
    const classWeights = inputs.weight ? numbers(inputs.weight) : undefined
    const weights = classWeights ? given.map((c) => classWeights[c]) : Array<number>(rows).fill(1)

    // Where PyTorch takes logarithms we take probabilities and clip them: only rows within [1e-7, 1] are comparable.
    if (logs && config.reduction !== 'none') {
      skipped.add(`${loss} over clipped rows`)
      continue
    }
    const comparable = Array.from({ length: rows }, (_, r) => {
      return !logs || slice(y, cols, r).every((p) => p >= 1e-7 && p <= 1)
    })
    assert.ok(comparable.includes(true), id)

    const got = runLoss(target, spec, { rows, cols, y, t, weights })
    const losses64 = [...numbers(expect.f64.loss)]
    const gradient64 = [...numbers(expect.f64[`d${first}`])]
    // our row losses are means over outputs except for the losses over classes; golden sums and lists are not means
    const share = byClass || loss === 'cross_entropy_soft' || loss === 'kl_div' ? 1 : 1 / cols
    const scale = config.reduction === 'mean' ? 1 : share / sum(weights)
    const factor = loss === 'smooth_l1' ? 1 / (config.beta ?? 1) : 1
    for (let r = 0; r < rows; r++) {
      if (!comparable[r]) continue
      const dy = slice([...got.gradient], cols, r)
      const gradient = dy.map((g, c) => g * factor * (logs ? y[r * cols + c] : 1))
      const wanted = slice(gradient64, cols, r).map((g) => g * scale)
      assertClose(gradient, wanted, OPERATION, `${id} gradient`)
      if (config.reduction !== 'none') continue
      const row = losses64.length === rows ? losses64[r] : sum(slice(losses64, cols, r)) * share
      assertClose([got.rowLosses[r] * weights[r] * factor], [row], OPERATION, `${id} row loss`)
    }
    if (config.reduction !== 'none') assertClose([got.loss * factor], [losses64[0] * scale], OPERATION, id)
    compared++
  }
  const notOurs = ['multi_margin', 'nll']
  assert.equal([...skipped].sort(), [...notOurs, 'kl_div over clipped rows'].sort())
  assert.is(compared, 110)
}

for (const target of targets) {
  const golden = suite(`golden losses on ${target}`)
  golden('mean, sum and none of every loss, smoothing and class weights', () => compareAll(target))
  golden.run()
}
