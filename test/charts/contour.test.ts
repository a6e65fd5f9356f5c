import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ContourOptions, contour } from '../../src/charts/contour.ts'
import { contourLines } from '../../src/charts/contours.ts'
import { refuses } from '../support/refuses.ts'
import { all, axisTicks, contentOf, inverse, marks, type Point, pathPoints, readSvg, texts } from '../support/svg.ts'
import type { Element } from '../support/xml.ts'

const COUNT = 41
const PLACES = Array.from({ length: COUNT }, (_, i) => -2 + (4 * i) / (COUNT - 1))
const grid = (f: (x: number, y: number) => number) => PLACES.map((y) => PLACES.map((x) => f(x, y)))
const flat = (z: number[][]) => ({ z: Float64Array.from(z.flat()), rows: z.length, cols: z[0].length })

/** The grid's height at a fractional column and row, bilinear; nodes of no weight may be holes. */
function heightAt(z: number[][], col: number, row: number): number {
  const [c, r] = [Math.min(z[0].length - 2, Math.floor(col)), Math.min(z.length - 2, Math.floor(row))]
  const [u, v] = [col - c, row - r]
  const weighted = (weight: number, height: number) => (weight === 0 ? 0 : weight * height)
  return (
    weighted((1 - v) * (1 - u), z[r][c]) +
    weighted((1 - v) * u, z[r][c + 1]) +
    weighted(v * (1 - u), z[r + 1][c]) +
    weighted(v * u, z[r + 1][c + 1])
  )
}

const bowl = (x: number, y: number) => x * x + 2 * y * y + Math.sin(3 * x) * Math.cos(2 * y)
const noise = (x: number, y: number) => Math.abs(Math.sin(x * 12.9898 + y * 78.233) * 43758.5453) % 1

test('contour: lines lie at their level, on the edges of cells', () => {
  for (const f of [bowl, noise]) {
    const z = grid(f)
    for (const level of [0.1, 0.5, 0.77, 3]) {
      for (const line of contourLines(flat(z), level, false)) {
        for (let i = 0; i < line.length; i += 2) {
          const [col, row] = [line[i], line[i + 1]]
          assert.ok(Number.isInteger(col) || Number.isInteger(row))
          assert.ok(Math.abs(heightAt(z, col, row) - level) < 1e-9)
        }
      }
    }
  }
})

test('contour: every crossing is on one line, lines are closed or end at the border', () => {
  const z = grid(noise)
  const level = 0.5
  const seen = new Set<string>()
  for (const line of contourLines(flat(z), level, false)) {
    const points = Array.from({ length: line.length / 2 }, (_, i) => [line[2 * i], line[2 * i + 1]])
    const [first, last] = [points[0], points[points.length - 1]]
    const closed = first[0] === last[0] && first[1] === last[1]
    const atBorder = ([col, row]: number[]) => col === 0 || row === 0 || col === COUNT - 1 || row === COUNT - 1
    assert.ok(closed || (atBorder(first) && atBorder(last)))
    for (const [col, row] of closed ? points.slice(1) : points) {
      const key = `${col} ${row}`
      assert.not.ok(seen.has(key))
      seen.add(key)
    }
    // neighbours are on the same cell
    points.forEach(([col, row], i) => {
      if (i > 0) assert.ok(Math.hypot(col - points[i - 1][0], row - points[i - 1][1]) <= Math.SQRT2 + 1e-12)
    })
  }
  let crossings = 0
  for (let r = 0; r < COUNT; r++) {
    for (let c = 0; c < COUNT; c++) {
      const above = z[r][c] >= level
      if (c + 1 < COUNT && z[r][c + 1] >= level !== above) crossings++
      if (r + 1 < COUNT && z[r + 1][c] >= level !== above) crossings++
    }
  }
  assert.is(seen.size, crossings)
})

/** Area by the shoelace formula, positive and negative for lines that run the other way. */
const areaOf = (points: readonly Point[]) =>
  points.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length]
    return sum + (x * nextY - nextX * y) / 2
  }, 0)

test('contour: closed lines enclose what is above their level', () => {
  // a plane: above level the part x >= level
  const plane = flat(grid((x) => x))
  for (const level of [-2, -1.03, 0, 0.5]) {
    const lines = contourLines(plane, level, true)
    assert.is(lines.length, 1)
    const points = Array.from({ length: lines[0].length / 2 }, (_, i): Point => [lines[0][2 * i], lines[0][2 * i + 1]])
    const expected = ((2 - level) / 4) * (COUNT - 1) * (COUNT - 1)
    assert.ok(Math.abs(Math.abs(areaOf(points)) - expected) < 1e-9)
  }
  // a disc with a hole: the ring around the hole runs the other way
  const ring = contourLines(flat(grid((x, y) => 1 - Math.abs(Math.hypot(x, y) - 1.2))), 0.8, true)
  assert.is(ring.length, 2)
  const areas = ring.map((line) =>
    areaOf(Array.from({ length: line.length / 2 }, (_, i): Point => [line[2 * i], line[2 * i + 1]])),
  )
  const scale = ((COUNT - 1) / 4) ** 2
  assert.ok(Math.abs(Math.abs(areas[0] + areas[1]) / scale - Math.PI * (1.4 ** 2 - 1)) < 0.05)
})

test('contour: saddles are resolved by the mean of the cell', () => {
  const joined = contourLines({ z: Float64Array.of(1, 0.4, 0.4, 1), rows: 2, cols: 2 }, 0.5, false)
  const apart = contourLines({ z: Float64Array.of(1, -0.4, -0.4, 1), rows: 2, cols: 2 }, 0.5, false)
  const nearest = (lines: readonly (readonly number[])[], col: number, row: number) =>
    lines.some((line) => Math.hypot((line[0] + line[2]) / 2 - col, (line[1] + line[3]) / 2 - row) < 0.6)
  assert.is(joined.length, 2)
  assert.is(apart.length, 2)
  // around the low corners, and around the high ones
  assert.ok(nearest(joined, 1, 0) && nearest(joined, 0, 1) && !nearest(joined, 0, 0))
  assert.ok(nearest(apart, 0, 0) && nearest(apart, 1, 1) && !nearest(apart, 1, 0))
})

test('contour: holes have no lines across, and bands end at them', () => {
  const z = grid((x, y) => (Math.hypot(x, y) < 0.7 ? Number.NaN : bowl(x, y)))
  for (const line of contourLines(flat(z), 1, false)) {
    for (let i = 0; i < line.length; i += 2) assert.ok(Number.isFinite(heightAt(z, line[i], line[i + 1])))
  }
  const bands = contourLines(flat(z), -1e9, true)
  assert.is(bands.length, 2)
})

/** Of a chart: contour lines in data coordinates. */
function drawn(root: Element, log = false) {
  const ticks = axisTicks(root)
  const [toX, toY] = [inverse(ticks.x), inverse(ticks.y)]
  const paths = all(root, 'path').filter(({ attributes }) => attributes['stroke-width'] === (log ? '0.75' : '1.5'))
  return paths.flatMap(({ attributes }) =>
    pathPoints(attributes.d).map((part) => part.map(([x, y]) => [toX(x), toY(y)])),
  )
}

test('contour: what is drawn lies at the levels, linear and logarithmic', () => {
  const f = (x: number, y: number) => x * x + 2 * y * y + 0.1
  const lines = drawn(
    readSvg(contour({ x: PLACES, y: PLACES, z: grid(f), levels: [1], filled: false, width: 1000, height: 1000 })),
  )
  assert.is(lines.length, 1)
  for (const [x, y] of lines[0]) assert.ok(Math.abs(f(x, y) - 1) < 0.05, `${f(x, y)}`)
  assert.ok(lines[0].length > 20)
  // exp of a plane: in logarithms the lines are straight and exact
  const steep = drawn(
    readSvg(
      contour({ x: PLACES, y: PLACES, z: grid((x, y) => Math.exp(3 * x + y)), scale: 'log', levels: [0.01, 1, 100] }),
    ),
    true,
  )
  for (const [x, y] of steep.flat()) {
    const level = 3 * x + y
    assert.ok(
      [0.01, 1, 100].some((value) => Math.abs(Math.log(value) - level) < 0.05),
      `${level}`,
    )
  }
  // of straight lines only the ends are kept
  assert.ok(steep.every((line) => line.length === 2))
})

test('contour: bands stand on each other, and the bar shows their colours', () => {
  const root = readSvg(contour({ x: PLACES, y: PLACES, z: grid((x) => x), levels: [-1, 0, 1], zLabel: 'height' }))
  const toX = inverse(axisTicks(root).x)
  const bands = marks(root).filter(({ attributes }) => attributes['fill-rule'] === 'evenodd')
  assert.is(bands.length, 4)
  const lefts = bands.map(({ attributes }) =>
    Math.min(
      ...pathPoints(attributes.d)
        .flat()
        .map(([x]) => toX(x)),
    ),
  )
  for (const [i, left] of lefts.entries()) assert.ok(Math.abs(left - (i - 2)) < 0.02)
  const bar = all(root, 'rect').filter(({ attributes }) => attributes['shape-rendering'])
  assert.equal(
    bar.map(({ attributes }) => attributes.class),
    bands.map(({ attributes }) => attributes.class),
  )
  assert.ok(['−1', '0', '1', 'height'].every((text) => texts(root).some((own) => own.text === text)))
})

test('contour: paths lie on top, from a ring to a dot', () => {
  const path = { x: [-1.5, 0, 1], y: [1, 0.5, -1] }
  const root = readSvg(contour({ x: PLACES, y: PLACES, z: grid(bowl), paths: { Adam: path } }))
  const ticks = axisTicks(root)
  const [toX, toY] = [inverse(ticks.x), inverse(ticks.y)]
  const inside = marks(root)
  const line = inside.find(({ attributes }) => attributes['stroke-width'] === '2')
  const [points] = pathPoints(line?.attributes.d ?? '')
  points.forEach(([x, y], i) => {
    assert.ok(Math.abs(toX(x) - path.x[i]) < 0.01 && Math.abs(toY(y) - path.y[i]) < 0.02)
  })
  assert.ok(texts(root).some(({ text }) => text === 'Adam'))
  assert.match(contentOf(all(root, 'desc')[0]), /Adam: 3 points, from \(−1.5, 1\) to \(1, −1\)\./)
})

test('contour: labels on lines do not overlap', () => {
  const root = readSvg(contour({ x: PLACES, y: PLACES, z: grid(bowl), filled: false, levels: 15 }))
  const labels = all(root, 'text').filter(({ attributes }) => attributes.class.includes('halo'))
  assert.ok(labels.length >= 4)
  labels.forEach((a, i) => {
    for (const b of labels.slice(0, i)) {
      const apart = [Number(a.attributes.x) - Number(b.attributes.x), Number(a.attributes.y) - Number(b.attributes.y)]
      assert.ok(Math.abs(apart[0]) > 14 || Math.abs(apart[1]) > 11)
    }
  })
})

test('contour: size is bounded for smooth grids and for noise', () => {
  const places = Array.from({ length: 600 }, (_, i) => i)
  const of = (f: (i: number) => number, levels: number) =>
    contour({ x: places, y: places, z: Float32Array.from({ length: 360_000 }, (_, i) => f(i)), levels })
  const smooth = of((i) => Math.sin((i % 600) / 90) * Math.cos(i / 600 / 70), 10)
  assert.ok(smooth.length < 50_000, `${smooth.length}`)
  let state = 1
  const random = () => {
    state = (state * 16807) % 2147483647
    return state
  }
  const rough = of(random, 50)
  assert.ok(rough.length < 700_000, `${rough.length}`)
  readSvg(rough)
})

test('contour: flat grids and single levels can be drawn', () => {
  for (const z of [
    [1, 1, 1, 1],
    [0, 0, 0, 0],
    [-1.7e308, 1.7e308, 1, 1],
    [5e-324, 0, 0, 0],
  ]) {
    readSvg(contour({ x: [0, 1], y: [0, 1], z }))
    readSvg(contour({ x: [0, 1], y: [0, 1], z, filled: false, levels: 1 }))
  }
})

test('contour: says what is seen and refuses what is wrong', () => {
  const root = readSvg(contour({ x: [0, 1], y: [0, 2], z: [1, 2, 3, 5], levels: [2.5], zLabel: 'loss' }))
  assert.is(
    contentOf(all(root, 'desc')[0]),
    'x from 0 to 1, y from 0 to 2. loss: lowest 1 at x 0, y 0; highest 5 at x 1, y 2. Lines at 2.5.',
  )
  const good = { x: [0, 1], y: [0, 1], z: [1, 2, 3, 4] }
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => contour(options as ContourOptions), kind, says)
  bad({ ...good, x: [0] }, RangeError, '"x" must have at least 2 places')
  bad({ ...good, y: [1, 0] }, RangeError, '"y" must ascend, got 0 after 1 at index 1')
  bad({ ...good, z: [1, 2] }, RangeError, '"z" has 1 rows, expected 2, as many as "y"')
  bad({ ...good, z: [1, 2, 3] }, RangeError, '"z" has 3 values, not a multiple of 2 columns')
  bad({ ...good, z: [Number.NaN, Number.NaN, Number.NaN, Number.NaN] }, RangeError, '"z" has no finite values')
  bad({ ...good, z: [0, 1, 2, 3], scale: 'log' }, RangeError, '"z" must be above 0 on a log scale, got 0')
  bad({ ...good, levels: [2, 1] }, RangeError, '"levels" must ascend, got 1 after 2')
  bad({ ...good, levels: 0 }, RangeError, '"levels" must be a whole number from 1 to 50, got 0')
  bad({ ...good, filled: 'yes' }, TypeError, '"filled" must be true or false')
  bad({ ...good, paths: { a: { x: [1], y: [1, 2] } } }, RangeError, '"paths[\'a\'].x" has 1 values')
})

test.run()
