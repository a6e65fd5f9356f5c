/** Losses, metrics and targets of models with several outputs, combined on the host. */
import type { ComputeLoss, CustomLoss } from '../catalogue/customLoss.ts'
import { sigmoid, softmaxRow, twinOf } from '../catalogue/hostTwins.ts'
import { type Judgement, judgementOf, targetRange } from '../catalogue/judgement.ts'
import type { Loss } from '../catalogue/losses.ts'
import { lowerLoss } from '../catalogue/loweredLoss.ts'
import { readTargets, type TargetSpec } from '../data/targets.ts'
import { readWeights } from '../data/weights.ts'
import { emptyTally } from '../engine/records.ts'
import type { Head, NamedOutputs } from '../layers/builder.ts'
import { type Layer, type Lowerable, withoutActivation } from '../layers/layers.ts'
import { checkFloat, quote, show } from '../lib/check.ts'
import { type Followed, Scorer } from '../training/scorer.ts'
import { resolveAnyLoss, resolveMetrics } from './compile.ts'
import type { CompiledHeads, HeadsCompileOptions } from './compileOptions.ts'
import type { HeadsTask } from './goals.ts'

/** One head's part of the model's loss. */
export interface Part {
  readonly head: Head
  readonly loss: Loss | CustomLoss
  readonly compute: ComputeLoss
  /** Its weight in the model's loss. */
  readonly share: number
  /** The activation that is fused with the loss. */
  readonly fused: 'softmax' | 'sigmoid' | 'none'
  readonly judgement: Judgement
  readonly targets: Pick<TargetSpec, 'kind' | 'outputs'>
  /** Its columns in the packed targets of all heads: class or values, then the row's weight. */
  readonly first: number
  readonly width: number
  /** Takes outputs as returned by `predict`. */
  readonly scorer: Scorer
}

/** A task and its parts. */
export interface PartedTask extends HeadsTask {
  readonly parts: readonly Part[]
}

/** Adds the head's name to errors. */
function ofHead<T>(name: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    const kind = cause instanceof TypeError ? TypeError : RangeError
    throw new kind(`compile: head ${quote(name)}: ${(cause as Error).message.replace('compile: ', '')}`, { cause })
  }
}

export function resolveHeads(
  options: HeadsCompileOptions,
  layers: readonly Layer[],
  named: NamedOutputs,
): PartedTask | undefined {
  const where = 'compile'
  const some = (name: 'lossWeights' | 'metrics' | 'weightedMetrics') =>
    options[name] === undefined ? {} : named.each(`${where}: "${name}"`, options[name], true)
  const weights = some('lossWeights')
  const metrics = some('metrics')
  const weighted = some('weightedMetrics')
  if (options.loss === undefined) {
    if (Object.keys({ ...weights, ...metrics, ...weighted }).length === 0) return undefined
    throw new TypeError(`${where}: "metrics" and "lossWeights" need a "loss", which says what targets are`)
  }
  const losses = named.each(`${where}: "loss"`, options.loss)
  const last = layers[layers.length - 1] as Extract<Lowerable, { kind: 'heads' }>
  let width = 0
  const parts = named.heads.map((head, h): Part => {
    const { name } = head
    return ofHead(name, () => {
      const activation = head.activation?.kind ?? 'linear'
      const loss = resolveAnyLoss(where, losses[name] as Loss, activation, head.columns)
      const judged = lossOf(loss, head, last.branches[h].at(-1))
      const columns = judged.targets.kind === 'classes' ? 1 : judged.targets.outputs
      const judgement = judgementOf(loss, activation)
      const list = (of: typeof metrics, option: 'metrics' | 'weightedMetrics') =>
        resolveMetrics(where, option, of[name] as [] | undefined)
      const scorer = new Scorer({
        metrics: list(metrics, 'metrics'),
        weightedMetrics: list(weighted, 'weightedMetrics'),
        outputs: head.columns,
        targets: judged.targets.kind,
        targetColumns: judged.targets.outputs,
        judgement,
      })
      const share =
        weights[name] === undefined ? 1 : checkFloat(where, `lossWeights.${name}`, weights[name], { minimum: 0 })
      const first = width
      width += columns + 1
      return { head, loss, ...judged, share, judgement, first, width: columns, scorer }
    })
  })
  const branches = last.branches.map((branch, h) =>
    parts[h].fused === 'none' ? branch : [...branch.slice(0, -1), withoutActivation(branch[branch.length - 1])],
  )
  return {
    parts,
    compiled: compiledOf(parts),
    goal: { compute: computeAll(parts, named, width), trained: [...layers.slice(0, -1), { ...last, branches }] },
    measures: {
      metrics: [],
      weightedMetrics: [],
      outputs: named.heads.reduce((sum, { columns }) => sum + columns, 0),
      targets: 'values',
      targetColumns: width,
      judgement: { independent: false, threshold: 0, logits: false, probabilities: false, classifies: false },
      followed: () => parts.flatMap((part) => followed(part, named, width)),
    },
    intake: {
      outputs: width,
      kind: 'values',
      several: (where, y, sampleWeight, rows, batch) =>
        readHeads(where, parts, named, width, y, sampleWeight, rows, batch),
    },
  }
}

/** A head's loss function and the kind of its inputs. */
function lossOf(
  loss: Loss | CustomLoss,
  { columns, activation }: Head,
  last: Lowerable | undefined,
): Pick<Part, 'compute' | 'fused' | 'targets'> {
  if (loss.kind === 'custom') {
    const targets = {
      kind: loss.targets,
      outputs: loss.targets === 'classes' ? columns : (loss.targetColumns ?? columns),
    }
    return { compute: loss.compute, fused: 'none', targets }
  }
  const lowered = lowerLoss(loss, activation?.kind ?? 'linear', columns)
  if (lowered.fused !== 'none' && last && 'activityRegularizer' in last) {
    throw new RangeError(
      `compile: the "activityRegularizer" of its last layer cannot see outputs that the loss "${loss.kind}" computes; put it on a hidden layer`,
    )
  }
  return { compute: twinOf(loss, lowered), fused: lowered.fused, targets: { kind: lowered.targets, outputs: columns } }
}

function compiledOf(parts: readonly Part[]): CompiledHeads {
  const of = <T>(value: (part: Part) => T | undefined): Record<string, T> =>
    Object.fromEntries(
      parts
        .map((part) => [part.head.name, value(part)] as const)
        .filter((entry): entry is [string, T] => entry[1] !== undefined),
    )
  const weights = of(({ share }) => (share === 1 ? undefined : share))
  const weighted = of(({ scorer: { measures } }) =>
    measures.weightedMetrics.length > 0 ? measures.weightedMetrics : undefined,
  )
  return {
    loss: of(({ loss }) => loss),
    ...(Object.keys(weights).length > 0 && { lossWeights: weights }),
    metrics: of(({ scorer: { measures } }) => (measures.metrics.length > 0 ? measures.metrics : undefined)),
    ...(Object.keys(weighted).length > 0 && { weightedMetrics: weighted }),
  }
}

/** A head's slice of packed targets, in its loss's format, and the row weights if they differ. */
function cut(
  { first, width, targets }: Part,
  packed: ArrayLike<number>,
  rows: number,
  shared: Float32Array | undefined,
) {
  const all = packed.length / rows
  const values = targets.kind === 'classes' ? new Int32Array(rows) : new Float32Array(rows * width)
  const weights = new Float32Array(rows)
  let [own, sum] = [false, 0]
  for (let row = 0, at = first; row < rows; row++, at += all) {
    for (let c = 0; c < width; c++) values[row * width + c] = packed[at + c]
    const weight = packed[at + width]
    own ||= weight !== 1
    weights[row] = weight * (shared ? shared[row] : 1)
    sum += weights[row]
  }
  return { targets: values, weights: own || shared ? weights : undefined, sum }
}

const sumOf = (weights: Float32Array | undefined, rows: number): number =>
  weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows

/** Mean loss of a head's rows, as a share of the total weight; writes its gradient. */
function judge(
  part: Part,
  outputs: Float32Array,
  gradient: Float32Array,
  packed: ArrayLike<number>,
  rows: number,
  shared: Float32Array | undefined,
): number {
  const { targets, weights, sum } = cut(part, packed, rows, shared)
  // a weighted mean is undefined without weight
  if (sum === 0) return 0
  const loss: unknown = part.compute(outputs, targets, gradient, { rows, columns: part.head.columns, weights })
  if (typeof loss !== 'number')
    throw new TypeError(
      `customLoss: "compute" of head ${quote(part.head.name)} must return the loss, got ${show(loss)}`,
    )
  const scale = sum / sumOf(shared, rows)
  for (let i = 0; i < gradient.length; i++) gradient[i] *= scale
  return loss * scale
}

/** Σ share · loss over the heads. */
const computeAll =
  (parts: readonly Part[], named: NamedOutputs, width: number): ComputeLoss =>
  (outputs, targets, gradient, { rows, columns, weights }) => {
    if (targets.length !== rows * width) throw new Error(`heads: ${targets.length} targets of ${rows} rows`)
    let loss = 0
    for (const part of parts) {
      const { head, share } = part
      const slopes = new Float32Array(rows * head.columns)
      loss += share * judge(part, named.take(head, outputs), slopes, targets, rows, weights)
      for (let i = 0; i < slopes.length; i++) {
        const at = Math.floor(i / head.columns) * columns + head.first + (i % head.columns)
        gradient[at] = share * slopes[i]
      }
    }
    return loss
  }

/** Outputs as returned by `predict`, from the inputs of the loss; in place. */
export function activated({ head: { columns }, fused }: Part, outputs: Float32Array): Float32Array {
  if (fused === 'sigmoid') for (let i = 0; i < outputs.length; i++) outputs[i] = sigmoid(outputs[i])
  if (fused === 'softmax') {
    const write = (i: number, p: number) => {
      outputs[i] = p
    }
    for (let first = 0; first < outputs.length; first += columns)
      softmaxRow(outputs.slice(first, first + columns), 0, columns, (i, p) => write(first + i, p))
  }
  return outputs
}

/** A head's loss and metrics, prefixed by its name. */
function followed(part: Part, named: NamedOutputs, width: number): Followed[] {
  const { head } = part
  const scorer = part.scorer.fresh()
  let [loss, weight] = [0, 0]
  const judging = {
    update(packed: Float32Array, targets: ArrayLike<number>, rows: number, weights?: Float32Array) {
      if (targets.length !== rows * width) throw new Error(`heads: ${targets.length} targets of ${rows} rows`)
      const outputs = named.take(head, packed)
      const sum = sumOf(weights, rows)
      if (sum > 0) loss += sum * judge(part, outputs, new Float32Array(outputs.length), targets, rows, weights)
      weight += sum
      if (!scorer.needsOutputs) return
      const own = cut(part, targets, rows, weights)
      scorer.update(activated(part, outputs), {
        rows,
        targets: own.targets,
        ...(own.weights && { weights: own.weights }),
      })
    },
    reset() {
      ;[loss, weight] = [0, 0]
      scorer.reset()
    },
    result: () => (weight > 0 ? loss / weight : 0),
  }
  const names = Object.keys(scorer.logs(emptyTally())).filter((name) => name !== 'loss')
  return [
    { name: `${head.name}_loss`, stream: judging, weighted: true },
    ...names.map((name) => ({
      name: `${head.name}_${name}`,
      // reports what the first has accumulated
      stream: { update() {}, reset() {}, result: () => scorer.logs(emptyTally())[name] },
      weighted: false,
    })),
  ]
}

/** Targets of all heads, packed row by row, each head's followed by its weight, and the weights that all heads share. */
function readHeads(
  where: string,
  parts: readonly Part[],
  named: NamedOutputs,
  width: number,
  y: unknown,
  sampleWeight: unknown,
  rows: number,
  batch: boolean,
): { targets: Float32Array; sampleWeight: unknown } {
  const given = named.each(`${where}: "y"`, y)
  const apart = typeof sampleWeight === 'object' && sampleWeight !== null && !('length' in sampleWeight)
  const weights = apart ? named.each(`${where}: "sampleWeight"`, sampleWeight, true) : {}
  const targets = new Float32Array(rows * width)
  for (const { head, loss, first, width: columns, targets: spec, scorer } of parts) {
    const { name } = head
    const values = readTargets(where, `y.${name}`, given[name], {
      ...spec,
      rows,
      ...targetRange(loss.kind),
      ...(!batch && scorer.classTargets && { classTargets: scorer.classTargets }),
    })
    const own = readWeights(`${where}: head ${quote(name)}`, {
      sampleWeight: weights[name],
      targets: values,
      outputs: spec.outputs,
      rows,
      batch,
    })
    // relative to their mean, so that results on parts of the rows can be combined
    const sum = own ? sumOf(own, rows) : rows
    for (let row = 0, at = first; row < rows; row++, at += width) {
      for (let c = 0; c < columns; c++) targets[at + c] = values[row * columns + c]
      targets[at + columns] = own && sum > 0 ? (own[row] * rows) / sum : own ? 0 : 1
    }
  }
  return { targets, sampleWeight: apart ? undefined : sampleWeight }
}
