import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  AXIS,
  type Colour,
  type ColourMapName,
  colourMap,
  GROUND,
  INK,
  MUTED,
  onColour,
  SERIES,
  SHADES,
  toRgb,
  toShade,
} from '../../src/charts/colours.ts'

type Triple = [number, number, number]
const SIDES = ['light', 'dark'] as const

const toLinear = (hex: string) =>
  toRgb(hex).map((channel) => {
    const value = channel / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as Triple
const times = (matrix: readonly Triple[], vector: Triple) =>
  matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]) as Triple

/** Ottosson 2020. */
const toOklab = (linear: Triple) =>
  times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    times(
      [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ],
      linear,
    ).map((value) => Math.cbrt(Math.max(0, value))) as Triple,
  )
const distance = (a: Triple, b: Triple) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

/** WCAG 2.2. */
const luminance = (hex: string) => {
  const [r, g, b] = toLinear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

/** Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB. */
const VISIONS: Readonly<Record<string, readonly Triple[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

test('colours: text and series have contrast to the background', () => {
  for (const side of SIDES) {
    const ground = GROUND[side]
    assert.ok(contrast(INK[side], ground) >= 12)
    assert.ok(contrast(MUTED[side], ground) >= 4.5)
    assert.ok(contrast(AXIS[side], ground) >= 3)
    for (const colour of SERIES) assert.ok(contrast(colour[side], ground) >= 3, `${colour[side]} on ${ground}`)
  }
})

test('colours: series stay apart for every kind of colour vision', () => {
  for (const [vision, matrix] of Object.entries(VISIONS)) {
    for (const side of SIDES) {
      const seen = SERIES.map((colour) => toOklab(times(matrix, toLinear(colour[side]))))
      for (let i = 0; i < seen.length; i++) {
        for (let j = 0; j < i; j++) {
          // 0.02 is just noticeable; the first four, which most charts use, are farther apart
          const least = i < 4 ? 0.095 : 0.065
          assert.ok(
            distance(seen[i], seen[j]) >= least,
            `${vision}, ${side}: ${j} and ${i} are ${distance(seen[i], seen[j])}`,
          )
        }
      }
    }
  }
})

const lightness = (colours: readonly Colour[], side: 'light' | 'dark') =>
  colours.map((colour) => toOklab(toLinear(colour[side])))

test('colours: maps are perceptually uniform', () => {
  for (const name of ['viridis', 'tint', 'diverging'] as const) {
    for (const side of SIDES) {
      const lab = lightness(colourMap(name), side)
      const steps = lab.slice(1).map((own, i) => distance(own, lab[i]))
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length
      // 8-bit channels round steps of about 0.01 by a few thousandths; in the middle of a diverging map the way turns
      if (name === 'diverging') steps.splice(SHADES / 2 - 1, 1)
      for (const step of steps)
        assert.ok(step > mean * 0.35 && step < mean * 1.9, `${name} ${side}: ${step} of ${mean}`)
    }
  }
})

test('colours: amounts go one way in lightness, signs both ways from the middle', () => {
  const rising = (values: readonly number[], sign: number) =>
    values.every((value, i) => i === 0 || sign * (value - values[i - 1]) > -0.004)
  for (const side of SIDES) {
    const up = side === 'light' ? -1 : 1
    const of = (name: ColourMapName) => lightness(colourMap(name), side).map(([l]) => l)
    assert.ok(rising(of('viridis'), 1))
    assert.ok(rising(of('tint'), up))
    const both = of('diverging')
    assert.ok(rising(both.slice(0, SHADES / 2), -up))
    assert.ok(rising(both.slice(SHADES / 2), up))
    assert.ok(Math.abs(both[0] - both[SHADES - 1]) < 0.02)
  }
})

test('colours: tint and diverging are straight lines in OKLab', () => {
  for (const side of SIDES) {
    for (const [name, from, to] of [
      ['tint', 0, SHADES - 1],
      ['diverging', 0, (SHADES - 1) / 2],
      ['diverging', (SHADES - 1) / 2, SHADES - 1],
    ] as const) {
      const lab = lightness(colourMap(name), side)
      const [first, last] = [lab[Math.ceil(from)], lab[Math.floor(to)]]
      for (let shade = Math.ceil(from); shade <= to; shade++) {
        const share = (shade - Math.ceil(from)) / (Math.floor(to) - Math.ceil(from))
        const expected = first.map((value, i) => value + (last[i] - value) * share) as Triple
        assert.ok(distance(lab[shade], expected) < 0.012, `${name} ${side} ${shade}`)
      }
    }
  }
})

test('colours: numbers in cells can be read on every shade', () => {
  for (const name of ['viridis', 'tint', 'diverging'] as const) {
    for (const colour of colourMap(name)) {
      for (const side of SIDES) {
        const found = contrast(onColour(colour)[side], colour[side])
        assert.ok(found >= 4.4, `${name} ${side} ${colour[side]}: ${found}`)
      }
    }
  }
})

test('colours: shades cover the map evenly', () => {
  assert.is(toShade(-1), 0)
  assert.is(toShade(0), 0)
  assert.is(toShade(0.5), SHADES / 2)
  assert.is(toShade(1), SHADES - 1)
  assert.is(toShade(9), SHADES - 1)
})

test.run()
