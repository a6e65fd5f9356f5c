// How an extension takes over for a step: it gets a thread's counters from the module that calls it, and gives them back.
import { setShares, setThreads, shares } from './threads'

/** `Turn.begin(count, taken); one step; return Turn.end()` */
export class Turn {
  /** `count`: threads running the list; `taken`: steps shared out so far. */
  @inline static begin(count: i32, taken: i64): void {
    setThreads(count)
    setShares(taken)
  }

  /** Steps shared out since. */
  @inline static end(): i64 {
    return shares
  }
}
