// Charts made of rectangles: heat maps, confusion matrices and bars.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BarsOptions, bars } from '../../src/charts/bars.ts'
import { colourMap, MISSING, toShade } from '../../src/charts/colours.ts'
import { type ConfusionOptions, confusion } from '../../src/charts/confusion.ts'
import { type HeatmapOptions, heatmap } from '../../src/charts/heatmap.ts'
import { refuses } from '../support/refuses.ts'
import { all, axisTicks, contentOf, inverse, pathPoints, readSvg, texts } from '../support/svg.ts'
import type { Element } from '../support/xml.ts'

/** The colour in the light scheme of an element's class. */
function colourOf(root: Element, { attributes }: Element): string {
  const style = contentOf(all(root, 'style')[0])
  return style.match(new RegExp(`\\.${attributes.class}\\{(?:fill|stroke):(#[0-9a-f]{6})`))?.[1] ?? 'none'
}

/** Strokes as thick as rows: left, right, middle, height and colour of each run of cells. */
function runs(root: Element) {
  const group = all(root, 'g').find(({ attributes }) => attributes['shape-rendering'] === 'crispEdges')
  assert.ok(group)
  const height = Number(group.attributes['stroke-width'])
  return all(group, 'path').flatMap((path) =>
    pathPoints(path.attributes.d).map(([[left, y], [right]]) => ({
      left,
      right,
      y,
      height,
      colour: colourOf(root, path),
    })),
  )
}

test('heatmap: cells cover the table once, each as large as the others, in the colours of their values', () => {
  const values = [
    [0, 1, 2, 2],
    [3, 3, Number.NaN, 6],
    [4, 0, 5, 6],
  ]
  const root = readSvg(heatmap({ values, print: false }))
  const cells = runs(root)
  const left = Math.min(...cells.map((cell) => cell.left))
  const right = Math.max(...cells.map((cell) => cell.right))
  const middles = [...new Set(cells.map(({ y }) => y))].sort((a, b) => a - b)
  assert.is(middles.length, 3)
  const width = (right - left) / 4
  // rows overlap a little, so that there are no hairlines between them
  const pitch = middles[1] - middles[0]
  assert.ok(Math.abs(middles[2] - middles[1] - pitch) < 0.03)
  for (const { height } of cells) assert.ok(height - pitch > 0.2 && height - pitch < 0.4)
  const area = cells.reduce((sum, cell) => sum + (cell.right - cell.left) * pitch, 0)
  assert.ok(Math.abs(area - (right - left) * 3 * pitch) < 0.5)
  const colours = colourMap('viridis')
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 4; c++) {
      const x = left + (c + 0.5) * width
      const found = cells.filter((cell) => cell.y === middles[r] && cell.left < x && cell.right > x)
      assert.is(found.length, 1)
      const value = values[r][c]
      const expected = Number.isNaN(value) ? MISSING : colours[toShade(value / 6)]
      assert.is(found[0].colour, expected.light, `row ${r}, column ${c}`)
    }
  }
  // equal neighbours are one stroke
  assert.is(cells.length, 10)
})

test('heatmap: values are printed where they have room, with the same decimals', () => {
  const root = readSvg(
    heatmap({ values: [0.5, -0.25, 0.123, 1], columns: 2, rowLabels: ['r', 's'], columnLabels: ['u', 'v'] }),
  )
  const shown = texts(root).map(({ text }) => text)
  for (const text of ['0.50', '−0.25', '0.12', '1.00', 'r', 's', 'u', 'v']) assert.ok(shown.includes(text), text)
  const many = readSvg(heatmap({ values: Array.from({ length: 900 }, (_, i) => i), columns: 30 }))
  assert.ok(texts(many).length < 60)
})

test('heatmap: the bar tells the colours of values', () => {
  const root = readSvg(
    heatmap({ values: [1, 10, 1000, 100], columns: 2, scale: 'log', print: false, valueTitle: 'loss' }),
  )
  const bars = all(root, 'rect')
    .filter(({ attributes }) => attributes['shape-rendering'])
    .map((rect) => ({
      top: Number(rect.attributes.y),
      bottom: Number(rect.attributes.y) + Number(rect.attributes.height),
      colour: colourOf(root, rect),
    }))
  const [start, end] = [Math.max(...bars.map(({ bottom }) => bottom)), Math.min(...bars.map(({ top }) => top))]
  const labels = texts(root).filter(({ text, anchor, x }) => anchor === 'start' && x > 560 && text !== 'loss')
  for (const { text, y } of labels) {
    const place = (start - (y - 12 * 0.36)) / (start - end)
    assert.ok(Math.abs(place - Math.log10(Number(text.replace(',', ''))) / 3) < 0.01, text)
  }
  assert.ok(labels.length >= 4)
  assert.is(bars[0].colour, colourMap('viridis')[0].light)
})

test('heatmap: zero is in the middle of a diverging map', () => {
  const root = readSvg(heatmap({ values: [[-1, 0, 3]], print: false }))
  const colours = runs(root)
    .sort((a, b) => a.left - b.left)
    .map(({ colour }) => colour)
  const map = colourMap('diverging')
  assert.equal(colours, [map[toShade(1 / 3)].light, map[toShade(0.5)].light, map[63].light])
})

test('heatmap: large matrices are means of blocks', () => {
  const values = Float32Array.from({ length: 1000 * 600 }, (_, i) => Math.floor(i / 600) + (i % 2 ? 100 : -100))
  const svg = heatmap({ values, columns: 600, colourMap: 'viridis' })
  assert.ok(svg.length < 300_000, `${svg.length} bytes`)
  const cells = runs(readSvg(svg))
  assert.is(new Set(cells.map(({ y }) => y)).size, 128)
})

test('heatmap: says what is seen and refuses what is wrong', () => {
  assert.is(
    contentOf(
      all(
        readSvg(
          heatmap({
            values: [
              [1, 2],
              [Number.NaN, 4],
            ],
            valueTitle: 'accuracy',
            rowLabels: ['a', 'b'],
          }),
        ),
        'desc',
      )[0],
    ),
    '2 rows and 2 columns of accuracy. Lowest 1 in row a, column 0; highest 4 in row b, column 1. 1 value is missing.',
  )
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => heatmap(options as HeatmapOptions), kind, says)
  bad({ values: [] }, RangeError, 'heatmap: "values" is empty')
  bad({ values: [1, 2] }, TypeError, '"values" is flat; pass it as rows, or say how many columns it has')
  bad({ values: [1, 2, 3], columns: 2 }, RangeError, '"values" has 3 values, not a multiple of 2 columns')
  bad({ values: [[1, 2], [3]] }, RangeError, '"values" row 1 has 1 values, expected 2')
  bad({ values: [[1, 'x']] }, TypeError, '"values[0]" must hold only numbers, got "x" at index 1')
  bad({ values: [[Number.NaN]] }, RangeError, '"values" has no finite values')
  bad({ values: [[0, 1]], scale: 'log' }, RangeError, '"values" must be above 0 on a log scale, got 0')
  bad({ values: [[1]], rowLabels: ['a', 'b'] }, RangeError, '"rowLabels" has 2 entries, expected 1')
  bad({ values: [[1]], colourMap: 'viridid' }, RangeError, 'did you mean "viridis"?')
  bad({ values: { length: 1e12 } }, RangeError, '"values" must have from 1 to 67108864 values')
})

test('confusion: counts, shares of the row, and the share as the colour', () => {
  const matrix = [
    [8, 2, 0],
    [0, 5, 0],
    [0, 0, 0],
  ]
  const root = readSvg(confusion({ matrix, labels: ['cat', 'dog', 'owl'] }))
  const shown = texts(root).map(({ text }) => text)
  for (const text of ['8', '80.0 %', '2', '20.0 %', '5', '100 %', 'true class', 'predicted class'])
    assert.ok(shown.includes(text), text)
  assert.is(shown.filter((text) => text === '0').length, 6)
  const map = colourMap('tint')
  const colours = runs(root).map(({ colour }) => colour)
  for (const share of [0, 0.2, 0.8, 1]) assert.ok(colours.includes(map[toShade(share)].light))
  assert.is(
    contentOf(all(root, 'desc')[0]),
    '3 classes, rows true, columns predicted. 13 of 15 are right (86.7 %). ' +
      'Recall: cat 80.0 %, dog 100 %, owl without examples. Most frequent errors: cat taken for dog 2 times.',
  )
  // rows from top to bottom are the true classes
  const two = texts(root).find(({ text }) => text === '2')
  const dog = texts(root).filter(({ text }) => text === 'dog')
  const cat = texts(root).filter(({ text }) => text === 'cat')
  assert.ok(two && Math.abs(two.x - dog[1].x) < 1 && Math.abs(two.y - cat[0].y) < 20)
  assert.is(
    confusion({ matrix: Int32Array.from(matrix.flat()), labels: ['cat', 'dog', 'owl'] }),
    confusion({ matrix, labels: ['cat', 'dog', 'owl'] }),
  )
})

test('confusion: numbers that have no room are left to the colours, names are turned', () => {
  const matrix = Array.from({ length: 60 }, (_, r) => Array.from({ length: 60 }, (_, c) => (r === c ? 12_345 : 1)))
  const svg = confusion({ matrix })
  assert.ok(svg.length < 80_000, `${svg.length} bytes`)
  assert.ok(texts(readSvg(svg)).length < 130)
  const names = Array.from({ length: 10 }, (_, i) => `a long name, ${i}`)
  const root = readSvg(confusion({ matrix: matrix.slice(0, 10).map((row) => row.slice(0, 10)), labels: names }))
  assert.is(all(root, 'text').filter(({ attributes }) => attributes.transform?.includes('rotate(-45)')).length, 10)
})

test('confusion: refuses what is wrong', () => {
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => confusion(options as ConfusionOptions), kind, says)
  bad({ matrix: [1, 2, 3] }, RangeError, 'confusion: "matrix" must be square, got 3 counts')
  bad({ matrix: [[1, 2]] }, RangeError, '"matrix" must be square, got 1 rows of 2')
  bad({ matrix: [1, -1, 0, 0] }, RangeError, '"matrix" must hold counts, got -1 in row 0, column 1')
  bad({ matrix: [1, 0.5, 0, 0] }, RangeError, 'got 0.5')
  bad({ matrix: 'abcd' }, TypeError, '"matrix" must be an array of rows or counts')
  bad({ matrix: [], labels: [] }, RangeError, '"matrix"')
  bad(
    { matrix: new Float32Array(101 * 101) },
    RangeError,
    '"matrix" has 101 classes, at most 100 can be read; use heatmap',
  )
  bad({ matrix: [1], labels: [5] }, TypeError, '"labels" must be a string, got 5')
})

const barsOf = (root: Element) =>
  all(root, 'rect')
    .filter(({ attributes }) => attributes['shape-rendering'])
    .map((rect) => {
      const { x, y, width } = rect.attributes
      return { left: Number(x), right: Number(x) + Number(width), y: Number(y), colour: colourOf(root, rect) }
    })

test('bars: reach from zero to their values, negative ones to the left', () => {
  const values = [3, -1.5, 0, 0.25]
  const root = readSvg(bars({ values, labels: ['a', 'b', 'c', 'd'] }))
  const toX = inverse(axisTicks(root).x)
  const found = barsOf(root)
  assert.is(found.length, 4)
  found.forEach(({ left, right, y }, i) => {
    assert.ok(Math.abs(toX(left) - Math.min(0, values[i])) < 0.02)
    assert.ok(Math.abs(toX(right) - Math.max(0, values[i])) < 0.02)
    assert.ok(i === 0 || y > found[i - 1].y)
  })
  assert.is(found[0].colour, found[3].colour)
  assert.is.not(found[0].colour, found[1].colour)
  const shown = texts(root).map(({ text }) => text)
  for (const text of ['a', 'b', 'c', 'd', '3.00', '−1.50', '0.25']) assert.ok(shown.includes(text), text)
})

test('bars: error bars reach as far as they should, and numbers stand beyond them', () => {
  const root = readSvg(bars({ values: [2, -1], errors: [0.5, 0.25], labels: ['a', 'b'] }))
  const toX = inverse(axisTicks(root).x)
  const lines = all(root, 'path').filter(({ attributes }) => attributes['stroke-width'] === '1.5')
  const reach = lines.map(({ attributes }) =>
    pathPoints(attributes.d)
      .flat()
      .map(([x]) => toX(x)),
  )
  assert.ok(Math.abs(Math.min(...reach[0]) - 1.5) < 0.02 && Math.abs(Math.max(...reach[0]) - 2.5) < 0.02)
  assert.ok(Math.abs(Math.min(...reach[1]) + 1.25) < 0.02 && Math.abs(Math.max(...reach[1]) + 0.75) < 0.02)
  const number = texts(root).find(({ text }) => text === '2.00')
  assert.ok(number && toX(number.x) > 2.5)
})

test('bars: are sorted and cut as asked', () => {
  const options = { values: [1, -3, 2], labels: ['a', 'b', 'c'] }
  const order = (more: Partial<BarsOptions>) =>
    texts(readSvg(bars({ ...options, ...more })))
      .filter(({ text }) => /^[abc]$/.test(text))
      .sort((p, q) => p.y - q.y)
      .map(({ text }) => text)
      .join('')
  assert.is(order({}), 'abc')
  assert.is(order({ sort: 'value' }), 'cab')
  assert.is(order({ sort: 'magnitude' }), 'bca')
  assert.is(order({ sort: 'magnitude', top: 2 }), 'bc')
  assert.is(
    contentOf(all(readSvg(bars({ ...options, sort: 'magnitude', top: 2, xLabel: 'weight' })), 'desc')[0]),
    '2 bars of 3 of weight, from −3 to 2. From the top: b −3, c 2.',
  )
})

test('bars: refuses what is wrong', () => {
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => bars(options as BarsOptions), kind, says)
  bad({ values: [1], labels: ['a', 'b'] }, RangeError, 'bars: "labels" has 2 entries, expected 1')
  bad({ values: [1] }, TypeError, '"labels" must be an array of strings, got undefined')
  bad({ values: [Number.NaN], labels: ['a'] }, RangeError, '"values" must hold finite numbers, got NaN at index 0')
  bad({ values: [1], labels: ['a'], errors: [-1] }, RangeError, '"errors" must not be negative, got -1')
  bad({ values: [1], labels: ['a'], errors: [1, 2] }, RangeError, '"errors" has 2 values, expected 1')
  bad(
    { values: new Float32Array(201), labels: Array.from({ length: 201 }, () => 'x') },
    RangeError,
    'at most 200 can be read; choose with "top"',
  )
  bad({ values: [1], labels: ['a'], sort: 'size' }, RangeError, 'unknown sort "size"')
})

test.run()
