import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type SurfaceOptions, surface } from '../../src/charts/surface.ts'
import { refuses } from '../support/refuses.ts'
import { all, contentOf, type Point, pathPoints, readSvg, texts } from '../support/svg.ts'
import type { Element } from '../support/xml.ts'

const PLACES = [0, 1, 2, 3]
const grid = (f: (x: number, y: number) => number) => PLACES.map((y) => PLACES.map((x) => f(x, y)))
/** Corners of the faces, in the order of painting. */
const faces = (root: Element) =>
  all(root, 'path')
    .filter(({ attributes }) => attributes.d.endsWith('z'))
    .map(({ attributes }) => pathPoints(attributes.d)[0])

test('surface: a level plane is the floor of the box, seen from 50 degrees above', () => {
  const flat = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid(() => 0), limits: [0, 1] })))
  assert.is(flat.length, 9)
  for (const [a, b, c, d] of flat) {
    // along x to the lower right, along y to the upper right
    for (const [from, to, sign] of [
      [a, b, 1],
      [b, c, -1],
      [d, c, 1],
      [a, d, -1],
    ] as const) {
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
      assert.ok(dx > 0 && Math.abs(dy / dx - sign * Math.sin((50 * Math.PI) / 180)) < 0.01)
    }
  }
})

test('surface: heights are proportional, or their logarithms', () => {
  for (const [scale, z, limits] of [
    ['linear', (x: number) => x, [0, 3]],
    ['log', (x: number) => 10 ** x, [1, 1000]],
  ] as const) {
    const base = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid(() => limits[0]), scale, limits })))
    const risen = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid(z), scale, limits })))
    const rise = (face: number, corner: number) => base[face][corner][1] - risen[face][corner][1]
    // faces run from small x; corners 1 and 2 are at the larger x
    const unit = rise(2, 1) / 3
    assert.ok(unit > 20)
    for (const face of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      assert.ok(Math.abs(rise(face, 0) - (face % 3) * unit) < 0.3)
      assert.ok(Math.abs(rise(face, 2) - ((face % 3) + 1) * unit) < 0.3)
    }
  }
})

test('surface: faces are painted from the back', () => {
  const middle = (face: readonly Point[]) => face.reduce((sum, [, y]) => sum + y / 4, 0)
  const flat = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid(() => 0), limits: [0, 1] })))
  // rows from the far end of y to the near one, in each from small x on: the neighbours in front come later
  for (let row = 0; row < 3; row++) {
    for (let col = 0; col < 3; col++) {
      const own = middle(flat[3 * row + col])
      if (col < 2) assert.ok(middle(flat[3 * row + col + 1]) > own)
      if (row < 2) assert.ok(middle(flat[3 * (row + 1) + col]) > own)
    }
  }
})

test('surface: what lies beyond the limits is drawn at them, holes are left out', () => {
  const clipped = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid((x) => (x > 1 ? 1e9 : 0)), limits: [0, 1] })))
  const exact = faces(readSvg(surface({ x: PLACES, y: PLACES, z: grid((x) => (x > 1 ? 1 : 0)), limits: [0, 1] })))
  assert.equal(clipped, exact)
  const holed = readSvg(surface({ x: PLACES, y: PLACES, z: grid((x, y) => (x === 1 && y === 1 ? Number.NaN : x)) }))
  assert.is(faces(holed).length, 5)
})

test('surface: fine grids are thinned, and the usual size stays small', () => {
  const places = (count: number) => Array.from({ length: count }, (_, i) => i / (count - 1))
  const draw = (count: number) => {
    const at = places(count)
    return surface({ x: at, y: at, z: at.map((y) => at.map((x) => Math.sin(7 * x) + y * y)) })
  }
  const usual = draw(51)
  assert.is(faces(readSvg(usual)).length, 2500)
  assert.ok(usual.length < 200_000, `${usual.length} bytes`)
  const fine = draw(500)
  assert.is(faces(readSvg(fine)).length, 63 * 63)
  assert.ok(fine.length < 300_000, `${fine.length} bytes`)
})

test('surface: axes carry names and numbers', () => {
  const root = readSvg(
    surface({ x: PLACES, y: PLACES, z: grid((x, y) => x * y), xLabel: 'first', yLabel: 'second', zLabel: 'loss' }),
  )
  const shown = all(root, 'text').map(contentOf)
  for (const text of ['first', 'second', 'loss', '0', '1', '2', '3', '4', '8']) assert.ok(shown.includes(text), text)
  assert.is(
    contentOf(all(root, 'desc')[0]),
    'first from 0 to 3, second from 0 to 3. loss: lowest 0 at first 0, second 0; highest 9 at first 3, second 3.',
  )
  for (const { x, y } of texts(root)) assert.ok(x > 0 && x < 640 && y > 0 && y < 480)
})

test('surface: extreme heights can be drawn, wrong ones are refused', () => {
  for (const z of [
    [1, 1, 1, 1],
    [0, 0, 0, 0],
    [-1.7e308, 1.7e308, 1, 1],
    [5e-324, 0, 0, 0],
  ])
    readSvg(surface({ x: [0, 1], y: [0, 1], z }))
  const bad = (options: unknown, kind: typeof TypeError, says: string) =>
    refuses(() => surface(options as SurfaceOptions), kind, says)
  bad(
    { x: [0, 1], y: [0, 1], z: [0, 1, 2, 3], scale: 'log' },
    RangeError,
    'surface: "z" must be above 0 on a log scale, got 0',
  )
  bad({ x: [0, 1], y: [0, 1], z: [[0, 1]] }, RangeError, '"z" has 1 rows, expected 2')
  bad(
    { x: [0, 1], y: [0, 1], z: [0, 1, 2, 3], limits: [1, 0] },
    RangeError,
    '"limits[1]" must be a finite number greater than 1',
  )
})

test.run()
