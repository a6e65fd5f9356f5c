/** Random numbers for data; models have their own, from their seeds. */

/** Numbers from 0 to 1, without 1: mulberry32, good enough for labels and starting points. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The labels, a share of them redrawn from all classes, which leaves some of these unchanged. */
export function corrupted(labels: Int32Array, share: number, classes: number, seed: number): Int32Array {
  const random = uniform(seed)
  return labels.map((label) => (random() < share ? Math.floor(random() * classes) : label))
}
