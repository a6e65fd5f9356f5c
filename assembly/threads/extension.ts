// Handover of a step to an extension: it receives the calling module's thread counters, and returns them.
import { setShares, setThreads, shares } from './threads'

/** `Turn.begin(count, taken); one step; return Turn.end()` */
export class Turn {
  /** `count`: number of threads; `taken`: shared steps so far. */
  @inline static begin(count: i32, taken: i64): void {
    setThreads(count)
    setShares(taken)
  }

  /** Shared steps so far. */
  @inline static end(): i64 {
    return shares
  }
}
