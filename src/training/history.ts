/** The metrics of a training, epoch by epoch. */
import { show } from '../lib/check.ts'
import type { Logs } from './callbacks/callbacks.ts'

/** The result of `fit`: one entry per epoch under each key (`loss`, `accuracy`, `val_loss`, ...). */
export interface History {
  readonly epoch: number[]
  readonly metrics: Record<string, number[]>
}

/** The name of a metric on validation rows. */
export const validationName = (name: string): string => `val_${name}`

/** An empty history with these metrics. */
export function emptyHistory(names: readonly string[], validated: boolean): History {
  const all = [...names, ...(validated ? names.map(validationName) : [])]
  return { epoch: [], metrics: Object.fromEntries(all.map((name) => [name, []])) }
}

/** Appends an epoch's entry under every name, NaN if missing; callbacks may add metrics in any epoch. */
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
