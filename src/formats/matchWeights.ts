/** Matches the tensors of a file to the parameters of a model when different programs named them. */
import { cut, quote, suggest } from '../lib/check.ts'
import type { Slot } from './stateDict.ts'

/** A tensor of the file. */
export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** A layer whose parameters are to be loaded. */
export interface Target {
  /** Its name in the model, such as `dense_1`. */
  readonly path: string
  /** The prefix of the other program's names for such layers, if it names them by kind. */
  readonly stem?: string
  readonly slots: readonly Slot[]
}

export interface Match {
  readonly path: string
  readonly slot: Slot
  readonly tensor: NamedTensor
}

/** The tensors that share a prefix such as `0` or `net.hidden`, by the last part of their names. */
interface Module {
  readonly name: string
  readonly tensors: Map<string, NamedTensor>
}

/** PyTorch's batch counter, which is only needed for averages without momentum. */
const COUNTER = 'num_batches_tracked'

/** Where weight norm stores its parts since PyTorch 2.0. */
const PARAMETRIZED = /\.parametrizations\.weight\.original([01])$/

function moduleOf(name: string): [module: string, suffix: string] {
  const plain = name.replace(PARAMETRIZED, (_, part) => (part === '0' ? '.weight_g' : '.weight_v'))
  const end = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf('/'))
  return [plain.slice(0, Math.max(end, 0)), plain.slice(end + 1)]
}

function modulesOf(tensors: Iterable<NamedTensor>): Map<string, Module> {
  const modules = new Map<string, Module>()
  for (const tensor of tensors) {
    const [name, suffix] = moduleOf(tensor.name)
    const module = modules.get(name) ?? { name, tensors: new Map() }
    module.tensors.set(suffix, tensor)
    modules.set(name, module)
  }
  return modules
}

/** `fc12` as `fc` and 12. */
function partsOf(name: string): [stem: string, number: number][] {
  return name.split(/[./]/).map((part) => {
    // character by character: /\d+$/ is quadratic in the length of a name of digits
    let end = part.length
    while (end > 0 && isDigit(part.charCodeAt(end - 1))) end--
    // Keras' first layer of a kind has no number
    return [part.slice(0, end).replace(/_$/, ''), end === part.length ? -1 : Number(part.slice(end))]
  })
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Negative if the numbers in the names say that a comes first; NaN if they do not tell. */
function compareNames(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i][0] !== right[i][0]) return Number.NaN
    if (left[i][1] !== right[i][1]) return left[i][1] - right[i][1]
  }
  return Number.NaN
}

/** The modules ordered by the numbers in their names; undefined if that is ambiguous. */
function inOrder(modules: readonly Module[]): Module[] | undefined {
  const sorted = [...modules].sort((a, b) => compareNames(a.name, b.name) || 0)
  return sorted.every(({ name }, i) => i === 0 || compareNames(sorted[i - 1].name, name) < 0) ? sorted : undefined
}

const needed = ({ slots }: Target) => slots.filter(({ suffix }) => suffix !== COUNTER)
const present = ({ tensors }: Module) => [...tensors].filter(([suffix]) => suffix !== COUNTER)
const sizes = (shape: readonly number[]) => shape.join(' x ') || 'a number'

/** A slope shared by all units counts as one per unit. */
const fitsSlot = (slot: Slot, shape: readonly number[]): boolean =>
  shape.join() === slot.shape.join() || (slot.name === 'alpha' && shape.join() === '1')

function fits(target: Target, module: Module): boolean {
  const slots = needed(target)
  if (slots.length !== present(module).length) return false
  return slots.every((slot) => {
    const tensor = module.tensors.get(slot.suffix)
    return tensor !== undefined && fitsSlot(slot, tensor.shape)
  })
}

const signatureOf = (parts: readonly (readonly [suffix: string, shape: readonly number[]])[]): string =>
  parts
    .map(([suffix, shape]) => `${suffix} ${sizes(shape)}`)
    .sort()
    .join(', ')
const targetSignature = (target: Target) =>
  signatureOf(needed(target).map(({ suffix, shape }) => [suffix, shape] as const))
const moduleSignature = (module: Module) =>
  signatureOf(present(module).map(([suffix, { shape }]) => [suffix, shape] as const))

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** The prefix of a name that counts layers of a kind, as in `dense_1`. */
const stemOf = ({ name }: Module): string => partsOf(name).at(-1)?.[0] ?? ''

/** Assigns modules to the targets in order, separately for each set of shapes; undefined unless there is exactly one way. */
function byShape(targets: readonly Target[], modules: readonly Module[]): Module[] | undefined {
  // if all names count layers of known kinds, they tell more than shapes
  const stems = new Set(targets.map(({ stem }) => stem))
  const counted = modules.every((module) => stems.has(stemOf(module)))
  const found = grouped(modules, (module) => `${counted ? stemOf(module) : ''} ${moduleSignature(module)}`)
  const wanted = grouped(targets, (target) => `${counted ? target.stem : ''} ${targetSignature(target)}`)
  const chosen = new Map<Target, Module>()
  for (const [signature, alike] of wanted) {
    const candidates = found.get(signature) ?? []
    const ordered = candidates.length === alike.length ? inOrder(candidates) : undefined
    if (!ordered) return undefined
    for (const [i, target] of alike.entries()) chosen.set(target, ordered[i])
  }
  return targets.flatMap((target) => chosen.get(target) ?? [])
}

const MOST_SHOWN = 5
const list = (items: readonly string[]): string =>
  items.length > MOST_SHOWN ? `${items.slice(0, MOST_SHOWN).join(', ')}, ...` : items.join(', ')

/** A description of what fits where, for error messages. */
function describe(targets: readonly Target[], modules: readonly Module[]): string {
  const lines = targets.slice(0, MOST_SHOWN).map((target) => {
    const candidates = modules.filter((module) => fits(target, module)).map(({ name }) => quote(cut(name, 30)))
    return `${cut(target.path, 30)} (${targetSignature(target)}): ${list(candidates.slice(0, 3)) || 'nothing'}`
  })
  return lines.join('; ') + (targets.length > MOST_SHOWN ? '; ...' : '')
}

/**
 * Finds the tensor of every parameter: first from `names` (parameter -> tensor), other parameters of such a layer from the same
 * module; then by the numbers in the names; then by shapes, if only one assignment is possible.
 * @param ordered whether the tensors are in the model's layer order.
 * @throws RangeError for a name that does not exist or fit, and if there is no assignment or more than one, describing what fits
 * where.
 */
export function matchWeights(
  where: string,
  targets: readonly Target[],
  tensors: ReadonlyMap<string, NamedTensor>,
  names: Readonly<Record<string, string>>,
  ordered = false,
): Match[] {
  const modules = modulesOf(tensors.values())
  const matches = matchNamed(where, targets, tensors, modules, names)
  const done = new Set(matches.map(({ path, slot }) => `${path}.${slot.name}`))
  const open = targets
    .map(({ slots, ...target }) => ({
      ...target,
      slots: slots.filter(({ name }) => !done.has(`${target.path}.${name}`)),
    }))
    .filter((target) => needed(target).length > 0)
  const left = [...modules.values()].filter((module) => present(module).length > 0)
  const sequence = left.length === open.length ? (ordered ? left : inOrder(left)) : undefined
  const chosen = sequence && open.every((target, i) => fits(target, sequence[i])) ? sequence : byShape(open, left)
  if (!chosen) {
    const example = open[0] ? `${open[0].path}.${needed(open[0])[0].name}` : ''
    throw new RangeError(
      `${where}: which tensors belong where is not clear; say so, as in { names: { ${quote(example)}: 'name of the tensor' } }. What fits: ${describe(open, left)}`,
    )
  }
  const rest = left.filter((module) => !chosen.includes(module)).flatMap((module) => [...module.tensors.values()])
  if (rest.length > 0) {
    throw new RangeError(
      `${where}: the model has no place for ${list(rest.map(({ name, shape }) => `${quote(cut(name, 30))} (${sizes(shape)})`))}`,
    )
  }
  for (const [i, { path, slots }] of open.entries()) {
    for (const slot of slots) {
      const tensor = chosen[i].tensors.get(slot.suffix)
      if (tensor) matches.push({ path, slot, tensor })
    }
  }
  return matches
}

/** Removes the tensors given in `names` from the modules. */
function matchNamed(
  where: string,
  targets: readonly Target[],
  tensors: ReadonlyMap<string, NamedTensor>,
  modules: ReadonlyMap<string, Module>,
  names: Readonly<Record<string, string>>,
): Match[] {
  const places = new Map<string, { target: Target; slot: Slot }>(
    targets.flatMap((target) => target.slots.map((slot) => [`${target.path}.${slot.name}`, { target, slot }] as const)),
  )
  const matches: Match[] = []
  const tied = new Map<Target, Module>()
  const take = (target: Target, slot: Slot, tensor: NamedTensor): void => {
    const [name, suffix] = moduleOf(tensor.name)
    const module = modules.get(name)
    if (module?.tensors.get(suffix) !== tensor)
      throw new RangeError(`${where}: "names" gives the tensor ${quote(tensor.name)} to two parameters`)
    module.tensors.delete(suffix)
    if (!tied.has(target)) tied.set(target, module)
    matches.push({ path: target.path, slot, tensor })
  }
  for (const [path, name] of Object.entries(names)) {
    const place = places.get(path)
    if (!place)
      throw new RangeError(`${where}: the model has no parameter ${quote(path)}${suggest(path, [...places.keys()])}`)
    const tensor = tensors.get(name)
    if (!tensor)
      throw new RangeError(`${where}: there is no tensor ${quote(name)}${cut(suggest(name, [...tensors.keys()]), 200)}`)
    if (!fitsSlot(place.slot, tensor.shape)) {
      throw new RangeError(
        `${where}: tensor ${quote(name)} is ${sizes(tensor.shape)}, but ${quote(path)} needs ${sizes(place.slot.shape)}`,
      )
    }
    take(place.target, place.slot, tensor)
  }
  for (const [target, module] of tied) {
    const taken = new Set(matches.filter(({ path }) => path === target.path).map(({ slot }) => slot))
    for (const slot of target.slots) {
      const tensor = module.tensors.get(slot.suffix)
      if (!taken.has(slot) && tensor && fitsSlot(slot, tensor.shape)) take(target, slot, tensor)
    }
  }
  return matches
}
