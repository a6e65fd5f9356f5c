/** The inputs of a network for a point: its coordinates, and functions of them. */
import { FEATURES, type FeatureName } from '../settings.ts'

/** Points are in [-6, 6]; features are scaled to about [-2, 2], where networks learn best. */
const functions: Readonly<Record<FeatureName, (x: number, y: number) => number>> = {
  x: (x) => x / 3,
  y: (_, y) => y / 3,
  'x²': (x) => (x * x) / 18 - 0.5,
  'y²': (_, y) => (y * y) / 18 - 0.5,
  xy: (x, y) => (x * y) / 12,
  'sin x': (x) => Math.sin(x),
  'sin y': (_, y) => Math.sin(y),
}

/** [points, names.length] from pairs of coordinates. */
export function featuresOf(at: Float32Array, names: readonly FeatureName[]): Float32Array {
  const used = FEATURES.filter((name) => names.includes(name)).map((name) => functions[name])
  const count = at.length / 2
  const made = new Float32Array(count * used.length)
  for (let i = 0; i < count; i++) {
    for (let f = 0; f < used.length; f++) made[i * used.length + f] = used[f](at[2 * i], at[2 * i + 1])
  }
  return made
}
