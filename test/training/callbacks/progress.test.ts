import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { progressBar } from '../../../src/training/callbacks/callbacks.ts'
import { epochLine, formatCount, formatDuration, progressLine } from '../../../src/training/callbacks/progress.ts'
import { Training } from '../../support/training.ts'

/** A terminal that keeps what is written. */
const screen = (interactive: boolean, columns = 80) => ({
  interactive,
  columns,
  text: '',
  write(text: string) {
    this.text += text
  },
})
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes begin with one
const CODES = /\x1b\[\d*[A-Za-z]/g

const midway = {
  epoch: 2,
  epochs: 15,
  batch: 30,
  batches: 60,
  rows: 960,
  logs: { loss: 0.23124, accuracy: 0.93, val_loss: 0.5 },
}

test('progressBar: the line keeps what matters within its width', () => {
  const wide = progressLine(midway, 2000, 130)
  assert.is(
    wide,
    `Epoch  3/15  ${'━'.repeat(15)}${'─'.repeat(15)}   50%  480 rows/s  ETA 2.0s  loss 0.2312  accuracy 0.9300  val_loss 0.5000`,
  )
  for (let columns = 0; columns <= 140; columns++) {
    const line = progressLine(midway, 2000, columns)
    assert.ok(line.length <= columns, `${columns} columns: ${line}`)
    assert.is(progressLine(midway, 2000, columns, true).replaceAll(CODES, '').replaceAll('╺', '━').length, line.length)
  }
  assert.is(progressLine(midway, 2000, 40), 'Epoch  3/15   50%  ETA 2.0s  loss 0.2312')
  assert.is(
    progressLine({ ...midway, batches: Number.NaN }, 2000, 60),
    'Epoch  3/15  batch 30  loss 0.2312  accuracy 0.9300',
  )
  for (let batch = 0; batch <= 60; batch++) {
    const cells = progressLine({ ...midway, batch, logs: {} }, 2000, 80).match(/[━╸─]+/)?.[0] ?? ''
    assert.is(cells.length, 30)
    assert.is(cells.split('━').length - 1, Math.floor(batch / 2))
    assert.is(cells.includes('╸'), batch % 2 === 1)
  }
})

test('progressBar: redraws one line on a terminal, plain lines elsewhere', () => {
  for (const interactive of [true, false]) {
    const output = screen(interactive)
    const bar = progressBar({ output })
    const training = new Training()
    training.epochs = 2
    bar.onEpochBegin?.(0, training)
    bar.onProgress?.({ ...midway, epoch: 0, epochs: 2 }, training)
    bar.onEpochEnd?.(0, { loss: 0.5 }, training)
    bar.onEpochBegin?.(1, training)
    bar.onEpochEnd?.(1, { loss: 0.25, val_loss: 12345.678 }, training)
    training.stop('enough')
    bar.onTrainEnd?.(training)
    const lines = output.text.replaceAll(CODES, '').split('\n')
    const finished = lines.map((line) => line.slice(line.lastIndexOf('\r') + 1))
    assert.match(finished[0], /^Epoch 1\/2 {2} +\S+ms +\S+ rows\/s {2}loss 0\.5000$/)
    assert.match(finished[1], /^Epoch 2\/2 {2} +\S+ms +\S+ rows\/s {2}loss 0\.2500 {2}val_loss 12345\.6780$/)
    assert.is(finished[2], 'Stopped: enough')
    assert.is(output.text.includes('\r'), interactive)
    assert.is(output.text.includes('\x1b['), interactive)
  }
})

test('progressBar: numbers as people read them', () => {
  assert.equal([0, 950, 999.6, 41_234, 999_949, 999_960, 8_100_000, 2e9].map(formatCount), [
    '0',
    '950',
    '1.0k',
    '41.2k',
    '999.9k',
    '1.0M',
    '8.1M',
    '2.0G',
  ])
  assert.equal([0.4, 32, 999.7, 4_230, 59_960, 64_000, 3_599_700, 7_380_000].map(formatDuration), [
    '0ms',
    '32ms',
    '1.0s',
    '4.2s',
    '1m 00s',
    '1m 04s',
    '1h 00m',
    '2h 03m',
  ])
  assert.is(
    epochLine(9, 10, 1_000, 500, { loss: 1e-5, mape: 3e6, auc: 0, bad: Number.NaN }),
    'Epoch 10/10   500ms    2.0k rows/s  loss 1.000e-5  mape 3.000e+6  auc 0.0000  bad NaN',
  )
})

test.run()
