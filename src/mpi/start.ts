/** Before ranks train together: copies the state of rank 0 to all. */
import { Random, type RandomState } from '../lib/random.ts'
import type { Model } from '../model/model.ts'
import type { Training } from '../training/parallel.ts'
import { type Communicator, gatherTexts } from './communicator.ts'

const GOLDEN = 0x9e3779b9

/** Broadcasts parameters, optimizer state and the noise state. */
export function shareState(world: Communicator, { engine, model }: Training): void {
  const { storage, session } = engine
  const own = JSON.stringify({ ...session?.scalars, used: [...(session?.used ?? [])] })
  const { used, ...scalars } = JSON.parse(gatherTexts(world, own)[0])
  const progress = Float64Array.of((model as Model).seed, engine.steps, engine.learningRateScale)
  ;[engine.records.seed, engine.steps, engine.learningRateScale] = world.gather(progress)
  world.share(storage.view(storage.parameters))
  const shared: number[] = session ? used : [...storage.states.keys()]
  if (session && world.rank > 0) engine.restartSolver(scalars, used)
  for (const i of shared) world.share(storage.view(storage.states[i]))
  world.share(storage.viewKept())
  storage.version++
}

/** Broadcasts the state of rank 0's random stream; the other ranks derive their own shuffling streams from it. */
export function shareRandom(world: Communicator, random: Random | undefined, shuffler: Random | undefined): void {
  if (!random) return
  const { words, spare } = random.state
  const all = world.gather(Float64Array.of(...words, spare ?? Number.NaN))
  const state: RandomState = {
    words: [all[0], all[1], all[2], all[3]],
    spare: Number.isNaN(all[4]) ? null : all[4],
  }
  if (world.rank === 0) return
  random.state = state
  const [high, low] = state.words
  const seed = (high >>> 11) * 2 ** 32 + ((low + Math.imul(world.rank, GOLDEN)) >>> 0)
  if (shuffler) shuffler.state = new Random(seed).state
}
