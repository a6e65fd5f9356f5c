/** A rank that dies, and the training that goes on: `npm run test:mpi -- failures`. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/folder.ts'
import { type Ending, launchers, runRanks } from '../support/ranks.ts'

const RANKS = 3
const EPOCHS = 12
/** Milliseconds of an epoch at least, so that ranks die in the middle of training. */
const PAUSE = 30
/** From a rank's death to the end of all. */
const PATIENCE = 10_000
/** Deaths under each MPI; more by FOURLANE_KILLS. */
const KILLS = Number(process.env.FOURLANE_KILLS ?? 3)

interface Outcome extends Ending {
  /** Milliseconds from the death of a rank to the end of the job. */
  readonly after: number
  readonly victim: number
}

type Blow = 'SIGKILL' | 'SIGSTOP'

/** Runs the training; a rank is dealt a blow some time after all have begun. */
async function run(
  launcher: (typeof launchers)[number],
  folder: string,
  blow: Blow | undefined,
  more: object = {},
): Promise<Outcome> {
  let killed = 0
  let victim = 0
  let ended = false
  const kill = async (answers: string) => {
    const pids = Array.from({ length: RANKS }, (_, rank) => `${answers}/${rank}.pid`)
    while (!ended && !pids.every((path) => existsSync(path) && readFileSync(path, 'utf8') !== '')) await sleep(5)
    await sleep(Math.random() * EPOCHS * PAUSE)
    if (ended) return
    killed = performance.now()
    try {
      victim = Math.floor(Math.random() * RANKS)
      if (blow) process.kill(Number(readFileSync(pids[victim], 'utf8')), blow)
    } catch {
      // it has ended by itself
      killed = 0
    }
  }
  const options = { folder, epochs: EPOCHS, pause: PAUSE, ...more }
  let killing: Promise<void> | undefined
  const ending = await runRanks(launcher, RANKS, 'survive', options, (answers) => {
    if (blow) killing = kill(answers)
  })
  ended = true
  const after = killed > 0 ? performance.now() - killed : 0
  await killing
  return { ...ending, after, victim }
}

const bitsOf = ({ said }: Ending) => said.map(({ bits }) => bits)

for (const launcher of launchers) {
  test(`a rank of ${launcher} dies: all end soon, and the training goes on to the same bits`, async () => {
    const undisturbed = await run(launcher, temporaryFolder(), undefined)
    assert.is(undisturbed.code, 0, undisturbed.complained)
    const [expected] = bitsOf(undisturbed)
    let deaths = 0
    while (deaths < KILLS) {
      const folder = temporaryFolder()
      let last = await run(launcher, folder, deaths < KILLS ? 'SIGKILL' : undefined)
      while (last.code !== 0) {
        deaths++
        assert.ok(last.after > 0 && last.after < PATIENCE, `ended ${last.after} ms after the death: ${last.complained}`)
        // messages besides the launcher's report: no rank blames itself
        assert.not.match(last.complained, /\n\s+at |Error: /, 'no rank leaves a stack')
        last = await run(launcher, folder, deaths < KILLS ? 'SIGKILL' : undefined)
      }
      assert.equal(
        bitsOf(last),
        Array.from({ length: RANKS }, () => expected),
      )
    }
  })
}

test('a rank that is stopped is named by the others, within twice their time-out', async () => {
  const timeout = 2
  for (const launcher of launchers) {
    let last: Outcome | undefined
    // where it has ended before the blow, again
    while (!last || last.code === 0) {
      last = await run(launcher, temporaryFolder(), 'SIGSTOP', { timeout })
      if (last.code === 0) assert.is(last.after, 0, 'the training has ended without a rank')
    }
    const { after, complained, victim } = last
    // one that the machine leaves no time for is named with it
    const named = new RegExp(`MPI_I\\w+: no answer from ranks? [^:]*\\b${victim}\\b[^:]* within ${timeout} s`)
    assert.match(complained, named, complained)
    assert.ok(after < 2 * timeout * 1000 + PATIENCE, `ended after ${after} ms`)
  }
})

test('a rank that fails by an error of its own ends the others', async () => {
  for (const launcher of launchers) {
    const started = performance.now()
    const { code, complained } = await runRanks(launcher, RANKS, 'fail')
    assert.is.not(code, 0)
    assert.match(complained, /rank 1 has had enough/)
    assert.ok(performance.now() - started < 2 * PATIENCE)
  }
})

test.run()
