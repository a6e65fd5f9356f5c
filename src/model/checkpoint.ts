/** From a model to a snapshot, and from a snapshot to a file: safetensors, with settings as JSON in the metadata. */
import { yieldToEventLoop } from '#runtime'
import { type Place, readParameter } from '../compiler/parameterLayout.ts'
import { stateNames } from '../compiler/updates.ts'
import type { Engine } from '../engine/engine.ts'
import { encodedSize, encodeTensors, streamTensors, type TensorBytes } from '../formats/safetensorsWriter.ts'
import type { Layer } from '../layers/layers.ts'
import type { Random } from '../lib/random.ts'
import { isMatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { describeGroup, type Optimizer, ruleOf } from '../optimizers/optimizers.ts'
import { learningRateAt, weightDecayAt } from '../optimizers/rates.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'
import { describeSchedule, type Schedule } from '../optimizers/schedules/schedules.ts'
import { isAbsent, isSolver, solverRateAt } from '../optimizers/solvers/solver.ts'
import type { ClassNames, Compiled } from './compileOptions.ts'
import { named } from './custom.ts'
import { type Goals, goalsOf } from './goals.ts'
import { formatOf, type Settings } from './settings.ts'
import type { Snapshot, SnapshotTensor } from './snapshot.ts'

/** The parts of a model that can be saved. */
export interface Saved {
  readonly seed: number
  readonly deterministic: boolean
  readonly layers: readonly Layer[]
  readonly compiled: Compiled | undefined
  readonly engine: Engine
  readonly random: Random
  readonly classNames: ClassNames | undefined
  readonly metadata: unknown
}

/** An optimizer as JSON, and what cannot be saved of it. */
interface Described {
  readonly optimizer: NonNullable<Settings['compiled']>['optimizer']
  readonly lost: readonly string[]
}

/** A solver's options that are not plain values. */
interface SolverOptions {
  readonly learningRate?: number | Schedule | 'adaptive'
  readonly weightDecay?: number | Schedule
  readonly fallback?: Optimizer
}

const rateAt = (rate: number | Schedule, step: number): number => (typeof rate === 'function' ? rate(step) : rate)

/** Custom functions cannot be saved: a rate is saved as its value at the last update. */
function describeOptimizer(optimizer: AnyOptimizer, engine: Engine): Described {
  const { steps, places } = engine
  const lost: string[] = []
  const last = Math.max(steps - 1, 0)
  const describe = (name: string, rate: number | Schedule, valueAt: (step: number) => number) => {
    try {
      return describeSchedule(rate)
    } catch {
      const value = valueAt(last)
      lost.push(`"${name}" is a function of your own, of which the file keeps the value at the last update, ${value}`)
      return value
    }
  }
  if (isSolver(optimizer)) {
    const { kind, options } = optimizer
    const { learningRate, weightDecay, fallback } = options as SolverOptions
    const other = fallback && describeOptimizer(fallback, engine)
    const described = {
      ...(learningRate !== undefined && {
        learningRate:
          learningRate === 'adaptive'
            ? learningRate
            : describe('learningRate', learningRate, (step) => solverRateAt(optimizer, step)),
      }),
      ...(weightDecay !== undefined && {
        weightDecay: describe('weightDecay', weightDecay, (step) => rateAt(weightDecay, step)),
      }),
      ...(other && { fallback: other.optimizer }),
    }
    return { optimizer: { kind, options: { ...options, ...described } }, lost: [...lost, ...(other?.lost ?? [])] }
  }
  const { kind, options, parameterGroups } = optimizer
  const { decay } = isMatrixRule(optimizer) ? optimizer : ruleOf(optimizer)
  const rates = {
    learningRate: describe('learningRate', optimizer.learningRate, (step) => learningRateAt(optimizer, step)),
    ...(decay !== 'none' && {
      weightDecay: describe('weightDecay', optimizer.weightDecay, (step) => weightDecayAt(optimizer, step)),
    }),
  }
  const names = places.map(({ path }) => path)
  const groups = parameterGroups.map((group) => describeGroup(group, names))
  const kept = groups.filter((group) => group !== undefined)
  if (kept.length < groups.length) {
    lost.push(
      '"parameterGroups" that match by functions of your own are not in the file; match by names or expressions',
    )
  }
  const all = { ...options, ...rates, ...(kept.length > 0 && { parameterGroups: kept }) }
  if (!isMatrixRule(optimizer)) return { optimizer: { kind, options: all }, lost }
  const { match, fallback } = optimizer
  const chosen = match !== undefined && describeGroup({ match }, names)
  if (chosen === undefined)
    lost.push('a "match" that is a function of your own is not in the file; match by names or expressions')
  const other = fallback && describeOptimizer(fallback, engine)
  return {
    optimizer: { kind, options: { ...all, ...chosen, ...(other && { fallback: other.optimizer }) } },
    lost: [...lost, ...(other?.lost ?? [])],
  }
}

function describeCompiled(
  { loss, metrics, weightedMetrics, clipping, heads }: Compiled,
  optimizer: Described['optimizer'],
  goals: Goals | undefined,
): NonNullable<Settings['compiled']> {
  return {
    optimizer,
    ...(loss && { loss: named(loss) }),
    metrics: metrics.map((metric) => named(metric)),
    ...(weightedMetrics && { weightedMetrics: weightedMetrics.map((metric) => named(metric)) }),
    clipping,
    ...(heads && goals && { heads: goals.describe(heads) }),
  }
}

/** Models whose user has already been warned. */
const told = new WeakSet<object>()

/**
 * The model as a plain value. Its tensors are read on demand from the model; they are not copies.
 * @throws Error if optimizer state is requested and the optimizer contains custom functions, which cannot be saved.
 */
export function snapshotOf(where: string, model: Saved, includeOptimizer: boolean): Snapshot {
  const { seed, deterministic, layers, compiled, engine, random, classNames, metadata } = model
  if (includeOptimizer && !compiled) throw new Error(`${where}: includeOptimizer needs a compiled model`)
  const described = compiled && describeOptimizer(compiled.optimizer, engine)
  if (described && described.lost.length > 0) {
    const text = described.lost.join('; ')
    if (includeOptimizer) {
      throw new Error(
        `${where}: includeOptimizer cannot store what training needs: ${text}; use the built-in schedules, and groups that match by names`,
      )
    }
    if (!told.has(engine)) console.warn(`${where}: ${text}`)
    told.add(engine)
  }
  const frozen = [...engine.storage.frozen].sort((a, b) => a - b)
  const { session, storage, places } = engine
  const blocks: [prefix: string, address: number, places: readonly Place[]][] = [['', storage.parameters, places]]
  if (includeOptimizer && compiled) {
    storage.whole?.()
    for (const [i, state] of stateNames(compiled.optimizer).entries()) {
      if (!session || session.used.has(i)) blocks.push([`optimizer.${state}.`, storage.states[i], places])
    }
    blocks.push(['', storage.kept.address, storage.kept.tensors])
  }
  return {
    seed,
    deterministic,
    layers,
    ...(compiled && described && { compiled: describeCompiled(compiled, described.optimizer, goalsOf(layers)) }),
    ...(frozen.length > 0 && { frozen }),
    ...(engine.statisticsFrozen && { statisticsFrozen: true }),
    ...(includeOptimizer && {
      progress: {
        steps: engine.steps,
        learningRateScale: engine.learningRateScale,
        random: random.state,
        ...(session && !isAbsent(session.solver) && { solver: structuredClone(session.scalars) }),
      },
    }),
    ...(classNames && { classNames }),
    ...(metadata !== undefined && { user: metadata }),
    tensors: new Map([
      ...blocks.flatMap((block) => tensorsOf(engine, ...block)),
      ...(includeOptimizer ? matricesOf(engine) : []),
    ]),
  }
}

/** A solver's state outside of blocks. */
const matricesOf = (engine: Engine): [name: string, tensor: SnapshotTensor][] =>
  (engine.session?.matrices ?? []).map(({ name, shape, read }) => [
    `optimizer.${name}`,
    {
      shape,
      read(first, out) {
        engine.flush()
        read(first, out)
      },
    },
  ])

const tensorsOf = (
  engine: Engine,
  prefix: string,
  address: number,
  places: readonly Place[],
): [name: string, tensor: SnapshotTensor][] =>
  places.map((place) => [
    prefix + place.path,
    {
      shape: place.shape,
      read(first, out) {
        engine.flush()
        readParameter(engine.arena, address, place, out, first)
      },
    },
  ])

type File = readonly [tensors: readonly TensorBytes[], metadata: Readonly<Record<string, string>>]

function fileOf({ tensors, score, ...settings }: Snapshot): File {
  const metadata = {
    format: formatOf(settings),
    settings: JSON.stringify(settings satisfies Settings),
    ...(score && { score: JSON.stringify(score) }),
  }
  return [
    Array.from(tensors, ([name, { shape, read }]) => ({
      name,
      dtype: 'F32',
      shape,
      copy: (from, { buffer, byteOffset, byteLength }) =>
        read(from / 4, new Float32Array(buffer, byteOffset, byteLength / 4)),
    })),
    metadata,
  ]
}

/** The snapshot as a file. */
export const encodeSnapshot = (snapshot: Snapshot): Uint8Array => encodeTensors(...fileOf(snapshot))

/** Files up to this size are encoded at once, so that the model may change while they are written. */
const WHOLE = 2 ** 27

/**
 * The snapshot's file in chunks, so that large models are not duplicated in memory.
 * @throws Error, late, if a large model changes before it has been read completely.
 */
export function snapshotPieces(snapshot: Snapshot): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  const file = fileOf(snapshot)
  return encodedSize(...file) <= WHOLE ? [encodeTensors(...file)] : streamTensors(...file, yieldToEventLoop)
}
