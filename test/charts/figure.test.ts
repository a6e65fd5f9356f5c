import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bars } from '../../src/charts/bars.ts'
import { confusion } from '../../src/charts/confusion.ts'
import { contour } from '../../src/charts/contour.ts'
import type { ChartOptions } from '../../src/charts/figure.ts'
import { heatmap } from '../../src/charts/heatmap.ts'
import { lineChart } from '../../src/charts/lineChart.ts'
import { scatter } from '../../src/charts/scatter.ts'
import { surface } from '../../src/charts/surface.ts'
import { refuses } from '../support/refuses.ts'
import { all, contentOf, readSvg } from '../support/svg.ts'

/** Every chart, with a text from outside wherever one is taken. */
const CHARTS: Readonly<Record<string, (text: string, options?: ChartOptions) => string>> = {
  lineChart: (text, options) =>
    lineChart({ series: { [`${text}a`]: [1, 3, 2], [`${text}b`]: [2, 2, 2] }, xLabel: text, yLabel: text, ...options }),
  scatter: (text, options) =>
    scatter({
      series: { [`${text}a`]: { x: [1, 2], y: [3, 4] }, [`${text}b`]: { x: [1], y: [2] } },
      xLabel: text,
      ...options,
    }),
  heatmap: (text, options) =>
    heatmap({
      values: [
        [1, -2],
        [3, 4],
      ],
      rowLabels: [text, text],
      columnLabels: [text, text],
      rowTitle: text,
      columnTitle: text,
      valueTitle: text,
      ...options,
    }),
  contour: (text, options) =>
    contour({
      x: [0, 1, 2],
      y: [0, 1],
      z: [
        [0, 1, 2],
        [2, 3, 5],
      ],
      zLabel: text,
      paths: { [`${text}p`]: { x: [0, 1], y: [0, 1] } },
      ...options,
    }),
  surface: (text, options) =>
    surface({
      x: [0, 1, 2],
      y: [0, 1],
      z: [
        [0, 1, 2],
        [2, 3, 5],
      ],
      xLabel: text,
      yLabel: text,
      zLabel: text,
      ...options,
    }),
  confusion: (text, options) => confusion({ matrix: [3, 1, 0, 4], labels: [text, text], ...options }),
  bars: (text, options) => bars({ labels: [text, text], values: [1, -2], xLabel: text, ...options }),
}
const EACH = Object.entries(CHARTS)

test('figure: every chart is valid whatever texts it is given', () => {
  const anyText = fc
    .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 9, 0x1b, 0x26, 0x3c, 0x3e, 0x22, 0x27, 0xd800, 0xdfff, 0xffff)))
    .map((units) => String.fromCharCode(...units))
  fc.assert(
    fc.property(anyText, (text) => {
      for (const [, draw] of EACH) readSvg(draw(text, { title: text, description: text }))
    }),
    { numRuns: 150 },
  )
})

test('figure: a text of a megabyte costs neither time nor space', () => {
  for (const [name, draw] of EACH) {
    const text = '<&"\u0000'.repeat(250_000)
    const svg = draw(text, { title: text, description: text })
    assert.ok(svg.length < 30_000, `${name}: ${svg.length}`)
  }
})

test('figure: the same input gives the same bytes, other input another id', () => {
  for (const [, draw] of EACH) {
    assert.is(draw('a'), draw('a'))
    assert.is.not(readSvg(draw('a')).attributes.id, readSvg(draw('b')).attributes.id)
    assert.is(readSvg(draw('a', { id: 'my-chart' })).attributes.id, 'my-chart')
  }
})

test('figure: colours follow the scheme of the reader, or are those of one scheme', () => {
  const styleOf = (svg: string) => contentOf(all(readSvg(svg), 'style')[0])
  for (const [name, draw] of EACH) {
    const auto = styleOf(draw('a'))
    assert.is(auto.match(/@media\(prefers-color-scheme:dark\)/g)?.length, 1)
    const declared = (side: string) => [...side.matchAll(/(--c\d+):#[0-9a-f]{6}/g)].map(([, variable]) => variable)
    const [light, dark] = auto.split('@media')
    assert.equal(declared(light), declared(dark), name)
    for (const [, variable] of auto.matchAll(/var\((--c\d+)\)/g)) assert.ok(declared(light).includes(variable))
    const [onLight, onDark] = (['light', 'dark'] as const).map((scheme) => styleOf(draw('a', { scheme })))
    for (const style of [onLight, onDark]) assert.not.match(style, /@media|var\(/)
    assert.ok(onLight.includes('fill:#ffffff') && onDark.includes('fill:#0f1318'))
  }
})

test('figure: the background covers all, and sizes are those asked for', () => {
  for (const [name, draw] of EACH) {
    for (const [width, height] of [
      [240, 200],
      [640, 200],
      [640, 400],
      [1200, 700],
      [4096, 4096],
    ]) {
      const root = readSvg(
        draw('a', { width, height, title: 'A title that is long enough to be cut at the narrowest width' }),
      )
      assert.is(root.attributes.width, `${width}`)
      assert.is(root.attributes.height, `${height}`)
      const ground = all(root, 'rect').find(({ attributes }) => attributes.x === undefined)
      assert.is(ground?.attributes.width, `${width}`, name)
      assert.is(ground?.attributes.height, `${height}`, name)
    }
  }
})

test('figure: title and description name the chart', () => {
  for (const [name, draw] of EACH) {
    const root = readSvg(draw('a', { title: 'My <title>', description: 'My description.' }))
    assert.is(contentOf(all(root, 'title')[0]), 'My <title>', name)
    assert.ok(contentOf(all(root, 'desc')[0]).startsWith('My description. '), name)
    assert.ok(contentOf(all(readSvg(draw('a')), 'title')[0]).length > 3, name)
  }
})

test('figure: options of all charts are refused by all in the same words', () => {
  for (const [name, draw] of EACH) {
    const bad = (options: object, kind: typeof TypeError, says: string) => refuses(() => draw('a', options), kind, says)
    bad({ tite: 'x' }, TypeError, `${name}: unknown option "tite"; did you mean "title"?`)
    bad({ width: 239 }, RangeError, `${name}: "width" must be a whole number from 240 to 4096, got 239`)
    bad({ width: '640' }, TypeError, `${name}: "width" must be a whole number, got "640"`)
    bad({ height: 1e9 }, RangeError, `${name}: "height" must be a whole number from 200 to 4096, got 1000000000`)
    bad({ title: 1 }, TypeError, `${name}: "title" must be a string, got 1`)
    bad({ scheme: 'drak' }, RangeError, `${name}: unknown scheme "drak"; did you mean "dark"?`)
    bad({ id: 'a b' }, RangeError, `${name}: "id" must be a letter and up to 63 letters`)
    bad({ id: 5 }, TypeError, `${name}: "id" must be a string, got 5`)
  }
  const draws = [lineChart, scatter, heatmap, contour, surface, confusion, bars] as unknown as ((
    options?: unknown,
  ) => string)[]
  for (const draw of draws) {
    for (const nothing of [undefined, null, 5, 'x', []]) refuses(() => draw(nothing), TypeError, draw.name)
  }
})

test.run()
