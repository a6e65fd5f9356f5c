import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ScatterOptions, scatter } from '../../src/charts/scatter.ts'
import { refuses } from '../support/refuses.ts'
import { all, axisTicks, contentOf, inverse, marks, pathPoints, readSvg, texts } from '../support/svg.ts'

const draw = (options: ScatterOptions) => readSvg(scatter(options))
/** The first corner of every sign of a series. */
const pointsOf = (root: ReturnType<typeof draw>) =>
  marks(root)
    .filter(({ name, attributes }) => name === 'path' && !('stroke-dasharray' in attributes))
    .map(({ attributes }) => pathPoints(attributes.d).map((part) => part[0]))

test('scatter: points lie where the ticks say', () => {
  const x = [1, 2, 5, 10]
  const y = [-1, 3, 0.5, 2]
  const root = draw({ series: { a: { x, y } } })
  const ticks = axisTicks(root)
  const [toX, toY] = [inverse(ticks.x), inverse(ticks.y)]
  const [points] = pointsOf(root)
  assert.is(points.length, 4)
  points.forEach(([px, py], i) => {
    assert.ok(Math.abs(toX(px) - x[i]) < 0.02)
    assert.ok(Math.abs(toY(py) - y[i]) < 0.02)
  })
})

test('scatter: groups differ in colour and shape, and have a legend', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const root = draw({ series: Object.fromEntries(names.map((name, i) => [name, { x: [i, i + 1], y: [0, 1] }])) })
  const shown = texts(root).map(({ text }) => text)
  for (const name of names) assert.ok(shown.includes(name))
  const paths = marks(root).filter(({ name }) => name === 'path')
  assert.is(new Set(paths.map(({ attributes }) => attributes.class)).size, 6)
  const shapes = paths.map(
    ({ attributes }) => `${attributes.d.replace(/^M[\d. ]+/, '').split('M')[0]} ${attributes['stroke-linecap']}`,
  )
  assert.is(new Set(shapes).size, 6)
})

test('scatter: a cloud of many points keeps its outline in few bytes', () => {
  const count = 200_000
  let state = 1
  const random = () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
  const angle = Float64Array.from({ length: count }, () => 2 * Math.PI * random())
  const radius = Float64Array.from({ length: count }, () => Math.sqrt(random()))
  const svg = scatter({
    series: { a: { x: angle.map((a, i) => radius[i] * Math.cos(a)), y: angle.map((a, i) => radius[i] * Math.sin(a)) } },
  })
  assert.ok(svg.length < 100_000, `${svg.length} bytes`)
  const root = readSvg(svg)
  const ticks = axisTicks(root)
  const [toX, toY] = [inverse(ticks.x), inverse(ticks.y)]
  const [points] = pointsOf(root)
  assert.ok(points.length > 1500 && points.length <= 5000, `${points.length}`)
  // the disc is covered, and nothing is outside of it
  for (let i = 0; i < 24; i++) {
    const [cx, cy] = [0.9 * Math.cos((i * Math.PI) / 12), 0.9 * Math.sin((i * Math.PI) / 12)]
    assert.ok(points.some(([px, py]) => Math.hypot(toX(px) - cx, toY(py) - cy) < 0.1))
  }
  for (const [px, py] of points) assert.ok(Math.hypot(toX(px), toY(py)) < 1.01)
})

test('scatter: missing and outlying points are left out', () => {
  const root = draw({
    series: { a: { x: [0, Number.NaN, 1, 50], y: [0, 1, Number.POSITIVE_INFINITY, 50] } },
    xLimits: [-1, 10],
    yLimits: [-1, 10],
  })
  assert.is(pointsOf(root)[0].length, 1)
})

test('scatter: the diagonal is y = x, on scales of two kinds too', () => {
  for (const xScale of ['linear', 'log'] as const) {
    const root = draw({ series: { a: { x: [1, 30], y: [2, 40] } }, diagonal: true, xScale })
    const ticks = axisTicks(root)
    const [toX, toY] = [inverse(ticks.x, xScale === 'log'), inverse(ticks.y)]
    const line = marks(root).find(({ attributes }) => 'stroke-dasharray' in attributes)
    for (const [px, py] of pathPoints(line?.attributes.d ?? '').flat()) {
      assert.ok(Math.abs(toX(px) - toY(py)) < 0.2, `${toX(px)} ${toY(py)}`)
    }
    assert.match(contentOf(all(root, 'desc')[0]), /A dashed line marks y = x/)
  }
})

test('scatter: says what is seen and refuses what is wrong', () => {
  assert.is(
    contentOf(all(draw({ series: { a: { x: [1, 2], y: [3, 5] } }, xLabel: 'length' }), 'desc')[0]),
    'a: 2 points, length from 1 to 2, y from 3 to 5.',
  )
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => scatter(options as ScatterOptions), kind, says)
  bad({ series: { a: [1, 2] } }, TypeError, 'options must be an object')
  bad({ series: { a: { x: [1], y: [1, 2] } } }, RangeError, '"series[\'a\'].x" has 1 values, "series[\'a\'].y" has 2')
  bad(
    { series: { a: { x: [0], y: [1] } }, xScale: 'log' },
    RangeError,
    'must be above 0 on a log scale, got 0 at index 0',
  )
  bad({ series: { a: { x: [Number.NaN], y: [1] } } }, RangeError, '"series" has no finite values of x')
  bad({ series: { a: { x: [1], y: [1] } }, radius: 0 }, RangeError, '"radius" must be a finite number at least 0.5')
})

test.run()
