// Work split: every thread runs the same list and takes its share of each step's rows, panels or elements.

/** Threads running the list. */
export const threads: i32 = 1

export class Share {
  /** First of this thread's units out of `total`. */
  @inline static begin(total: i32, thread: i32): i32 {
    return threads == 1 ? 0 : <i32>((<i64>total * thread) / threads)
  }

  /** One past the last. */
  @inline static end(total: i32, thread: i32): i32 {
    return threads == 1 ? total : <i32>((<i64>total * (thread + 1)) / threads)
  }
}

/** Waits until all threads have finished the step; with one thread there is nothing to wait for. */
export function barrier(): void {}
