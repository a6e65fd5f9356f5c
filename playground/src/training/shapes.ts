/** Synthetic data sets in the plane: classes 0 and 1, or values from -1 to 1. */
import type { DataName } from '../settings.ts'

export interface Points {
  readonly task: 'classes' | 'values'
  /** Pairs, from about -6 to 6. */
  readonly at: Float32Array
  readonly y: Float32Array
}

type Random = () => number

/** mulberry32: small, and the same on every machine. */
export function randomFrom(seed: number): Random {
  let state = (seed * 0x9e3779b9) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

type Place = (i: number, random: Random) => readonly [x: number, y: number, target: number]

const polar = (radius: number, angle: number): readonly [number, number] => [
  radius * Math.cos(angle),
  radius * Math.sin(angle),
]

/** The i-th point without noise, and its target. */
const places: Readonly<Record<Exclude<DataName, 'csv'>, Place>> = {
  spirals(i, random) {
    const along = random()
    const arm = i % 2
    return [...polar(0.3 + 5 * along, along * 1.75 * 2 * Math.PI + arm * Math.PI), arm]
  },
  circles(i, random) {
    const inside = i % 2
    const radius = inside ? 2.4 * Math.sqrt(random()) : 3.6 + 1.6 * random()
    return [...polar(radius, 2 * Math.PI * random()), inside]
  },
  xor(_, random) {
    const away = () => {
      const at = 10 * random() - 5
      return at + (at > 0 ? 0.3 : -0.3)
    }
    const [x, y] = [away(), away()]
    return [x, y, x * y > 0 ? 1 : 0]
  },
  gaussians(i, random) {
    const side = i % 2
    const center = side ? 2 : -2
    return [center + normal(random), center + normal(random), side]
  },
  moons(i, random) {
    const lower = i % 2
    const [x, y] = polar(3.2, Math.PI * random() + lower * Math.PI)
    return [x + (lower ? 1.6 : -1.6), y + (lower ? 1 : -1), lower]
  },
  plane(_, random) {
    const [x, y] = [12 * random() - 6, 12 * random() - 6]
    return [x, y, (x + y) / 12]
  },
  waves(_, random) {
    const [x, y] = [12 * random() - 6, 12 * random() - 6]
    return [x, y, Math.sin(x) * Math.cos(y * 0.8)]
  },
}

export function makePoints(data: Exclude<DataName, 'csv'>, count: number, noise: number, seed: number): Points {
  const random = randomFrom(seed + 1)
  const task = data === 'plane' || data === 'waves' ? 'values' : 'classes'
  const at = new Float32Array(2 * count)
  const y = new Float32Array(count)
  const spread = noise / 50
  for (let i = 0; i < count; i++) {
    const [px, py, target] = places[data](i, random)
    at[2 * i] = px + (task === 'classes' ? spread * normal(random) : 0)
    at[2 * i + 1] = py + (task === 'classes' ? spread * normal(random) : 0)
    y[i] = target + (task === 'values' ? 0.5 * spread * normal(random) : 0)
  }
  return { task, at, y }
}
