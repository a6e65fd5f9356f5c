/** Ranks train together: `npm run test:mpi`. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connect } from '../../src/entries/mpi.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Ending, launchers, runRanks } from '../support/ranks.ts'
import { bitsOf, fromBits, TRAININGS, trainAlone, trainJointly } from './trainings.ts'

interface Result {
  readonly bits: string
  readonly steps: number
  readonly history: { readonly metrics: Record<string, number[]> }
}

const all = Object.keys(TRAININGS)
/** Those that one process can do too. */
const alike = all.filter((name) => TRAININGS[name].alone !== false)
/** After 200 updates of Adam. */
const TOLERANCE = 1e-6

const resultsOf = ({ said }: Ending) => said.map(({ results }) => results as Record<string, Result>)

function endedWell({ code, complained, said }: Ending, size: number): void {
  assert.is(code, 0, complained)
  assert.is(said.length, size)
}

test('there is MPICH or Open MPI', () => {
  assert.ok(launchers.length > 0, 'install mpich or openmpi-bin')
})

test('a rank of one trains as a process without MPI, bit for bit', async () => {
  const few = ['adam', 'noise', 'penalties', 'accumulated', 'lbfgs']
  for (const launcher of launchers) {
    const ending = await runRanks(launcher, 1, 'train', { names: few })
    endedWell(ending, 1)
    const [results] = resultsOf(ending)
    for (const name of few) {
      const { model } = await trainJointly(name, await connect())
      assert.is(results[name].bits, bitsOf(model), name)
    }
  }
})

const known = new Map<number, Record<string, Result>>()

for (const launcher of launchers) {
  // more ranks than cores wait for one another most of the time
  for (const [size, names] of [
    [2, all],
    [4, ['unequal rows', 'noise', 'local steps']],
  ] as const) {
    test(`${size} ranks of ${launcher} are one mind, and the same bits with every MPI`, async () => {
      const ending = await runRanks(launcher, size, 'train', { names, deterministic: true })
      endedWell(ending, size)
      const ranks = resultsOf(ending)
      for (const name of names) {
        for (const rank of ranks) {
          assert.is(rank[name].bits, ranks[0][name].bits, `${name}: parameters`)
          assert.equal(rank[name].history, ranks[0][name].history, `${name}: metrics`)
        }
        const before = known.get(size)?.[name]
        if (before) assert.is(ranks[0][name].bits, before.bits, `${name}: another MPI`)
      }
      known.set(size, ranks[0])
    })
  }

  for (const [size, names] of [
    [2, alike.filter((name) => name.startsWith('synchronized'))],
    [3, alike],
  ] as const) {
    test(`${size} ranks of ${launcher} train as one process does on the batches they make up`, async () => {
      const ending = await runRanks(launcher, size, 'train', { names })
      endedWell(ending, size)
      const [results] = resultsOf(ending)
      for (const name of names) {
        const model = await trainAlone(name, size)
        const expected = model.getWeights()
        const got = fromBits(results[name].bits)
        assert.is(results[name].steps, model.engine.steps, `${name}: updates`)
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0)
        assert.ok(worst <= TOLERANCE, `${name}: off by ${worst}`)
      }
      if (names === alike) assert.is(results.adam.steps, 200)
    })
  }

  test(`ranks of ${launcher} update their shares, or add up layer by layer, to the bits of doing neither`, async () => {
    const names = alike.filter((name) => name !== 'lbfgs')
    const endings: Ending[] = []
    for (const more of [{}, { overlap: true }, { watched: true }]) {
      const ending = await runRanks(launcher, 2, 'train', { names, deterministic: true, ...more })
      endedWell(ending, 2)
      endings.push(ending)
    }
    const [shared, overlapping, neither] = endings.map((ending) => resultsOf(ending)[1])
    for (const name of names) {
      assert.is(shared[name].bits, neither[name].bits, `${name}: shares`)
      assert.is(overlapping[name].bits, neither[name].bits, `${name}: layer by layer`)
    }
  })

  test(`ranks of ${launcher} train a model in one way after another`, async () => {
    const [turns, same] = [
      await runRanks(launcher, 2, 'turns'),
      await runRanks(launcher, 2, 'turns', { watched: true }),
    ]
    for (const ending of [turns, same]) endedWell(ending, 2)
    for (const { bits } of turns.said) assert.is(bits, same.said[0].bits)
  })

  test(`a rank of ${launcher} does not pass its share of the gradients off as all`, async () => {
    const ending = await runRanks(launcher, 2, 'within')
    endedWell(ending, 2)
    const [first] = ending.said
    assert.is(new Set(first.gradients as string[]).size, 3, 'gradients of three epochs')
    for (const { within, gradients } of ending.said) {
      assert.ok((within as string[]).length > 0)
      for (const message of within as string[]) assert.match(message, /only its share of gradients and optimizer state/)
      assert.equal(gradients, first.gradients)
    }
  })

  test(`a trap in wasm is an error, not the end, under ${launcher}`, async () => {
    const ending = await runRanks(launcher, 2, 'trap')
    endedWell(ending, 2)
    for (const { outcome } of ending.said) assert.is(outcome, 'RuntimeError')
  })

  test(`a rank of ${launcher} that does otherwise is named`, async () => {
    const ending = await runRanks(launcher, 3, 'odd')
    endedWell(ending, 3)
    const { said } = ending
    for (const { rank, planted, touched, epochs, scaled, stopped, aborted } of said) {
      const messageOf = (outcome: unknown) => (outcome as { error?: string }).error ?? 'no error'
      assert.match(messageOf(planted), /after epoch 1, the parameters of rank 2 differ from those of ranks 0 and 1/)
      assert.match(messageOf(touched), /before update 7, the parameters of rank 2 differ from those of ranks 0 and 1/)
      assert.match(messageOf(epochs), /epochs of rank 2 differs from that of ranks 0 and 1: 4, not 3/)
      assert.match(messageOf(scaled), /after epoch 1, learningRateScale is 0.5 on rank 2, but 1 on ranks 0 and 1/)
      assert.match(messageOf(aborted), rank === 2 ? /^Error: left$/ : /the signal of rank 2 was aborted/)
      assert.equal(stopped, said[0].stopped)
      assert.is((stopped as { steps: number }).steps, 3, 'updates before the stop')
    }
  })

  test(`files are of the first rank of ${launcher}, metrics of all`, async () => {
    const folder = temporaryFolder()
    const ending = await runRanks(launcher, 3, 'whole', { folder })
    endedWell(ending, 3)
    for (const { names, files, logs, alone, outputs, outputsAlone } of ending.said) {
      assert.equal(names, ['loss', 'accuracy', 'auc', 'val_loss', 'val_accuracy', 'val_auc'])
      assert.equal(files, ['log-0.csv', 'model-0.safetensors'])
      assert.equal(outputs, outputsAlone)
      const [all, one] = [logs, alone] as Record<string, number>[]
      assert.equal(Object.keys(all), Object.keys(one))
      for (const [name, value] of Object.entries(one)) assert.ok(Math.abs(all[name] - value) < 1e-6, name)
    }
  })
}

test.run()
