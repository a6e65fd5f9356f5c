/** What a training reported, epoch by epoch. */
import { show } from '../lib/check.ts'
import type { Logs } from './callbacks/callbacks.ts'

/** What `fit` returns: one entry per epoch under each key (`loss`, `accuracy`, `val_loss`, ...). */
export interface History {
  readonly epoch: number[]
  readonly metrics: Record<string, number[]>
}

/** What a metric is called where it is of validation rows. */
export const validationName = (name: string): string => `val_${name}`

/** The names of what will be reported, without epochs. */
export function emptyHistory(names: readonly string[], validated: boolean): History {
  const all = [...names, ...(validated ? names.map(validationName) : [])]
  return { epoch: [], metrics: Object.fromEntries(all.map((name) => [name, []])) }
}

/** An epoch's entry under every name, NaN where it has none: callbacks may add metrics to the logs, in any epoch. */
export function record({ epoch: epochs, metrics }: History, epoch: number, logs: Logs): void {
  for (const [name, value] of Object.entries(logs)) {
    if (typeof value !== 'number') {
      throw new TypeError(`fit: a callback put ${show(value)} into the logs as ${show(name)}; metrics are numbers`)
    }
    metrics[name] ??= Array<number>(epochs.length).fill(Number.NaN)
  }
  epochs.push(epoch)
  for (const [name, values] of Object.entries(metrics)) values.push(logs[name] ?? Number.NaN)
}
