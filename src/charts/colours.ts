/**
 * The colours of charts, each for light and dark backgrounds. Series colours are distinguishable with protanopia,
 * deuteranopia and tritanopia and have a contrast of at least 3 to the background (WCAG 2.2, 1.4.11); maps are perceptually uniform.
 */

/** `#rrggbb` on a light and on a dark background. */
export interface Colour {
  readonly light: string
  readonly dark: string
}

/** Returns the class for filling or stroking in a colour. */
export interface Painter {
  fill(colour: Colour): string
  stroke(colour: Colour): string
}

const both = (light: string, dark: string): Colour => ({ light, dark })

export const GROUND = both('#ffffff', '#0f1318')
export const INK = both('#1f2328', '#e6e9ee')
export const MUTED = both('#59636e', '#9aa4af')
export const AXIS = both('#8c959f', '#6b7480')
export const GRID = both('#e7eaee', '#242a32')
/** Cells without a value. */
export const MISSING = both('#d8dce1', '#3a414a')

/** In the order in which series use them. */
export const SERIES: readonly Colour[] = [
  both('#1c6dd1', '#5fa5f7'),
  both('#d4782f', '#e8985a'),
  both('#0e6045', '#7cf0b0'),
  both('#cd1e8a', '#d9539a'),
  both('#3d97d4', '#bad2e8'),
  both('#7f6400', '#e9d23a'),
  both('#6222a9', '#9566ee'),
  both('#2c3e51', '#a4a8ae'),
]

export const seriesColour = (index: number): Colour => SERIES[index % SERIES.length]

/**
 * Colour maps as evenly spaced anchors, interpolated linearly in sRGB.
 * viridis: Smith and van der Walt, matplotlib 2.0 (CC0), every eighth of its 256 entries.
 * tint, from the background to blue, and diverging, from blue over the background to orange: straight lines in OKLab (Ottosson 2020).
 */
const VIRIDIS =
  '440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d 2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b 3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725'
const MAPS: Readonly<Record<'viridis' | 'tint' | 'diverging', ReturnType<typeof both>>> = {
  viridis: both(VIRIDIS, VIRIDIS),
  tint: both(
    'eef4fb d0def0 b2c7e4 96b1d8 799bcb 5e85be 426fb1 2559a4 004296',
    '1a2331 283748 374c5f 476178 577891 688fab 7aa8c7 8cc0e2 9edaff',
  ),
  diverging: both(
    '1351a6 3266b1 4e7abc 688ec7 83a3d1 9eb7db b9cbe4 d5dfed f1f4f6 e6dbd9 dbc3bc cfaca0 c39485 b67d6a a9664f 9b4f34 8c3715',
    '80c7f8 73b0db 679abe 5b84a3 4f6f88 435b6e 374755 2c353d 202327 373331 4e433c 665446 806551 9a775b b58966 d19b70 eeae7b',
  ),
}

/** `viridis` and `tint` for magnitudes, `diverging` for values on both sides of zero. */
export type ColourMapName = keyof typeof MAPS
export const COLOUR_MAPS = Object.keys(MAPS) as ColourMapName[]

type Rgb = readonly [number, number, number]

export const toRgb = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as never
const toHex = (rgb: Rgb) => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`

export function mix(from: string, to: string, share: number): string {
  const [a, b] = [toRgb(from), toRgb(to)]
  return toHex([0, 1, 2].map((i) => a[i] + (b[i] - a[i]) * share) as never)
}

/** Number of shades per map: adjacent ones are barely distinguishable, and equal ones share a style. */
export const SHADES = 64

function shadeOf(anchors: string, shade: number): string {
  const stops = anchors.split(' ')
  const place = (shade / (SHADES - 1)) * (stops.length - 1)
  const left = Math.min(stops.length - 2, Math.floor(place))
  return mix(`#${stops[left]}`, `#${stops[left + 1]}`, place - left)
}

/** All shades of a map, from low to high. */
export const colourMap = (name: ColourMapName): Colour[] =>
  Array.from({ length: SHADES }, (_, shade) => both(shadeOf(MAPS[name].light, shade), shadeOf(MAPS[name].dark, shade)))

/** The shade for a position between 0 and 1; positions outside are clamped. */
export const toShade = (position: number): number => Math.min(SHADES - 1, Math.max(0, Math.floor(position * SHADES)))

/** Whether the relative luminance, approximated with a quadratic sRGB curve, calls for black text. */
function isBright(hex: string): boolean {
  const [r, g, b] = toRgb(hex).map((channel) => (channel / 255) * (channel / 255))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.2
}

/** Black or white, whichever has more contrast to the colour. */
export const onColour = ({ light, dark }: Colour): Colour =>
  both(isBright(light) ? '#000000' : '#ffffff', isBright(dark) ? '#000000' : '#ffffff')
