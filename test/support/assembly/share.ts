// Not part of the machine: how steps are shared, by itself, so that tests can let threads take turns one claim at a time.
import { Grid } from '../../../assembly/threads/grid'
import { Share } from '../../../assembly/threads/share'
import { setThreads, stand } from '../../../assembly/threads/threads'

export { noteWaiting, setThreads } from '../../../assembly/threads/threads'

export function open(total: i32, thread: i32): void {
  Share.of(total, thread)
}

export function more(): bool {
  return Share.more()
}

export function begin(): i32 {
  return Share.begin
}

export function end(): i32 {
  return Share.end
}

export function done(): void {
  Share.done()
}

export function left(total: i32, thread: i32, threads: i32): bool {
  stand(threads)
  const found = Share.left(total, thread)
  setThreads(1)
  return found
}

export function openGrid(rows: i32, panels: i32, depth: i32, thread: i32): void {
  Grid.of(rows, panels, depth, thread)
}

export function moreGrid(): bool {
  return Grid.more()
}

export function row(): i32 {
  return Grid.row
}

export function rows(): i32 {
  return Grid.rows
}

export function beginGrid(): i32 {
  return Grid.begin
}

export function endGrid(): i32 {
  return Grid.end
}

/** Shares out `steps` steps of `total` units, one after the other without a barrier; counts how often each unit was given. */
export function hammer(steps: i32, total: i32, thread: i32, counts: usize): void {
  for (; steps > 0; steps--) {
    for (Share.of(total, thread); Share.more(); ) {
      for (let i = Share.begin; i < Share.end; i++) atomic.add<i32>(counts + ((<usize>i) << 2), 1)
    }
  }
}
