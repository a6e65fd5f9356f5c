/** Work on what arrives piece by piece, between which the event loop gets its turn. */
import { yieldToEventLoop } from '#runtime'

/** Pieces follow each other for about this long. */
const TURN_MILLISECONDS = 10

/** The pieces, with a turn of the event loop when it has come. A source that is left early is closed. */
export async function* paced<T>(pieces: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  let last = performance.now()
  for await (const piece of pieces) {
    yield piece
    if (performance.now() - last < TURN_MILLISECONDS) continue
    await yieldToEventLoop()
    last = performance.now()
  }
}
