/** Ranks that speak TCP over a network of their own, slowed down where the kernel can: `npm run test:mpi -- network`. */
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { launchers, type Network, runRanks, within } from '../support/ranks.ts'

/** Why the command does not run; undefined: it does. */
function refusal(network: Network): string | undefined {
  const [command, args] = within(network)
  const { status, stderr, error } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr).trim()
}

const DELAY = 2
const fast: Network = {}
/** From one network to another. */
const cable: Network = { cable: true }
/** Every message takes so many milliseconds more, or a hundredth of the bandwidth is left. */
const slow: readonly (Network & { queue: string })[] = [
  { queue: `netem delay ${DELAY}ms` },
  { queue: 'tbf rate 100mbit burst 128kb latency 1s' },
]
const names = ['unequal rows', 'synchronized', 'wide']

const bitsOf = (said: readonly Record<string, unknown>[]) =>
  said.map(({ results }) => names.map((name) => (results as Record<string, { bits: string }>)[name].bits))

const closed = refusal(fast)
if (closed) console.log(`no networks of our own here, the tests are left out: ${closed}`)

for (const launcher of closed ? [] : launchers) {
  test(`ranks of ${launcher} train over TCP to the bits of shared memory, on slow networks too`, async () => {
    const near = await runRanks(launcher, 2, 'train', { names, deterministic: true })
    assert.is(near.code, 0, near.complained)
    for (const network of [fast, cable, ...slow, ...slow.map((network) => ({ ...network, cable: true }))]) {
      const refused = refusal(network)
      if (refused) {
        console.log(`left out: ${JSON.stringify(network)}: ${refused}`)
        continue
      }
      // over a cable as one would between machines
      const options = { names, deterministic: true, overlap: network.cable === true }
      const far = await runRanks(launcher, 2, 'train', options, undefined, network)
      assert.is(far.code, 0, far.complained)
      assert.equal(bitsOf(far.said), bitsOf(near.said))
    }
  })

  test(`ranks of ${launcher} wait for a network that takes its time`, async () => {
    const [delayed] = slow
    const refused = refusal(delayed)
    if (refused) {
      console.log(`left out: ${delayed.queue}: ${refused}`)
      return
    }
    const { code, said, complained } = await runRanks(launcher, 2, 'pace', {}, undefined, delayed)
    assert.is(code, 0, complained)
    for (const { milliseconds } of said) assert.ok(Number(milliseconds) > DELAY, `a barrier of ${milliseconds} ms`)
  })
}

test.run()
