/** The surfaces that introductions show optimizers on. */

export interface Surface {
  readonly name: string
  readonly formula: string
  readonly start: readonly [number, number]
  readonly lowest: number
  /** Value, and the derivatives by x and y. */
  readonly at: (x: number, y: number) => readonly [number, number, number]
  /** Where it is drawn, and how high above the minimum its bottom is taken to be, for logarithms. */
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

export const SURFACES: readonly Surface[] = [
  {
    name: 'Beale',
    formula: '(1.5 - x + x y)² + (2.25 - x + x y²)² + (2.625 - x + x y³)², from (1, 1.5); minimum at (3, 0.5)',
    start: [1, 1.5],
    lowest: 0,
    at: (x, y) => {
      const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3]
      const dx = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y ** 3 - 1))
      return [a * a + b * b + c * c, dx, 2 * x * (a + 2 * b * y + 3 * c * y * y)]
    },
    x: [-0.5, 4],
    y: [-2, 2.5],
  },
  {
    name: 'long valley',
    formula: '(x² + 100 y²) / 2, from (-10, 1)',
    start: [-10, 1],
    lowest: 0,
    at: (x, y) => [(x * x + 100 * y * y) / 2, x, 100 * y],
    x: [-11, 3],
    y: [-2, 2],
  },
  {
    name: 'turned valley',
    formula: 'the long valley, turned by 45°, from the turned start',
    start: [-11 * Math.SQRT1_2, -9 * Math.SQRT1_2],
    lowest: 0,
    at: (x, y) => {
      const [along, beside] = [(x + y) * Math.SQRT1_2, (y - x) * Math.SQRT1_2]
      const [da, db] = [along, 100 * beside]
      return [(along * along + 100 * beside * beside) / 2, (da - db) * Math.SQRT1_2, (da + db) * Math.SQRT1_2]
    },
    x: [-9, 3],
    y: [-8, 4],
  },
  {
    name: 'saddle',
    formula: 'x² - y² + y⁴ / 4, from (1.5, 0.001), all but on the ridge; minima at (0, ±√2)',
    start: [1.5, 0.001],
    lowest: -1,
    at: (x, y) => [x * x - y * y + y ** 4 / 4, 2 * x, -2 * y + y ** 3],
    x: [-2, 2],
    y: [-2, 2],
  },
]
