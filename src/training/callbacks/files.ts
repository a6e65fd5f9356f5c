/** Callbacks that write files. */
import { appendBytes, makeFolderOf, openFile, writePieces } from '#runtime'
import { readHeader } from '../../formats/safetensorsHeader.ts'
import { encodeScalars, encodeVersion } from '../../formats/tensorboard.ts'
import { checkBoolean, checkNumber, checkOptions, readOptions, show } from '../../lib/check.ts'
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
  initialValueThreshold?: number
  includeOptimizer?: boolean
}

export const MODEL_CHECKPOINT = {
  path: undefined,
  monitor: 'val_loss',
  mode: 'auto',
  saveBestOnly: false,
  initialValueThreshold: undefined,
  includeOptimizer: false,
} as const

const FIELD = /\{(\w+)(?::(?:0(\d+)d|\.(\d+)f))?\}/g

/** Fills in `{epoch}` from 1, `{val_loss}` with 4 decimals; `{epoch:03d}` and `{val_loss:.2f}` as in Keras. */
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

/** The score stored in a model file, if the file exists and has one for this metric. */
async function readScore(path: string, monitor: string): Promise<number | undefined> {
  try {
    const file = await openFile(path)
    try {
      const score: unknown = JSON.parse(readHeader(file).metadata.score)
      checkOptions('score', score, ['monitor', 'value'])
      const stored = score as { monitor?: unknown; value?: unknown }
      return stored.monitor === monitor ? checkNumber('score', 'value', stored.value) : undefined
    } finally {
      file.close()
    }
  } catch {
    return undefined
  }
}

/**
 * Saves the model at the end of every epoch, or with saveBestOnly only if the monitored metric has improved. Keras' ModelCheckpoint.
 * Defaults: monitor 'val_loss', mode 'auto', saveBestOnly false, no initialValueThreshold, includeOptimizer false. The path may
 * contain `{epoch}` (from 1) and metrics such as `{val_loss}`, with formats `{epoch:03d}` and `{val_loss:.2f}`; otherwise one file
 * is overwritten. Missing directories are created.
 * With saveBestOnly, the metric must be better than `initialValueThreshold`, if given, and than the best saved by this callback,
 * in earlier `fit` calls too. A `fit` with `initialEpoch` above 0 continues an earlier training: the metric must then also be better
 * than that of the existing file, if it was saved with the same `monitor`.
 * @throws TypeError or RangeError for bad options; at the end of an epoch if a metric does not exist.
 */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const where = 'modelCheckpoint'
  const { path: given, initialValueThreshold, ...rest } = readOptions(where, options, MODEL_CHECKPOINT)
  const { monitor: name, mode, saveBestOnly, includeOptimizer } = rest
  const path = checkPath(where, 'path', given)
  const monitor = new Monitor(where, name, mode, 0)
  checkBoolean(where, 'saveBestOnly', saveBestOnly)
  checkBoolean(where, 'includeOptimizer', includeOptimizer)
  if (initialValueThreshold !== undefined) {
    monitor.best = checkNumber(where, 'initialValueThreshold', initialValueThreshold)
  }
  let begun = false
  return {
    firstOnly: true,
    onTrainBegin() {
      begun = false
    },
    async onEpochBegin(epoch) {
      const resumed = !begun && epoch > 0
      begun = true
      if (!saveBestOnly || !resumed) return
      const stored = await readScore(path, name)
      if (stored !== undefined && monitor.isBetter(stored)) monitor.best = stored
    },
    async onEpochEnd(epoch, logs, context) {
      const { model } = context
      if (!saveBestOnly) {
        const file = fillPath(path, epoch, logs)
        await makeFolderOf(file)
        await model.save(file, { includeOptimizer })
        return
      }
      const value = monitor.read(logs, context)
      if (value === undefined || !monitor.isBetter(value)) return
      monitor.best = value
      const file = fillPath(path, epoch, logs)
      await makeFolderOf(file)
      await model.save(file, { includeOptimizer, score: { monitor: name, value } })
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

/** Bytes read to find a table's first line. */
const END = 2 ** 20

/** A file's first line, and whether its last line is terminated; undefined if the file is missing or empty. */
async function readTable(path: string): Promise<{ header: string; ended: boolean } | undefined> {
  let file: Awaited<ReturnType<typeof openFile>>
  try {
    file = await openFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (file.size === 0) return undefined
    const [header] = new TextDecoder().decode(file.read(0, Math.min(END, file.size))).split(/\r?\n/, 1)
    return { header, ended: file.read(file.size - 1, file.size)[0] === 0x0a }
  } finally {
    file.close()
  }
}

/**
 * Writes the metrics as a table, one line per epoch (from 0). Keras' CSVLogger. Defaults: separator ',', append false: an
 * existing file is replaced. Appending keeps the existing columns; missing metrics are NA. Missing directories are created.
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
    firstOnly: true,
    async onTrainBegin() {
      columns = undefined
      await makeFolderOf(path)
      const table = append ? await readTable(path) : undefined
      // fails before training if the path is not writable
      if (append) await appendBytes(path, utf8(table && !table.ended ? '\n' : ''))
      else await writePieces(path, [])
      if (table?.header) columns = table.header.split(separator).slice(1)
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
 * Writes TensorBoard event files: `epoch_NAME` for every metric, validation metrics in a separate run, and
 * `epoch_learning_rate`. Keras' TensorBoard. Default: logDir 'logs', with the runs `train` and `validation` in it.
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
    firstOnly: true,
    onTrainBegin() {
      // TensorBoard reads a run's files in alphabetical order
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
