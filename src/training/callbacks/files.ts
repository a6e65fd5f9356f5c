/** Callbacks that write files. */
import { appendBytes, readBytes, writeBytes } from '#runtime'
import { encodeScalars, encodeVersion } from '../../formats/tensorboard.ts'
import { checkBoolean, readOptions, show } from '../../lib/check.ts'
import type { Callback, Logs } from './callback.ts'
import { Monitor, type MonitorMode } from './monitor.ts'

function checkPath(where: string, name: string, path: unknown): string {
  if (typeof path !== 'string' || path === '')
    throw new TypeError(`${where}: "${name}" must be a path, got ${show(path)}`)
  return path
}

export interface ModelCheckpointOptions {
  path: string
  monitor?: string
  mode?: MonitorMode
  saveBestOnly?: boolean
  includeOptimizer?: boolean
}

export const MODEL_CHECKPOINT = {
  path: undefined,
  monitor: 'val_loss',
  mode: 'auto',
  saveBestOnly: false,
  includeOptimizer: false,
} as const

const FIELD = /\{(\w+)(?::(?:0(\d+)d|\.(\d+)f))?\}/g

/** `{epoch}` from 1, `{val_loss}` with 4 decimals; `{epoch:03d}` and `{val_loss:.2f}` as in Keras. */
function fillPath(path: string, epoch: number, logs: Logs): string {
  return path.replace(FIELD, (_, name: string, digits?: string, decimals?: string) => {
    if (name === 'epoch') return `${epoch + 1}`.padStart(Number(digits ?? 0), '0')
    const value = logs[name]
    if (value !== undefined) return value.toFixed(Number(decimals ?? 4))
    throw new RangeError(
      `modelCheckpoint: "path" names {${name}}, but there is no such metric; available: epoch, ${Object.keys(logs).join(', ')}`,
    )
  })
}

/**
 * Saves the model at every epoch's end, or with saveBestOnly only when the monitored metric improved. Keras' ModelCheckpoint.
 * Defaults: monitor 'val_loss', mode 'auto', saveBestOnly false, includeOptimizer false. The path may hold `{epoch}` (from 1)
 * and metrics such as `{val_loss}`, with formats `{epoch:03d}` and `{val_loss:.2f}`; otherwise one file is overwritten.
 * @throws TypeError or RangeError for bad options; at an epoch's end when a metric does not exist.
 */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const where = 'modelCheckpoint'
  const { monitor: name, mode, saveBestOnly, includeOptimizer, ...rest } = readOptions(where, options, MODEL_CHECKPOINT)
  const path = checkPath(where, 'path', rest.path)
  const monitor = new Monitor(where, name, mode, 0)
  checkBoolean(where, 'saveBestOnly', saveBestOnly)
  checkBoolean(where, 'includeOptimizer', includeOptimizer)
  return {
    onTrainBegin() {
      monitor.reset()
    },
    async onEpochEnd(epoch, logs, { model }) {
      if (saveBestOnly) {
        const value = monitor.read(logs)
        if (!monitor.isBetter(value)) return
        monitor.best = value
      }
      await model.save(fillPath(path, epoch, logs), { includeOptimizer })
    },
  }
}

export interface CsvLoggerOptions {
  path: string
  separator?: string
  append?: boolean
}

export const CSV_LOGGER = { path: undefined, separator: ',', append: false } as const

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A file's text, empty when there is none. */
async function readExisting(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readBytes(path))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/**
 * Writes a table of the metrics, one line per epoch (from 0). Keras' CSVLogger. Defaults: separator ',', append false: an
 * existing file is replaced. Appending keeps the columns of the file there is; what an epoch lacks is NA.
 * @throws TypeError or RangeError for bad options.
 */
export function csvLogger(options: CsvLoggerOptions): Callback {
  const where = 'csvLogger'
  const { separator, append, ...rest } = readOptions(where, options, CSV_LOGGER)
  const path = checkPath(where, 'path', rest.path)
  if (typeof separator !== 'string' || separator.length !== 1 || '"\r\n'.includes(separator)) {
    throw new RangeError(
      `${where}: "separator" must be one character, not a quote or a line break, got ${show(separator)}`,
    )
  }
  checkBoolean(where, 'append', append)
  let columns: string[] | undefined

  return {
    async onTrainBegin() {
      columns = undefined
      const existing = append ? await readExisting(path) : ''
      // now, so that a path that cannot be written is known before training
      await writeBytes(path, utf8(existing === '' || existing.endsWith('\n') ? existing : `${existing}\n`))
      const [header] = existing.split(/\r?\n/, 1)
      if (header) columns = header.split(separator).slice(1)
    },
    async onEpochEnd(epoch, logs) {
      if (!columns) {
        columns = Object.keys(logs)
        await appendBytes(path, utf8(`${['epoch', ...columns].join(separator)}\n`))
      }
      const cells = columns.map((name) => logs[name] ?? 'NA')
      await appendBytes(path, utf8(`${[epoch, ...cells].join(separator)}\n`))
    },
  }
}

export interface TensorBoardOptions {
  logDir?: string
}

export const TENSOR_BOARD = { logDir: 'logs' } as const

/**
 * Writes event files for TensorBoard: `epoch_NAME` of every metric, those of validation in a run of their own, and
 * `epoch_learning_rate`. Keras' TensorBoard. Default: logDir 'logs'; runs are its folders `train` and `validation`.
 * @throws TypeError for bad options.
 */
export function tensorBoard(options: TensorBoardOptions = {}): Callback {
  const logDir = checkPath('tensorBoard', 'logDir', readOptions('tensorBoard', options, TENSOR_BOARD).logDir)
  let name = ''
  let opened = new Set<string>()

  const write = async (run: string, step: number, scalars: [tag: string, value: number][]) => {
    if (scalars.length === 0) return
    const path = `${logDir}/${run}/${name}`
    const now = Date.now() / 1000
    if (!opened.has(run)) await appendBytes(path, encodeVersion(now))
    opened.add(run)
    await appendBytes(path, encodeScalars(now, step, scalars))
  }
  return {
    onTrainBegin() {
      // TensorBoard reads a run's files in the order of their names
      const unique = Math.floor(Math.random() * 2 ** 24)
        .toString(16)
        .padStart(6, '0')
      name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.fourlane.${unique}`
      opened = new Set()
    },
    async onEpochEnd(epoch, logs, { learningRate }) {
      const entries = Object.entries(logs)
      const validation = entries.filter(([key]) => key.startsWith('val_'))
      const training = entries.filter(([key]) => !key.startsWith('val_'))
      await write('train', epoch, [
        ...training.map(([key, value]): [string, number] => [`epoch_${key}`, value]),
        ['epoch_learning_rate', learningRate],
      ])
      await write(
        'validation',
        epoch,
        validation.map(([key, value]) => [`epoch_${key.slice(4)}`, value]),
      )
    },
  }
}
