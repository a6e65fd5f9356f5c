/** From a snapshot, of a file or any other, back to a model. */
import type { Loss } from '../catalogue/losses.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import { tensorsOf } from '../compiler/objective.ts'
import { layoutParameters } from '../compiler/parameterLayout.ts'
import { keptOf, stateNames } from '../compiler/updates.ts'
import { learnKinds } from '../layers/carried.ts'
import { namedOutputsOf } from '../layers/layers.ts'
import { forTraining } from '../layers/resolvers.ts'
import { asBytes, type ByteSource, type Bytes, inMemory } from '../lib/bytes.ts'
import { checkBoolean, checkOneOf, checkOptions, quote, show } from '../lib/check.ts'
import { checkThreads } from '../machine/threads/threads.ts'
import { isMatrixKind, type MatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { optimizers } from '../optimizers/optimizers.ts'
import { type AnyOptimizer, resolveAnyOptimizer } from '../optimizers/resolve.ts'
import { restoreSchedule } from '../optimizers/schedules/schedules.ts'
import { absentSolver, isAbsent, isSolver, isSolverKind, type Solver } from '../optimizers/solvers/solver.ts'
import type { ClassNamesOf, CompileOptions } from './compileOptions.ts'
import { broughtAlong, type Custom, checkCustom } from './custom.ts'
import { classNamesFor, type Goals, goalsOf } from './goals.ts'
import { readMetadata } from './metadata.ts'
import { Model } from './model.ts'
import { checkTraining, readArchitecture, readingFile, type Settings } from './settings.ts'
import {
  checkReadOptions,
  decodeSnapshot,
  fillMatrices,
  fillPlaces,
  matchTensors,
  READ_OPTIONS,
  type ReadOptions,
  type Snapshot,
} from './snapshot.ts'
import { type ModelSource, withSource } from './source.ts'
import type { ModelOptions } from './untrained.ts'

export interface LoadOptions<K extends string = string>
  extends ReadOptions,
    Pick<ModelOptions, 'threads' | 'deterministic'> {
  /** Names of the heads that the model must have, in any order, which determine its type; `[]`: none. Default: any. */
  heads?: readonly K[]
  /**
   * What files refer to by name only: custom losses and metrics, and the factories of solvers, such as `{ lbfgs }`, and of
   * some layers, such as `{ scale }`, since only what a program imports is bundled. Without its solver a model can predict and
   * evaluate, and train after another `compile`.
   */
  custom?: Custom
}

/** How to make a model from a snapshot. */
interface FromSnapshotOptions extends Pick<ModelOptions, 'threads' | 'deterministic'> {
  readonly allowNonFinite?: boolean
  readonly custom?: Custom
  readonly heads?: readonly string[]
}

/**
 * The model described by a snapshot, compiled as it was. Everything is checked before memory is allocated.
 * @throws RangeError for settings that do not describe a model, tensors that are missing, superfluous or of another shape, and
 * values that are not finite.
 */
export function fromSnapshot(where: string, snapshot: Snapshot, options: FromSnapshotOptions = {}): Model {
  const { compiled, frozen, statisticsFrozen, progress, classNames, user, tensors } = snapshot
  const { allowNonFinite = false, custom = {}, heads, ...given } = options
  learnKinds(where, snapshot.layers, custom)
  const { layers, widths, seed, deterministic } = readingFile(where, () =>
    readArchitecture(snapshot, { ...forTraining, schedule: restoreSchedule }),
  )
  const outputs = widths[widths.length - 1]
  const named = namedOutputsOf(layers, widths)
  if (heads)
    checkHeads(
      where,
      (named?.heads ?? []).map(({ name }) => name),
      heads,
    )
  const optimizer = readingFile(where, () => {
    checkTraining(snapshot)
    checkMetrics(compiled, outputs)
    if (classNames !== undefined) classNamesFor('settings', classNames, { layers, outputs, named })
    if (user !== undefined) readMetadata('settings', 'user', user)
    return compiled && reviveOptimizer(compiled.optimizer, custom)
  })
  const judged = compiled && bringCustom(where, compiled, custom, goalsOf(layers))
  const places = layoutParameters(layers, widths)
  const states = progress && optimizer ? statesIn(tensors, optimizer) : []
  const prefixes = ['', ...states.map(({ prefix }) => prefix)]
  const matched = prefixes.map((prefix) => matchTensors(where, places, tensors, prefix))
  const kept =
    progress && optimizer
      ? readingFile(where, () =>
          keptOf(
            optimizer,
            tensorsOf(places, () => true),
          ),
        )
      : []
  const matchedKept = matchTensors(where, kept, tensors)
  if (tensors.size > matched.length * places.length + kept.length) {
    // the vectors of a solver that was not imported are unknown
    const known = isAbsent(optimizer)
      ? [...prefixes, ...statePrefixes(tensors)]
      : [...prefixes, ...matrixPrefixes(optimizer)]
    refuseOthers(where, tensors, [places, kept], known)
  }

  const model = readingFile(where, () => {
    const made = Model.make(layers, { seed, deterministic, ...given }, true)
    if (judged && optimizer) made.compile({ optimizer, ...judged })
    return made
  })
  const { engine } = model
  if (frozen) engine.setFrozen(frozen, true)
  if (statisticsFrozen) engine.setFrozenStatistics(true)
  const { session, storage } = engine
  for (const { index } of states) session?.clear(index)
  const blocks = [storage.parameters, ...states.map(({ index }) => storage.states[index])]
  for (const [i, found] of matched.entries()) fillPlaces(where, engine.arena, blocks[i], places, found, allowNonFinite)
  if (kept.length > 0) {
    fillPlaces(where, engine.arena, storage.kept.address, storage.kept.tensors, matchedKept, allowNonFinite)
  }
  storage.flushParameters()
  if (session && progress) {
    const used = states.map(({ index }) => index)
    readingFile(where, () => engine.restartSolver(progress.solver, used))
    fillMatrices(where, engine.session, tensors, allowNonFinite)
  }
  if (progress) {
    engine.steps = progress.steps
    engine.learningRateScale = progress.learningRateScale
    model.random.state = progress.random
  }
  model.classNames = classNames as ClassNamesOf<never> | undefined
  model.metadata = user
  return model
}

/** @throws RangeError if the file's model has other heads than required. */
function checkHeads(where: string, found: readonly string[], wanted: readonly string[]): void {
  if (found.length === wanted.length && found.every((name) => wanted.includes(name))) return
  const listed = (names: readonly string[]) => (names.length > 0 ? names.map(quote).join(', ') : 'none')
  throw new RangeError(`${where}: "heads" asks for ${listed(wanted)}, but those of the model are: ${listed(found)}`)
}

/** Everything a model is compiled with except the optimizer. */
function bringCustom(
  where: string,
  { loss, metrics, weightedMetrics = [], clipping, heads }: NonNullable<Settings['compiled']>,
  custom: Custom,
  goals: Goals | undefined,
): Omit<CompileOptions, 'optimizer'> {
  if (heads !== undefined && !goals)
    throw new RangeError(`${where}: the file's settings have losses of heads, but its layers have no heads`)
  if (heads && goals) return { ...(goals.bring(where, heads, custom) as object), ...clipping }
  const bring = (list: typeof metrics) =>
    Array.isArray(list) ? list.map((metric) => broughtAlong(where, metric, 'metric', custom) as Metric) : list
  return {
    ...(loss !== undefined && { loss: broughtAlong(where, loss, 'loss', custom) as Loss }),
    metrics: bring(metrics) as Metric[],
    weightedMetrics: bring(weightedMetrics) as Metric[],
    ...clipping,
  }
}

/** Maximum total counters of a file's metrics, each of which has some per output. */
const COUNTERS = 2 ** 20

/** @throws RangeError for metrics that take more memory than a file may cause. */
function checkMetrics(compiled: Settings['compiled'], outputs: number): void {
  const { metrics, weightedMetrics, heads } = compiled ?? {}
  const ofHeads = [heads?.metrics, heads?.weightedMetrics].flatMap((lists) => Object.values(lists ?? {}))
  const count = [metrics, weightedMetrics, ...ofHeads].reduce(
    (sum, list) => sum + (Array.isArray(list) ? list.length : 0),
    0,
  )
  if (count * outputs <= COUNTERS) return
  throw new RangeError(`compiled: ${count} metrics of ${outputs} outputs are more than ${COUNTERS} values to count`)
}

/** @throws RangeError for a tensor that is neither a parameter, nor optimizer state, nor anything else known. */
function refuseOthers(
  where: string,
  tensors: Snapshot['tensors'],
  [places, kept]: readonly (readonly { readonly path: string }[])[],
  prefixes: Iterable<string>,
): void {
  const paths = new Set(places.map(({ path }) => path))
  const others = new Set(kept.map(({ path }) => path))
  const known = new Set(prefixes)
  for (const name of tensors.keys()) {
    const prefix = prefixOf(name)
    if (paths.has(name) || others.has(name) || (known.has(prefix) && paths.has(name.slice(prefix.length)))) continue
    throw new RangeError(`${where}: tensor ${quote(name)} belongs to no layer of the model`)
  }
}

/** The part of a tensor's name before the parameter's: `optimizer.STATE.`, or nothing. */
const prefixOf = (name: string): string => /^optimizer\.\w+\./.exec(name)?.[0] ?? ''

const statePrefixes = (tensors: Snapshot['tensors']): Set<string> => new Set(Array.from(tensors.keys(), prefixOf))

/** For a solver's state outside of blocks. */
const matrixPrefixes = (optimizer: AnyOptimizer | undefined): string[] =>
  isSolver(optimizer) ? (optimizer.matrices ?? []).map((kind) => `optimizer.${kind}.`) : []

/** The optimizer's state blocks in a file: all of a rule's; of a solver's vectors those in use. */
function statesIn(tensors: Snapshot['tensors'], optimizer: AnyOptimizer): { index: number; prefix: string }[] {
  const found = statePrefixes(tensors)
  return stateNames(optimizer)
    .map((state, index) => ({ index, prefix: `optimizer.${state}.` }))
    .filter(({ prefix }) => !isSolver(optimizer) || found.has(prefix))
}

function reviveOptimizer(
  { kind, options }: NonNullable<Settings['compiled']>['optimizer'],
  custom: Custom,
): AnyOptimizer {
  checkOptions(String(kind), options, Object.keys(options ?? {}))
  const { learningRate, weightDecay, ...rest } = options
  const given = {
    ...rest,
    ...(learningRate !== undefined && {
      learningRate: learningRate === 'adaptive' ? learningRate : restoreSchedule(learningRate),
    }),
    ...(weightDecay !== undefined && { weightDecay: restoreSchedule(weightDecay) }),
  }
  if (isSolverKind(kind) || isMatrixKind(kind)) {
    const make = Object.hasOwn(custom, kind) ? custom[kind] : undefined
    if (typeof make !== 'function') return absentSolver(kind, given)
    const { fallback } = options as { fallback?: NonNullable<Settings['compiled']>['optimizer'] }
    const whole = { ...given, ...(fallback !== undefined && { fallback: reviveOptimizer(fallback, {}) }) }
    return (make as (options: never) => Solver | MatrixRule)(whole as never)
  }
  checkOneOf('settings', 'optimizer', kind, Object.keys(optimizers) as (keyof typeof optimizers)[])
  const make = optimizers[kind] as (options: object) => AnyOptimizer
  return resolveAnyOptimizer('settings', make(given))
}

/** @throws TypeError or RangeError naming the option. */
function checkLoadOptions(where: string, options: LoadOptions): Required<ReadOptions> & FromSnapshotOptions {
  const reading = checkReadOptions(where, options, [...READ_OPTIONS, 'threads', 'deterministic', 'custom', 'heads'])
  const { threads, deterministic, custom = {}, heads } = options
  checkCustom(where, custom)
  return {
    ...reading,
    custom,
    ...(heads !== undefined && { heads: checkNames(where, heads) }),
    ...(threads !== undefined && { threads: checkThreads(where, threads) }),
    ...(deterministic !== undefined && { deterministic: checkBoolean(where, 'deterministic', deterministic) }),
  }
}

function checkNames(where: string, heads: unknown): readonly string[] {
  if (Array.isArray(heads) && heads.every((name) => typeof name === 'string') && new Set(heads).size === heads.length)
    return heads
  throw new TypeError(`${where}: "heads" must be an array of different names, got ${show(heads)}`)
}

function readModel(where: string, source: ByteSource, { verify, ...options }: ReturnType<typeof checkLoadOptions>) {
  return fromSnapshot(where, decodeSnapshot(where, source, verify), options)
}

/**
 * The model in a file's bytes, compiled as it was when saved.
 * @param options.threads, options.deterministic as for `sequential`; `deterministic` defaults to the saved model's.
 * @param options.custom what files refer to by name only: custom losses and metrics, solvers, some layers.
 * @param options.verify false accepts files with a missing or wrong checksum. Default true.
 * @param options.allowNonFinite true accepts NaN and infinite parameters. Default false.
 * @param options.heads names of the heads that the model must have; they determine its type.
 * @throws TypeError or RangeError unless the bytes are an intact model file.
 */
export function modelFromBytes<K extends string = never>(bytes: Bytes, options: LoadOptions<K> = {}): Model<K> {
  const where = 'modelFromBytes'
  const checked = checkLoadOptions(where, options)
  return readModel(where, inMemory(asBytes(where, 'bytes', bytes)), checked) as unknown as Model<K>
}

/**
 * The model saved at a path or URL, or in the given bytes or response.
 * @param options as for `modelFromBytes`.
 * @throws the file system's error if the file does not exist; TypeError or RangeError unless it is an intact model file.
 */
export async function loadModel<K extends string = never>(
  source: ModelSource,
  options: LoadOptions<K> = {},
): Promise<Model<K>> {
  const where = 'loadModel'
  const checked = checkLoadOptions(where, options)
  return withSource(where, source, (bytes) => readModel(where, bytes, checked) as unknown as Model<K>)
}
