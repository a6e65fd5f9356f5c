import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { modelFromBytes } from '../../../src/entries/public.ts'
import { type Callback, csvLogger, modelCheckpoint, tensorBoard } from '../../../src/training/callbacks/callbacks.ts'
import { readEvents } from '../../support/events.ts'
import { rejects } from '../../support/refuses.ts'
import { classifier, labels, wave } from '../../support/samples.ts'
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

test('csvLogger creates missing folders', async ({ folder }) => {
  for (const append of [false, true]) {
    const path = join(folder, `deep ${append}`, 'er', 'log.csv')
    await new Training().run(csvLogger({ path, append }), [{ loss: 1 }])
    assert.is(readFileSync(path, 'utf8'), 'epoch,loss\n0,1\n')
  }
})

test('csvLogger keeps the mode of its file, and goes through links', async ({ folder }) => {
  const [path, link] = [join(folder, 'log.csv'), join(folder, 'link.csv')]
  writeFileSync(path, 'epoch,loss\n0,1\n', { mode: 0o600 })
  symlinkSync('log.csv', link)
  const { ino } = statSync(path)
  await new Training().run(csvLogger({ path: link, append: true }), [{ loss: 2 }])
  assert.is(readFileSync(path, 'utf8'), 'epoch,loss\n0,1\n0,2\n')
  // other programs may have it open
  assert.is(statSync(path).ino, ino)
  await new Training().run(csvLogger({ path: link }), [{ loss: 3 }])
  assert.is(readFileSync(path, 'utf8'), 'epoch,loss\n0,3\n')
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.equal(readdirSync(folder).sort(), ['link.csv', 'log.csv'])
})

test('csvLogger fails before training when its file cannot be written', async ({ folder }) => {
  writeFileSync(join(folder, 'file'), '')
  for (const [path, says] of [
    [folder, /EISDIR/],
    [join(folder, 'file', 'log.csv'), /EEXIST|ENOTDIR/],
  ] as const) {
    for (const append of [false, true]) {
      let epochs = 0
      const training = () => new Training().run(csvLogger({ path, append }), [{ loss: 1 }], () => epochs++)
      await rejects(training, Error, says)
      assert.is(epochs, 0)
    }
  }
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

test('modelCheckpoint: every epoch, or the best; missing folders are created', async ({ folder }) => {
  const every = new Training()
  const path = join(folder, 'deep', '{epoch:03d}-{val_loss:.2f}-{loss}.safetensors')
  await every.run(modelCheckpoint({ path }), losses(3, 1.005, 2))
  assert.equal(every.saved, [
    [join(folder, 'deep', '001-3.00-1.0000.safetensors'), { includeOptimizer: false }, 0],
    [join(folder, 'deep', '002-1.00-1.0000.safetensors'), { includeOptimizer: false }, 1],
    [join(folder, 'deep', '003-2.00-1.0000.safetensors'), { includeOptimizer: false }, 2],
  ])
  assert.equal(readdirSync(folder), ['deep'])
  const best = new Training()
  await best.run(
    modelCheckpoint({ path: join(folder, 'best'), saveBestOnly: true, includeOptimizer: true }),
    losses(3, 3, 1, 2, 0.5),
  )
  assert.equal(
    best.saved.map(([, , epoch]) => epoch),
    [0, 2, 4],
  )
  assert.equal(best.saved[1][1], { includeOptimizer: true, score: { monitor: 'val_loss', value: 1 } })
})

test('modelCheckpoint with saveBestOnly: what must be beaten is given, or kept from fit to fit', async ({ folder }) => {
  const path = join(folder, 'best')
  const training = new Training()
  const callback = modelCheckpoint({ path, saveBestOnly: true, initialValueThreshold: 2 })
  const epochs = () => training.saved.splice(0).map(([, , epoch]) => epoch)
  await training.run(callback, losses(3, 2, 1.5))
  assert.equal(epochs(), [2])
  await training.run(callback, losses(1.6, 1.4))
  assert.equal(epochs(), [1])
  const accuracy = modelCheckpoint({
    path,
    monitor: 'accuracy',
    saveBestOnly: true,
    initialValueThreshold: 0.5,
  })
  await training.run(accuracy, [{ accuracy: 0.4 }, { accuracy: 0.6 }])
  assert.equal(epochs(), [1])
})

test('modelCheckpoint with saveBestOnly: a resumed fit does not overwrite a better file', async ({ folder }) => {
  const path = join(folder, 'best.safetensors')
  const model = classifier()
  const [x, y] = [wave(4 * 8), labels(8)]
  // the loss of the epochs to come is what this says
  let val_loss = 1
  const fit = async (initialEpoch: number, epochs: number, monitor = 'val_loss') => {
    const before = existsSync(path) ? readFileSync(path) : undefined
    const checkpoint = modelCheckpoint({ path, monitor, saveBestOnly: true })
    const told: Callback = {
      onTrainBegin: (context) => checkpoint.onTrainBegin?.(context),
      onEpochBegin: (epoch, context) => checkpoint.onEpochBegin?.(epoch, context),
      onEpochEnd: (epoch, logs, context) => checkpoint.onEpochEnd?.(epoch, { ...logs, val_loss }, context),
    }
    await model.fit(x, y, { initialEpoch, epochs, callbacks: [told] })
    return before === undefined || !before.equals(readFileSync(path))
  }
  assert.is(await fit(0, 1), true)
  val_loss = 1.5
  assert.is(await fit(1, 2), false, 'a worse model took the place of a better one')
  val_loss = 0.5
  assert.is(await fit(2, 3), true)
  // another metric, or a training from the start: nothing there to compare with
  assert.is(await fit(3, 4, 'loss'), true)
  val_loss = 9
  assert.is(await fit(0, 1), true)
  assert.equal(modelFromBytes(readFileSync(path)).getWeights(), model.getWeights())
  writeFileSync(path, 'no model')
  assert.is(await fit(1, 2), true)
})

test.run()
