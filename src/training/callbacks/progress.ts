/** The progress bar: one redrawn line on a terminal, one plain line per epoch elsewhere. */
import { environment, terminal } from '#runtime'
import { checkOptions } from '../../lib/check.ts'
import type { Callback, Logs, Progress } from './callback.ts'
import { formatMetric } from './monitor.ts'

/** Where a progress bar is drawn. */
export interface ProgressOutput {
  /** Whether a line can be redrawn. */
  readonly interactive: boolean
  readonly columns: number
  write(text: string): void
}

const GAP = '  '
const MIN_BAR = 10
const MAX_BAR = 30
/** Moves to the start of the line and erases it. */
const CLEAR = '\r\x1b[2K'

interface Style {
  done(text: string): string
  rest(text: string): string
  quiet(text: string): string
}
const PLAIN: Style = { done: String, rest: (text) => text.replaceAll('━', '─').replaceAll('╺', '─'), quiet: String }
const COLOURED: Style = {
  done: (text) => `\x1b[36m${text}\x1b[39m`,
  rest: (text) => `\x1b[90m${text}\x1b[39m`,
  quiet: (text) => `\x1b[90m${text}\x1b[39m`,
}

/** 950, 41.2k, 8.1M */
export function formatCount(value: number): string {
  if (value < 999.5) return value.toFixed(0)
  if (value < 999_950) return `${(value / 1e3).toFixed(1)}k`
  if (value < 999_950_000) return `${(value / 1e6).toFixed(1)}M`
  return `${(value / 1e9).toFixed(1)}G`
}

/** 32ms, 4.2s, 1m 04s, 2h 03m */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}ms`
  const seconds = milliseconds / 1000
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`
  const two = (value: number) => `${value}`.padStart(2, '0')
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
}

/** A bar of `width` cells, with half-cell resolution. */
function bar(fraction: number, width: number, style: Style): string {
  const halves = Math.min(2 * width, Math.max(0, Math.round(fraction * 2 * width)))
  const whole = Math.floor(halves / 2)
  const half = halves % 2
  const left = width - whole - half
  return (
    style.done('━'.repeat(whole) + (half ? '╸' : '')) +
    style.rest(!half && whole && left ? `╺${'━'.repeat(left - 1)}` : '━'.repeat(left))
  )
}

const epochLabel = (epoch: number, epochs: number) => `Epoch ${`${epoch + 1}`.padStart(`${epochs}`.length)}/${epochs}`
const metricTexts = (logs: Logs) => Object.entries(logs).map(([name, value]) => [name, formatMetric(value)] as const)

/** The line of a running epoch, at most `columns` wide: less important parts are dropped, and the bar takes the remaining space. */
export function progressLine(progress: Progress, milliseconds: number, columns: number, colour = false): string {
  const style = colour ? COLOURED : PLAIN
  const { epoch, epochs, batch, batches, rows, logs } = progress
  const known = batches > 0
  const fraction = known ? batch / batches : 0
  const rate = milliseconds > 0 ? (rows * 1000) / milliseconds : 0
  const remaining = fraction > 0 ? milliseconds / fraction - milliseconds : 0

  const label = epochLabel(epoch, epochs).slice(0, Math.max(0, columns))
  const percent = known ? `${Math.floor(fraction * 100)}%`.padStart(4) : `batch ${batch}`
  let room = columns - label.length
  const fits = (width: number) => {
    const wanted = width + GAP.length
    if (width === 0 || wanted > room) return false
    room -= wanted
    return true
  }
  // selected by importance, assembled in reading order
  const metrics = metricTexts(logs)
  const shown = new Set<string>()
  const widthOf = ([name, value]: readonly [string, string]) => name.length + 1 + value.length
  const hasPercent = fits(percent.length)
  if (metrics.length && fits(widthOf(metrics[0]))) shown.add(metrics[0][0])
  const hasBar = known && fits(MIN_BAR)
  const eta = known && fraction > 0 ? `ETA ${formatDuration(remaining)}` : ''
  const hasEta = fits(eta.length)
  for (const metric of metrics.slice(1)) if (fits(widthOf(metric))) shown.add(metric[0])
  const speed = rate > 0 ? `${formatCount(rate)} rows/s` : ''
  const hasSpeed = fits(speed.length)

  const parts = [label]
  if (hasBar) parts.push(bar(fraction, Math.min(MAX_BAR, MIN_BAR + room), style))
  if (hasPercent) parts.push(percent)
  if (hasSpeed) parts.push(style.quiet(speed))
  if (hasEta) parts.push(style.quiet(eta))
  for (const [name, value] of metrics) if (shown.has(name)) parts.push(`${style.quiet(name)} ${value}`)
  return parts.join(GAP)
}

/** The line of a finished epoch. */
export function epochLine(
  epoch: number,
  epochs: number,
  rows: number,
  milliseconds: number,
  logs: Logs,
  colour = false,
): string {
  const style = colour ? COLOURED : PLAIN
  const parts = [epochLabel(epoch, epochs), style.quiet(formatDuration(milliseconds).padStart(6))]
  if (rows > 0 && milliseconds > 0)
    parts.push(style.quiet(`${formatCount((rows * 1000) / milliseconds)} rows/s`.padStart(13)))
  for (const [name, value] of metricTexts(logs)) parts.push(`${style.quiet(name)} ${value}`)
  return parts.join(GAP)
}

/**
 * Shows training progress: on an interactive terminal one line with bar, rows per second, time left and metrics, redrawn at
 * most every 50 ms and replaced by the epoch's result; otherwise one plain line per epoch. NO_COLOR disables colours.
 * Default: `output` is standard output.
 */
export function progressBar(options: { output?: ProgressOutput } = {}): Callback {
  checkOptions('progressBar', options, ['output'])
  const { output = terminal } = options
  let epochs = 0
  let started = 0
  let trained = 0
  return {
    firstOnly: true,
    onEpochBegin(_epoch, context) {
      epochs = context.epochs
      started = performance.now()
      trained = 0
    },
    onProgress(progress) {
      const now = performance.now()
      trained = now
      if (!output.interactive) return
      // the last column stays empty, since some terminals wrap after writing it
      output.write(`\r${progressLine(progress, now - started, output.columns - 1, hasColour())}\x1b[K`)
    },
    onEpochEnd(epoch, logs, { rows }) {
      const { interactive } = output
      const line = epochLine(epoch, epochs, rows, performance.now() - started, logs, interactive && hasColour())
      output.write(`${interactive && trained ? CLEAR : ''}${line}\n`)
    },
    onTrainEnd({ stopReason }) {
      if (stopReason !== undefined) output.write(`Stopped: ${stopReason}\n`)
    },
  }
}

const hasColour = () => !environment('NO_COLOR')
