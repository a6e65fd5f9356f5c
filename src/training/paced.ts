/** Iterates over a stream, yielding to the event loop. */
import { yieldToEventLoop } from '#runtime'

/** Maximum time between yields. */
const TURN_MILLISECONDS = 10

/** The items, with yields to the event loop when it is time. Closes the source if iteration stops early. */
export async function* paced<T>(pieces: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  let last = performance.now()
  for await (const piece of pieces) {
    yield piece
    if (performance.now() - last < TURN_MILLISECONDS) continue
    await yieldToEventLoop()
    last = performance.now()
  }
}
