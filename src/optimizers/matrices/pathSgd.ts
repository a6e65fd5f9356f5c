/** Path-SGD: every weight's rate is divided by the squared norm of the paths through it. */
import { roundUp } from '../../machine/matrixLayout.ts'
import * as ops from '../../machine/ops/matrix.ts'
import { type Step, step } from '../../machine/program.ts'
import type { CommonOptions } from '../optimizers.ts'
import { make } from '../rules/make.ts'
import type { LayerLike, MatrixRule, Scratch, Taken } from './matrixRule.ts'
import { matrixUpdates } from './matrixUpdates.ts'

export type PathSgdOptions = CommonOptions

/**
 * Path-SGD: w -= learningRate * g / kappa, kappa = the sum, over all paths from inputs to outputs through w, of the product of the
 * other weights' squares. Invariant to rescaling: multiplying a unit's incoming weights and dividing its outgoing weights by the
 * same factor changes neither the network nor what it learns. For dense layers with ReLU between them. A weight with kappa = 0 is
 * not updated. Default: learningRate 0.01.
 * Source: Neyshabur, Salakhutdinov and Srebro 2015, arXiv:1506.02617.
 * @throws TypeError or RangeError naming the option; `compile` rejects other layers.
 */
export function pathSgd(options: PathSgdOptions = {}): MatrixRule<'pathSgd'> {
  return Object.freeze({
    ...make('pathSgd', options, { learningRate: 0.01 }),
    updates: matrixUpdates,
    decay: 'none',
    checkLayers,
    takes(tensors) {
      const loose = tensors.find(({ layer }) => layer === undefined)
      if (loose) throw new RangeError(`pathSgd: "${loose.name}" is of no layer; it sees a network's paths: use compile`)
      return tensors.map(() => true)
    },
    states: () => [],
    lower,
  } satisfies MatrixRule<'pathSgd'>)
}

/** Activations of hidden layers that are positively homogeneous. */
const HOMOGENEOUS: readonly unknown[] = ['relu', 'linear']

function checkLayers(layers: readonly LayerLike[]): void {
  layers.forEach(({ kind, activation, weightNorm }, i) => {
    const refuse = (what: string): never => {
      throw new RangeError(
        `pathSgd: layer ${i} ${what}; it is for dense layers with relu between them: use sgd() or adam()`,
      )
    }
    if (kind !== 'input' && kind !== 'dense' && kind !== 'activation') refuse(`is ${kind}`)
    if (weightNorm) refuse('has weightNorm')
    const isHidden = layers.slice(i + 1).some((layer) => layer.kind === 'dense')
    if (isHidden && activation && !HOMOGENEOUS.includes(activation.kind)) refuse(`is ${activation.kind}`)
  })
}

/** Forward s_0 = 1, s_l = s_(l-1) W² + b²; backward r_L = 1, r_(l-1) = W² r_l; then the update of every weight. */
function lower(taken: readonly Taken[], scratch: Scratch): Step[] {
  scratch.clear()
  const layers = layersOf(taken)
  const row = (size: number) => scratch.take(roundUp(size, 8) * 4)
  const largest = taken.reduce((most, { tensor }) => Math.max(most, tensor.count), 0)
  const beside = scratch.take(largest * 4)
  const sums: Step[] = []
  const below: number[] = []
  let s = 0
  layers.forEach(({ kernel, bias, rows, cols }, l) => {
    below.push(s)
    if (l === layers.length - 1) return
    const to = row(cols)
    sums.push(step(ops.pathUp, { w: kernel.parameters, b: bias?.parameters, s, to, rows, cols }))
    s = to
  })
  let r = 0
  const updates: Step[][] = []
  for (const [l, { kernel, bias, rows, cols }] of [...layers.entries()].reverse()) {
    const g = (each: Taken) => ({ w: each.parameters, g: each.gradients, to: beside, rate: each.settings.rateScale })
    const place = (each: Taken) => step(ops.copy, { from: beside, to: each.parameters, count: each.tensor.count })
    const steps: Step[] = []
    if (kernel.tensor.trainable) {
      steps.push(step(ops.pathDescend, { ...g(kernel), s: below[l], r, rows, cols }), place(kernel))
    }
    if (bias?.tensor.trainable) steps.push(step(ops.pathDescend, { ...g(bias), r, rows: 1, cols }), place(bias))
    updates.unshift(steps)
    if (l === 0) break
    const to = row(rows)
    sums.push(step(ops.pathDown, { w: kernel.parameters, r, to, rows, cols }))
    r = to
  }
  return [...sums, ...updates.flat()]
}

interface Layer {
  readonly kernel: Taken
  readonly bias: Taken | undefined
  readonly rows: number
  readonly cols: number
}

/** The dense layers in order. */
function layersOf(taken: readonly Taken[]): Layer[] {
  return taken.flatMap((kernel) => {
    const { matrix, layer } = kernel.tensor
    if (!matrix) return []
    const bias = taken.find(({ tensor }) => tensor.layer === layer && tensor.role === 'bias')
    return [{ kernel, bias, rows: matrix[0], cols: matrix[1] }]
  })
}
