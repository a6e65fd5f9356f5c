import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type LineChartOptions, lineChart } from '../../src/charts/lineChart.ts'
import { refuses } from '../support/refuses.ts'
import { all, axisTicks, contentOf, inverse, marks, pathPoints, readSvg, texts } from '../support/svg.ts'

const draw = (options: LineChartOptions) => readSvg(lineChart(options))
/** Points of each line, in pixels: those of its parts one after the other. */
const linesOf = (svg: string | ReturnType<typeof draw>) =>
  marks(typeof svg === 'string' ? readSvg(svg) : svg)
    .filter(({ attributes }) => attributes['stroke-linejoin'] === 'round')
    .map(({ attributes }) => pathPoints(attributes.d))
const describe = (options: LineChartOptions) => contentOf(all(draw(options), 'desc')[0])

test('lineChart: points lie where the ticks say', () => {
  const x = [0, 1, 2.5, 7, 10]
  const y = [3, -1, 4, 1.5, 9]
  const root = draw({ series: { a: y }, x, title: 'A', xLabel: 'step', yLabel: 'loss' })
  const ticks = axisTicks(root)
  assert.ok(ticks.x.length >= 4 && ticks.y.length >= 4)
  const [toX, toY] = [inverse(ticks.x), inverse(ticks.y)]
  // ticks themselves are on one scale
  for (const { value, at } of ticks.x) assert.ok(Math.abs(toX(at) - value) < 0.01)
  for (const { value, at } of ticks.y) assert.ok(Math.abs(toY(at) - value) < 0.02)
  const [[line]] = linesOf(root)
  assert.is(line.length, 5)
  line.forEach(([px, py], i) => {
    assert.ok(Math.abs(toX(px) - x[i]) < 0.02, `x ${toX(px)} for ${x[i]}`)
    assert.ok(Math.abs(toY(py) - y[i]) < 0.03, `y ${toY(py)} for ${y[i]}`)
  })
})

test('lineChart: the same on log scales', () => {
  const x = [1, 10, 100, 1000]
  const y = [1, 0.1, 0.003, 0.00002]
  const root = draw({ series: { a: y }, x, xScale: 'log', yScale: 'log' })
  const ticks = axisTicks(root)
  const [toX, toY] = [inverse(ticks.x, true), inverse(ticks.y, true)]
  const [[line]] = linesOf(root)
  line.forEach(([px, py], i) => {
    assert.ok(Math.abs(toX(px) / x[i] - 1) < 0.005)
    assert.ok(Math.abs(toY(py) / y[i] - 1) < 0.02, `${toY(py)} for ${y[i]}`)
  })
})

test('lineChart: what is like another has its colour and its signs, dashed', () => {
  const series = {
    a: { y: [1, 2], markers: true },
    b: [2, 3],
    'a too': { y: [3, 4], markers: true, like: 'a' },
    c: [4, 5],
  }
  const lines = marks(draw({ series })).filter(({ attributes }) => attributes['stroke-linejoin'] === 'round')
  const [a, b, twin, c] = lines.map(({ attributes }) => attributes)
  assert.is(twin.class, a.class)
  assert.is(new Set([a, b, c].map((line) => line.class)).size, 3)
  assert.is(a['stroke-dasharray'], undefined)
  assert.is(twin['stroke-dasharray'], '7 4')
  // colours go on as if it were not there
  const without = marks(draw({ series: { a: series.a, b: series.b, c: series.c } }))
  assert.is(c.class, without.filter(({ attributes }) => attributes['stroke-linejoin'] === 'round')[2].attributes.class)
  const dotted = draw({ series: { a: [1, 2], b: { y: [2, 3], like: 'a', dash: 'dotted' } } })
  assert.ok(marks(dotted).some(({ attributes }) => attributes['stroke-dasharray'] === '1.5 3.5'))
  for (const like of ['c', 'b'])
    refuses(
      () => lineChart({ series: { a: [1], b: { y: [1], like } } }),
      RangeError,
      `lineChart: "series['b'].like" must name a series above it, got "${like}"`,
    )
})

test('lineChart: gaps break the line, and points between gaps are dots', () => {
  const root = draw({ series: { a: [1, 2, Number.NaN, 4, Number.POSITIVE_INFINITY, 6, 7] } })
  const [line] = linesOf(root)
  assert.equal(
    line.map(({ length }) => length),
    [2, 2],
  )
  const dots = marks(root).filter(
    ({ attributes }) => attributes['stroke-linecap'] === 'round' && attributes['stroke-width'] === '5',
  )
  assert.is(pathPoints(dots[0].attributes.d).length, 1)
  assert.match(
    contentOf(all(root, 'desc')[0]),
    /a: 7 points, 2 of them missing, first 1, last 7, lowest 1 at 1, highest 7 at 7/,
  )
})

test('lineChart: zeros on a log scale are at the lower edge, negative values refused', () => {
  const root = draw({ series: { a: [1, 0.1, 0, 0.01] }, yScale: 'log' })
  const [[line]] = linesOf(root)
  const rect = all(root, 'clipPath').flatMap(({ children }) => children)[0]
  assert.ok(typeof rect === 'object')
  const bottom = Number(rect.attributes.y) + Number(rect.attributes.height) - 1
  assert.ok(Math.abs(line[2][1] - bottom) < 0.02)
  assert.ok(line[3][1] < bottom - 1)
  refuses(
    () => lineChart({ series: { a: [1, -1] }, yScale: 'log' }),
    RangeError,
    'lineChart: "series[\'a\'].y" must not be negative on a log scale, got -1 at index 1',
  )
  refuses(() => lineChart({ series: { a: [0, 0] }, yScale: 'log' }), RangeError, 'no finite values above 0')
  refuses(
    () => lineChart({ series: { a: [1, 2] }, x: [0, 1], xScale: 'log' }),
    RangeError,
    '"x" must be above 0 on a log scale, got 0 at index 0',
  )
})

test('lineChart: of many points those stay that show', () => {
  const count = 100_000
  const y = Float64Array.from(
    { length: count },
    (_, i) => Math.sin(i / 9000) + (i === 41_234 ? 5 : 0) + ((i * 7919) % 101) / 1000,
  )
  const svg = lineChart({ series: { loss: y } })
  assert.ok(svg.length < 40_000, `${svg.length} bytes`)
  const root = readSvg(svg)
  const { x: xTicks, y: yTicks } = axisTicks(root)
  const [toX, toY] = [inverse(xTicks), inverse(yTicks)]
  const [[line]] = linesOf(root)
  const columns = new Map<number, number>()
  for (const [px] of line) columns.set(Math.floor(px), (columns.get(Math.floor(px)) ?? 0) + 1)
  // rounding to hundredths may carry a point over the edge of its column
  assert.ok(Math.max(...columns.values()) <= 5)
  // the one outlier is there, and every column reaches from its lowest to its highest value
  assert.ok(Math.abs(Math.max(...line.map(([, py]) => toY(py))) - Math.max(...y)) < 0.02)
  const [start, end] = [20_000, 20_400]
  const inside = line.filter(([px]) => toX(px) > start && toX(px) < end).map(([, py]) => toY(py))
  const expected = y.subarray(start, end)
  assert.ok(Math.max(...inside) > Math.max(...expected) - 0.02)
  assert.ok(Math.min(...inside) < Math.min(...expected) + 0.02)
  assert.ok(Math.abs(toY(line[line.length - 1][1]) - y[count - 1]) < 0.02)
})

test('lineChart: size is bounded, whatever the points', () => {
  const noise = Float32Array.from({ length: 300_000 }, (_, i) => ((i * 48271) % 65537) / 65537)
  const back = lineChart({ series: { a: { x: noise, y: noise.slice().reverse() } } })
  assert.ok(back.length < 320_000, `${back.length}`)
  readSvg(back)
  const holes = noise.map((value, i) => (i % 2 ? value : Number.NaN))
  assert.ok(lineChart({ series: { holes } }).length < 40_000)
  const band = lineChart({ series: { a: { y: noise, low: noise, high: noise.map((value) => value + 1) } } })
  assert.ok(band.length < 60_000, `${band.length}`)
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${'<&"'.repeat(1000)}${i}`, [1, 2, 3]]))
  assert.ok(lineChart({ series: many, title: 'x'.repeat(1e6), xLabel: '&'.repeat(1e6) }).length < 60_000)
})

test('lineChart: an error band lies between its ends', () => {
  const y = [1, 2, 3, 2]
  const root = draw({ series: { a: { y, low: y.map((v) => v - 0.5), high: y.map((v) => v + 1) } } })
  const toY = inverse(axisTicks(root).y)
  const band = marks(root).find(({ attributes }) => 'fill-opacity' in attributes)
  const [corners] = pathPoints(band?.attributes.d ?? '')
  const heights = corners.map(([, py]) => Math.round(toY(py) * 10) / 10)
  assert.equal(heights, [2, 3, 4, 3, 1.5, 2.5, 1.5, 0.5])
  assert.match(contentOf(all(root, 'desc')[0]), /with an error band/)
})

test('lineChart: series have a legend, dashes and markers; past eight, dashes tell colours apart', () => {
  const series = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`s${i}`, [i, i + 1]]))
  const root = draw({ series, height: 600 })
  const shown = texts(root).map(({ text }) => text)
  for (const name of Object.keys(series)) assert.ok(shown.includes(name))
  const looks = marks(root)
    .filter(({ attributes }) => attributes['stroke-linejoin'])
    .map(({ attributes }) => `${attributes.class} ${attributes['stroke-dasharray'] ?? ''}`)
  assert.is(new Set(looks).size, 20)
  assert.not.ok(
    texts(draw({ series: { only: [1, 2] } })).some(({ text }) => text === 'only'),
    'one series needs no legend',
  )
  const marked = draw({ series: { a: { y: Array.from({ length: 1000 }, (_, i) => i), markers: true } } })
  const points = marks(marked).flatMap(({ attributes }) =>
    attributes['stroke-width'] === '7' ? pathPoints(attributes.d) : [],
  )
  assert.ok(points.length > 20 && points.length < 60)
})

test('lineChart: limits cut what lies outside', () => {
  const root = draw({ series: { a: [0, 1e9, 0] }, yLimits: [0, 10], xLimits: [1, 3] })
  const values = axisTicks(root).y.map(({ value }) => value)
  assert.is(values[0], 0)
  assert.is(values[values.length - 1], 10)
  const [[line]] = linesOf(root)
  assert.ok(Math.abs(line[1][1]) <= 1e6)
})

test('lineChart: labels never overlap nor leave the picture', () => {
  const finite = fc.double({ min: -1e12, max: 1e12, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 240, max: 1200 }),
      fc.integer({ min: 200, max: 500 }),
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      (y, width, height, scale) => {
        const root = draw({
          series: { a: y.map((v) => v * scale), b: y },
          title: 'Title',
          xLabel: 'epoch',
          yLabel: 'loss',
          x: y.map((_, i) => i * scale),
          width,
          height,
        })
        const found = axisTicks(root)
        for (const axis of [found.x, found.y]) {
          const own = texts(root).filter(({ text }) => text)
          const boxes = own.map(({ text, x, y, anchor, size }) => {
            // DejaVu Sans, a wide font
            const wide = text.length * size * 0.65
            const left = anchor === 'start' ? x : anchor === 'end' ? x - wide : x - wide / 2
            return { left, right: left + wide, top: y - size * 0.75, bottom: y }
          })
          boxes.forEach((a, i) => {
            assert.ok(a.left > -1 && a.right < width + 1 && a.top > -1 && a.bottom < height + 1, JSON.stringify(own[i]))
            for (const b of boxes.slice(0, i)) {
              assert.not.ok(
                a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
                `${JSON.stringify(own)}`,
              )
            }
          })
          assert.ok(axis.length > 0)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('lineChart: an axis that just misses 0 has a tick', () => {
  const y = [-3.8181818181818183e-298]
  const root = draw({ series: { a: y.map((v) => v / 21), b: y }, width: 240, height: 200, title: 'Title' })
  assert.ok(axisTicks(root).y.length > 0)
})

test('lineChart: says what is seen', () => {
  assert.is(
    describe({
      series: { loss: [2, 1, 0.25], 'validation loss': [3, 2, 2.5] },
      xLabel: 'epoch',
      description: 'Digits, seed 37.',
    }),
    'Digits, seed 37. Horizontal axis epoch, from 1 to 3. Vertical axis, from 0.1125 to 3.138. ' +
      'loss: 3 points, first 2, last 0.25, lowest 0.25 at 3, highest 2 at 1. ' +
      'validation loss: 3 points, first 3, last 2.5, lowest 2 at 2, highest 3 at 1.',
  )
  assert.is(contentOf(all(draw({ series: { a: [1], b: [2], c: [3] } }), 'title')[0]), 'Line chart of a, b and c')
})

test('lineChart: refuses what is wrong, by name', () => {
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => lineChart(options as LineChartOptions), kind, says)
  bad(undefined, TypeError, 'lineChart: options must be an object')
  bad({}, TypeError, 'lineChart: "series" must be an object of series by name, got undefined')
  bad({ series: [1, 2] }, TypeError, '"series" must be an object of series by name, got an array of 2')
  bad({ series: {} }, RangeError, '"series" must have from 1 to 100 series, got 0')
  bad({ series: { a: [1] }, yscale: 'log' }, TypeError, 'unknown option "yscale"; did you mean "yScale"?')
  bad({ series: { a: [1] }, yScale: 'lg' }, RangeError, 'unknown yScale "lg"; did you mean "log"?')
  bad({ series: { a: { y: [1], colour: 1 } } }, TypeError, 'unknown option "colour"')
  bad({ series: { a: ['1'] } }, TypeError, '"series[\'a\'].y" must hold only numbers, got "1" at index 0')
  bad({ series: { a: 'abc' } }, TypeError, 'must be an array of numbers, got "abc"')
  bad({ series: { a: BigInt64Array.of(1n) } }, TypeError, 'must be an array of numbers')
  bad({ series: { a: [] } }, RangeError, 'must have from 1 to')
  bad({ series: { a: [Number.NaN] } }, RangeError, '"series" has no finite values')
  bad({ series: { a: [1, 2] }, x: [1] }, RangeError, '"x" has 1 values, expected 2')
  bad({ series: { a: [1, 2] }, x: [1, Number.NaN] }, RangeError, '"x" must hold finite numbers, got NaN at index 1')
  bad({ series: { a: { y: [1, 2], low: [0, 0] } } }, TypeError, 'must be given together')
  bad({ series: { a: { y: [1, 2], low: [0], high: [1, 2] } } }, RangeError, '.low" has 1 values, expected 2')
  bad({ series: { a: { y: [1], dash: 'dots' } } }, RangeError, 'unknown series[\'a\'].dash "dots"')
  bad({ series: { a: [1] }, yLimits: [1, 1] }, RangeError, '"yLimits[1]" must be a finite number greater than 1, got 1')
  bad({ series: { a: [1] }, width: 100 }, RangeError, '"width" must be a whole number from 240 to 4096, got 100')
  bad({ series: { a: [1] }, title: 5 }, TypeError, '"title" must be a string, got 5')
  bad({ series: { a: [1] }, id: '1"><script>' }, RangeError, '"id" must be a letter and up to 63')
})

test.run()
