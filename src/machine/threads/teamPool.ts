/**
 * The teams of this process. A model has its own from its first threaded run until it is closed or garbage collected, or
 * until it is idle and another model needs one. Released teams are reused: shared memory never shrinks, and a host
 * may free it late.
 */
import type { Arena } from '../arena.ts'
import { instantiateShared, sharedModule } from './sharedMachine.ts'
import { Team } from './team.ts'

/** Maximum number of workers, unless a single model asks for more. */
const MOST_WORKERS = 4
/** Shared memory kept for later models; above it, idle models are evicted first. */
const MOST_BYTES = 32 * 2 ** 20
/** How long a model keeps its team after its last run. */
const KEEP_MILLISECONDS = 100

const teams = new Set<Team>()

/** Releases a model's team when the model is garbage collected. */
const garbage = new FinalizationRegistry((team: Team) => giveBack(team))

/**
 * A team of `size` threads for the model with this arena, which enters it later; undefined if others need them all.
 * @param owner the team is released when it is garbage collected.
 */
export function acquireTeam(arena: Arena, size: number, owner: object): Team | undefined {
  const { target, base } = arena.machine
  const module = sharedModule(target, base)
  if (!module) return undefined
  const fits = ({ machine }: Team) => machine.parts[0].module === module
  let team = smallest(free().filter(fits), arena.top)
  if (!team && bytesOf(teams) >= MOST_BYTES) team = takeBack(fits)
  while (workersBeside(team) + size - 1 > Math.max(MOST_WORKERS, size - 1)) {
    const idle = free().find((other) => other !== team) ?? takeBack(() => true)
    if (!idle) return undefined
    if (!team && fits(idle)) team = idle
    else dissolve(idle)
  }
  if (!team) {
    team = new Team(instantiateShared(target, base))
    teams.add(team)
  }
  team.tenant = arena
  team.size = size
  team.lost = undefined
  team.used = performance.now()
  garbage.register(owner, team, team)
  return team
}

/** Releases a team: moves the model to a memory of its own. No job may be running. */
export function releaseTeam(team: Team): void {
  team.leave()
  giveBack(team)
}

/** Terminates workers that are dead or out of control, and discards their memory. */
export function dissolveTeam(team: Team): void {
  garbage.unregister(team)
  team.tenant = undefined
  dissolve(team)
}

function giveBack(team: Team): void {
  garbage.unregister(team)
  team.tenant = undefined
  if (team.isBroken) dissolve(team)
  const idle = free()
  // if no model has a team, keep one for the next
  const kept = idle.length === teams.size ? 1 : teams.size
  for (const [i, other] of idle.entries()) {
    if (idle.length - i > kept || bytesOf(idle.slice(i)) > MOST_BYTES) dissolve(other)
  }
}

function dissolve(team: Team): void {
  teams.delete(team)
  team.dissolve()
}

/** Teams without a model, most recently used last. */
const free = (): Team[] => [...teams].filter(({ tenant }) => !tenant).sort((a, b) => a.used - b.used)

/** Evicts the model that has been idle for longest, and returns its team; undefined if all are busy. */
function takeBack(fits: (team: Team) => boolean): Team | undefined {
  const before = performance.now() - KEEP_MILLISECONDS
  const [team] = [...teams]
    .filter((team) => team.tenant && !team.running && team.used < before && fits(team))
    .sort((a, b) => a.used - b.used)
  if (!team) return undefined
  team.leave()
  garbage.unregister(team)
  team.tenant = undefined
  return team
}

/** The smallest memory of at least that many bytes, otherwise the largest. */
function smallest(among: readonly Team[], bytes: number): Team | undefined {
  const sorted = [...among].sort((a, b) => a.bytes - b.bytes)
  return sorted.find((team) => team.bytes >= bytes) ?? sorted[sorted.length - 1]
}

const bytesOf = (some: Iterable<Team>): number => [...some].reduce((sum, { bytes }) => sum + bytes, 0)

const workersBeside = (team: Team | undefined): number =>
  [...teams].reduce((sum, other) => sum + (other === team ? 0 : other.workers), 0)

/** Total bytes of shared memory, for tests. */
export const sharedBytes = (): number => bytesOf(teams)

/** Number of running workers, for tests. */
export const workersAlive = (): number => workersBeside(undefined)
