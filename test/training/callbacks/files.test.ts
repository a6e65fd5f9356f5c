import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { csvLogger, modelCheckpoint, tensorBoard } from '../../../src/training/callbacks/callbacks.ts'
import { readEvents } from '../../support/events.ts'
import { rejects } from '../../support/refuses.ts'
import { losses, Training } from '../../support/training.ts'

const test = suite<{ folder: string }>('callbacks: files')

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'fourlane-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true }))

test('csvLogger writes a line per epoch', async ({ folder }) => {
  const path = join(folder, 'log.csv')
  writeFileSync(path, 'old')
  await new Training().run(csvLogger({ path }), [
    { loss: 0.5, accuracy: 1 / 3 },
    { loss: 1e-10, accuracy: 1 },
  ])
  assert.is(readFileSync(path, 'utf8'), 'epoch,loss,accuracy\n0,0.5,0.3333333333333333\n1,1e-10,1\n')
  await new Training().run(csvLogger({ path, append: true }), [{ accuracy: 0.5, auc: 1 }])
  assert.is(readFileSync(path, 'utf8'), 'epoch,loss,accuracy\n0,0.5,0.3333333333333333\n1,1e-10,1\n0,NA,0.5\n')
  const other = join(folder, 'other.csv')
  await new Training().run(csvLogger({ path: other, append: true, separator: ';' }), [{ loss: Number.NaN }])
  assert.is(readFileSync(other, 'utf8'), 'epoch;loss\n0;NaN\n')
  writeFileSync(other, 'epoch;loss\n0;1')
  await new Training().run(csvLogger({ path: other, append: true, separator: ';' }), [{ loss: 2 }])
  assert.is(readFileSync(other, 'utf8'), 'epoch;loss\n0;1\n0;2\n')
})

test('csvLogger fails before training when its file cannot be written', async ({ folder }) => {
  const training = new Training()
  let epochs = 0
  await rejects(
    () => training.run(csvLogger({ path: join(folder, 'missing', 'log.csv') }), [{ loss: 1 }], () => epochs++),
    Error,
    /ENOENT/,
  )
  assert.is(epochs, 0)
})

test('tensorBoard writes a run for training and one for validation', async ({ folder }) => {
  const logDir = join(folder, 'deep', 'logs')
  const logs = [
    { loss: 0.5, val_loss: 0.75 },
    { loss: 0.25, val_loss: 0.5 },
  ]
  const callback = tensorBoard({ logDir })
  await new Training().run(callback, logs)
  const read = (run: string) => {
    const names = readdirSync(join(logDir, run))
    assert.is(names.length, 1)
    assert.match(names[0], /^events\.out\.tfevents\.\d{10}\.fourlane\.[0-9a-f]{6}$/)
    return readEvents(readFileSync(join(logDir, run, names[0])))
  }
  for (const run of ['train', 'validation']) {
    const [version, ...rest] = read(run)
    assert.is(version.fileVersion, 'brain.Event:2')
    const rate = run === 'train' ? [['epoch_learning_rate', Math.fround(0.1)]] : []
    const expected = logs.map(({ loss, val_loss }, step) => ({
      step,
      scalars: [['epoch_loss', run === 'train' ? loss : val_loss], ...rate],
    }))
    assert.equal(
      rest.map(({ step, scalars }) => ({ step, scalars })),
      expected,
    )
    for (const { wallTime } of rest) assert.ok(Math.abs(wallTime - Date.now() / 1000) < 60)
  }
  await new Training().run(callback, [{ loss: 1 }])
  assert.is(readdirSync(join(logDir, 'train')).length, 2)
  assert.is(readdirSync(join(logDir, 'validation')).length, 1)
})

test('modelCheckpoint: every epoch, or the best', async () => {
  const every = new Training()
  await every.run(modelCheckpoint({ path: 'run/{epoch:03d}-{val_loss:.2f}-{loss}.safetensors' }), losses(3, 1.005, 2))
  assert.equal(every.saved, [
    ['run/001-3.00-1.0000.safetensors', { includeOptimizer: false }, 0],
    ['run/002-1.00-1.0000.safetensors', { includeOptimizer: false }, 1],
    ['run/003-2.00-1.0000.safetensors', { includeOptimizer: false }, 2],
  ])
  const best = new Training()
  await best.run(modelCheckpoint({ path: 'best', saveBestOnly: true, includeOptimizer: true }), losses(3, 3, 1, 2, 0.5))
  assert.equal(
    best.saved.map(([path, , epoch]) => [path, epoch]),
    [
      ['best', 0],
      ['best', 2],
      ['best', 4],
    ],
  )
  assert.equal(best.saved[0][1], { includeOptimizer: true })
})

test.run()
