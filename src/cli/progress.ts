/** Training progress on standard error: one redrawn line on a terminal, otherwise one line per epoch. */
import type { Callback, Progress } from '../entries/core.ts'
import { progressBar } from '../entries/core.ts'
import { progressLine } from '../training/callbacks/progress.ts'
import type { Io } from './command.ts'

const CLEAR = '\r\x1b[2K'
/** Minimum milliseconds between redraws. */
const PAUSE = 50

export function showProgress({ interactive, columns, note }: Io): Callback {
  if (!interactive) return progressBar({ output: { interactive, columns, write: note } })
  const colour = !process.env.NO_COLOR
  let started = 0
  let rows = 0
  let drawn = 0
  let epochs = 1
  const draw = (progress: Progress) => {
    const now = performance.now()
    if (now - drawn < PAUSE) return
    drawn = now
    // the last column stays empty, since some terminals wrap after writing it
    note(`\r${progressLine(progress, now - started, columns - 1, colour)}\x1b[K`)
  }
  return {
    onTrainBegin(context) {
      started = performance.now()
      rows = 0
      epochs = context.epochs
    },
    onProgress({ epoch, batch, batches, rows: here, logs }) {
      const done = batches > 0 ? batch / batches : 0
      draw({ epoch, epochs, batch: epoch + done, batches: epochs, rows: rows + here, logs })
    },
    onEpochEnd(epoch, logs, context) {
      rows += context.rows
      draw({ epoch, epochs, batch: epoch + 1, batches: epochs, rows, logs })
    },
    onTrainEnd({ stopReason }) {
      note(`${CLEAR}${stopReason === undefined ? '' : `Stopped: ${stopReason}\n`}`)
    },
  }
}
