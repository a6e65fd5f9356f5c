/** K-FAC's steps in a model's plan. */
import { ACTIVATION_SIGMOID, ACTIVATION_SOFTMAX } from '../../../abi/activations.ts'
import { SEED_SIGMOID, SEED_SOFTMAX, SEED_SQUARED } from '../../../abi/fisher.ts'
import { SUM_CHUNK } from '../../../abi/layout.ts'
import {
  LOSS_SIGMOID_CROSSENTROPY,
  LOSS_SOFTMAX_CROSSENTROPY,
  LOSS_SOFTMAX_SPARSE,
  LOSS_SQUARED_ERROR,
} from '../../../abi/losses.ts'
import { choleskySteps, inverseSteps, squareBytes, strides } from '../../../machine/linear.ts'
import { rowStride } from '../../../machine/matrixLayout.ts'
import { activate } from '../../../machine/ops/layers.ts'
import * as ops from '../../../machine/ops/linear.ts'
import { toPanels, toRows } from '../../../machine/ops/matrix.ts'
import { dotPartials, dotSum } from '../../../machine/ops/solve.ts'
import type { Range } from '../../../machine/program.ts'
import type { Optimizer } from '../../optimizers.ts'
import type {
  BatchCurvature,
  BlockPlace,
  CurvatureLoss,
  CurvatureSite,
  DenseGradient,
  EmitTangents,
} from '../batchCurvature.ts'
import { type FactoredLayer, type KfacLayout, kfacLayout, type Moments } from './layout.ts'

/** The options that the steps depend on. */
export interface KfacPlan {
  readonly fisher: 'sampled' | 'exact' | 'empirical'
  /** The rules for dense layers and for the rest, with their state blocks. */
  readonly rule: Optimizer
  readonly fallback: Optimizer
  readonly blocks: KfacBlocks
  /** Present if rate or momentum is 'adaptive'. */
  readonly tangents: EmitTangents | undefined
}

/** State blocks by role. */
export interface KfacBlocks {
  direction(states: readonly number[]): number
  velocity(states: readonly number[]): readonly number[]
  fallback(states: readonly number[]): readonly number[]
}

const SEEDS: Readonly<Record<number, number>> = {
  [LOSS_SOFTMAX_CROSSENTROPY]: SEED_SOFTMAX,
  [LOSS_SOFTMAX_SPARSE]: SEED_SOFTMAX,
  [LOSS_SIGMOID_CROSSENTROPY]: SEED_SIGMOID,
  [LOSS_SQUARED_ERROR]: SEED_SQUARED,
}

/** Splits the trainable places into those of factored layers and the others. */
export function partition(
  { layers }: KfacLayout,
  places: readonly BlockPlace[],
  isTrainable: (place: BlockPlace) => boolean,
): { trained: { readonly layer: FactoredLayer; readonly index: number }[]; others: BlockPlace[] } {
  const trained = layers
    .map((layer, index) => ({ layer, index }))
    .filter(({ layer: { kernel, bias } }) => isTrainable(kernel) && (!bias || isTrainable(bias)))
  const own = new Set(trained.flatMap(({ layer: { kernel, bias } }) => [kernel.path, bias?.path]))
  return { trained, others: places.filter((place) => isTrainable(place) && !own.has(place.path)) }
}

/**
 * `moments`, `noise`: A and G of the batch; then for each layer l `blend.l`, `invert.l`, `slope.l`, `course.l`, `model.l`, and `direction`, `scale`,
 * `update`, `fallback` for all. With tangents also `size.l`, `turn.l`, `reach.l`, and the ranges that tangents add.
 */
export function planKfac(site: CurvatureSite, plan: KfacPlan): BatchCurvature {
  const { fisher, rule, fallback, blocks } = plan
  const layout = kfacLayout(site.places, site.room)
  const { trained, others } = partition(layout, site.places, site.isTrainable)
  const find = ({ dw }: DenseGradient) =>
    trained.find(({ layer }) => dw === site.gradients + layer.kernel.offset * 4)?.layer
  const direction = blocks.direction(site.states)
  const velocity = blocks.velocity(site.states)
  const moved = velocity[0] ?? direction
  const each = (name: string, emit: (layer: FactoredLayer) => void) =>
    trained.map(({ layer, index }): [string, Range] => [`${name}.${index}`, site.range(() => emit(layer))])
  const own = trained.flatMap(({ layer: { kernel, bias } }) => (bias ? [kernel, bias] : [kernel]))
  const floats = site.places.reduce((end, { offset, stored }) => Math.max(end, offset + stored), 0)
  const paths = new Set(own.map(({ path }) => path))
  const tangents = plan.tangents?.(site, ({ path }) => paths.has(path))
  const ranges = {
    moments: site.range(() => emitInputs(site, find)),
    noise: site.range(() => emitOutputs(site, fisher, find)),
    ...Object.fromEntries([
      ...each('blend', ({ a, g }) => {
        for (const moments of [a, g]) emitBlend(site, moments)
      }),
      ...each('invert', (layer) => emitInverses(site, layout, layer)),
      ...each('slope', (layer) => emitDot(site, layer, direction, site.gradients)),
      ...each('course', (layer) => emitDot(site, layer, moved, site.gradients)),
      ...each('model', (layer) => emitModel(site, layout, layer, moved)),
      ...(tangents
        ? [
            ...each('size', (layer) => emitDot(site, layer, direction, direction)),
            ...each('turn', (layer) => emitDot(site, layer, direction, moved)),
            ...each('reach', (layer) => emitDot(site, layer, moved, moved)),
          ]
        : []),
    ]),
    ...tangents?.ranges,
    direction: site.range(() => {
      for (const { layer } of trained) emitDirection(site, layout, layer, direction)
    }),
    scale: site.range(() => site.emit(ops.combine, { x: direction, y: direction, to: direction, count: floats })),
    update: site.range(() => site.update(rule, own, direction, velocity)),
    fallback: site.range(() => site.update(fallback, others, site.gradients, blocks.fallback(site.states))),
  }
  return { ranges, regions: { ...tangents?.regions } }
}

type Find = (gradient: DenseGradient) => FactoredLayer | undefined

const gramInto = ({ n, next }: Moments) => ({ n, to: next, ...strides(n, 'rows') })

/** A = mean of a aᵀ, a the layer's input, with a 1 appended if there is a bias. */
function emitInputs(site: CurvatureSite, find: Find): void {
  for (const gradient of site.dense) {
    const layer = find(gradient)
    if (!layer) continue
    const { x, xStride, inputs: cols } = gradient
    const toStride = rowStride(layer.a.n)
    const to = site.scratch(site.rows * toStride)
    const { weights } = site
    site.emit(ops.weigh, { x, xStride, cols, to, toStride, weights, ones: layer.bias ? 1 : 0, divides: 0 })
    site.emit(ops.gram, { x: to, xStride: toStride, ...gramInto(layer.a) })
  }
}

/** G = mean of Jᵀ H J, from one sample or output by output; or the mean of dz dzᵀ for the batch's own targets. */
function emitOutputs(site: CurvatureSite, fisher: KfacPlan['fisher'], find: Find): void {
  const { weights, outputs, loss } = site
  if (fisher === 'empirical') {
    for (const gradient of site.dense) {
      const layer = find(gradient)
      if (!layer) continue
      const { dz: x, dzStride: xStride, units: cols } = gradient
      const toStride = rowStride(cols)
      const to = site.scratch(site.rows * toStride)
      site.emit(ops.weigh, { x, xStride, cols, to, toStride, weights, ones: 0, divides: 1 })
      site.emit(ops.gram, { x: to, xStride: toStride, ...gramInto(layer.g) })
    }
    return
  }
  const kind = seedOf(loss, fisher)
  const y = probabilities(site, kind)
  const noise = site.matrix(outputs.cols)
  const { cols, stride } = noise
  const stream = fisher === 'sampled' ? site.stream() : -1
  site.emit(ops.seed, { y: y.address, stride, cols, to: noise.address, weights, kind, stream })
  site.back(noise, (gradient) => {
    const layer = find(gradient)
    if (layer) site.emit(ops.gram, { x: gradient.dz, xStride: gradient.dzStride, ...gramInto(layer.g), adds: 1 })
  })
}

/** @throws RangeError for a loss that defines no distribution to sample targets from. */
export function seedOf({ code, delta, deltas }: CurvatureLoss, fisher: string): number {
  // weights on positive targets change the likelihood
  if (code in SEEDS && delta === 0 && !deltas) return SEEDS[code]
  throw new RangeError(
    `kfac: fisher "${fisher}" knows the cross entropies and meanSquaredError, which are likelihoods of targets; use fisher: 'empirical' with other losses`,
  )
}

/** The distribution's parameters that targets are sampled from: probabilities if the outputs are logits. */
function probabilities({ loss, outputs, emit, matrix }: CurvatureSite, kind: number): CurvatureSite['outputs'] {
  if (kind === SEED_SQUARED || loss.fused !== 'none') return outputs
  const to = matrix(outputs.cols)
  const code = kind === SEED_SOFTMAX ? ACTIVATION_SOFTMAX : ACTIVATION_SIGMOID
  emit(activate, { from: outputs.address, to: to.address, stride: to.stride, cols: to.cols, kind: code })
  return to
}

/** next = keep mean + rest next */
function emitBlend(site: CurvatureSite, { n, mean, next }: Moments): void {
  site.emit(ops.combine, { x: mean, y: next, to: next, count: squareBytes(n) / 4 })
}

/** Inverses of A + damping I and G + damping I; the two dampings are the record's first scalars. */
function emitInverses(site: CurvatureSite, layout: KfacLayout, { a, g }: FactoredLayer): void {
  for (const [scalar, { n, next, inverse }] of [a, g].entries()) {
    const { u: address, diagonal, inverse: over, status } = layout
    const factor = { address, n, diagonal, inverse: over, status: status + scalar * 4 }
    const order = scalar === 0 ? 'rows' : 'panels'
    for (const step of [...choleskySteps(factor, next, scalar), ...inverseSteps(factor, layout.lower, inverse, order)])
      site.push(step)
  }
}

/** to = left D right, D a layer's slice of a block; `to` is the same slice of another block, or a separate copy. */
function emitSandwich(
  site: CurvatureSite,
  { half }: KfacLayout,
  { kernel, bias, inputs, units, a, g }: FactoredLayer,
  [left, right]: readonly [left: number, right: { b: number; bRow: number; bPanel: number }],
  from: number,
  to: number,
): void {
  const panel = inputs * 32
  const row = { toRow: rowStride(units), toPanel: 32 }
  const behind = kernel.stored * 4
  site.emit(ops.stridedProduct, {
    a: left,
    aStride: rowStride(a.n),
    b: from,
    bRow: 32,
    bPanel: panel,
    bLast: bias && from + behind,
    to: half,
    ...row,
    rows: a.n,
    depth: inputs,
    cols: units,
  })
  site.emit(ops.stridedProduct, {
    a: half,
    aStride: row.toRow,
    ...right,
    to,
    toRow: 32,
    toPanel: panel,
    toLast: bias && to + behind,
    rows: inputs,
    depth: g.n,
    cols: units,
  })
}

/** direction = A⁻¹ D G⁻¹, D [inputs + 1, units] the gradient of kernel and bias. */
function emitDirection(site: CurvatureSite, layout: KfacLayout, layer: FactoredLayer, direction: number): void {
  const { kernel, a, g } = layer
  const right = { b: g.inverse, bRow: 32, bPanel: g.n * 32 }
  emitSandwich(
    site,
    layout,
    layer,
    [a.inverse, right],
    site.gradients + kernel.offset * 4,
    direction + kernel.offset * 4,
  )
}

/** record.dot = v · (A v G), v a layer's slice of the step. */
function emitModel(site: CurvatureSite, layout: KfacLayout, layer: FactoredLayer, moved: number): void {
  const { kernel, a, g } = layer
  const size = (n: number) => ({ stride: rowStride(n), rows: n, cols: n, scale: 1 })
  site.emit(toPanels, { from: a.next, to: layout.u, ...size(a.n), upper: 1 })
  site.emit(toRows, { from: layout.u, to: layout.lower, ...size(a.n) })
  site.emit(toPanels, { from: g.next, to: layout.u, ...size(g.n), upper: 1 })
  const right = { b: layout.u, bRow: 32, bPanel: g.n * 32 }
  emitSandwich(site, layout, layer, [layout.lower, right], moved + kernel.offset * 4, layout.product)
  emitDot(site, layer, moved, layout.product - kernel.offset * 4)
}

/** record.dot = the dot product of a layer's slices of two blocks; its bias follows its kernel. */
function emitDot(site: CurvatureSite, { kernel, bias }: FactoredLayer, x: number, y: number): void {
  const count = kernel.stored + (bias?.stored ?? 0)
  const chunks = Math.ceil(count / SUM_CHUNK)
  const partials = site.scratch(chunks * 8)
  site.emit(dotPartials, { x: x + kernel.offset * 4, y: y + kernel.offset * 4, count, partials })
  site.emit(dotSum, { partials, count: chunks })
}
