/** What values look like: orange below 0, blue above, paper or ink between; classes have hues of their own. */

const darkNow = (): boolean =>
  getComputedStyle(document.documentElement).colorScheme.trim() === 'dark' ||
  (document.documentElement.dataset.theme === undefined && matchMedia('(prefers-color-scheme: dark)').matches)

/** Asked for thousands of times a frame, while a style costs more than a colour. */
let dark: boolean | undefined
const isDark = (): boolean => {
  dark ??= darkNow()
  return dark
}

/** To be called when the theme has changed. */
export function forgetTheme(): void {
  dark = undefined
}

type Rgb = readonly [number, number, number]

const LOW: Rgb = [232, 119, 34]
const HIGH: Rgb = [31, 111, 235]
const PAPER: Rgb = [247, 247, 244]
const INK: Rgb = [28, 32, 38]

/** Of classes, well apart in hue and in lightness (Okabe and Ito 2008, and four more). */
const CLASSES: readonly Rgb[] = [
  [230, 159, 0],
  [0, 114, 178],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [140, 120, 220],
  [150, 110, 60],
  [190, 60, 90],
  [120, 140, 40],
]

export const classColour = (index: number): Rgb => CLASSES[index % CLASSES.length]
export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`
export const valueColour = (value: number): Rgb => mix(value < 0 ? LOW : HIGH, Math.min(1, Math.abs(value)))
export const [LOW_COLOUR, HIGH_COLOUR] = [css(LOW), css(HIGH)]

function mix(colour: Rgb, share: number): Rgb {
  const ground = isDark() ? INK : PAPER
  return [0, 1, 2].map((i) => Math.round(ground[i] + (colour[i] - ground[i]) * share)) as unknown as Rgb
}

const STEPS = 256
const pack = ([r, g, b]: Rgb): number => (255 << 24) | (b << 16) | (g << 8) | r

export interface Palette {
  /** Colours of values from -1 to 1, as pixels. */
  readonly values: Uint32Array
  /** Of classes by how sure: [classes][STEPS]. */
  readonly classes: readonly Uint32Array[]
  readonly isDark: boolean
}

let known: Palette | undefined

/** The palette of the theme; made once for each. */
export function palette(): Palette {
  if (known?.isDark !== isDark()) {
    known = {
      isDark: isDark(),
      values: Uint32Array.from({ length: 2 * STEPS + 1 }, (_, i) => {
        const value = (i - STEPS) / STEPS
        return pack(mix(value < 0 ? LOW : HIGH, 0.9 * Math.abs(value)))
      }),
      classes: CLASSES.map((colour) =>
        Uint32Array.from({ length: STEPS }, (_, i) => pack(mix(colour, (0.8 * i) / STEPS))),
      ),
    }
  }
  return known
}

/** Values from -1 to 1, or class + how sure, as pixels. */
export function paint(pixels: Uint32Array, values: Float32Array, areClasses: boolean, inSteps: boolean): void {
  const { values: colours, classes } = palette()
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (areClasses) {
      const index = Math.floor(value)
      const sure = inSteps ? 0.85 : value - index
      pixels[i] = classes[index % classes.length][Math.floor(sure * STEPS)]
    } else {
      const shown = inSteps ? Math.sign(value) * 0.85 : value
      pixels[i] = colours[STEPS + Math.round(Math.max(-1, Math.min(1, shown)) * STEPS)]
    }
  }
}

/** A square picture as a canvas of a pixel a cell, to be drawn larger. */
export function pictureOf(values: Float32Array, areClasses = false, inSteps = false): HTMLCanvasElement {
  const size = Math.sqrt(values.length)
  const canvas = document.createElement('canvas')
  ;[canvas.width, canvas.height] = [size, size]
  const context = canvas.getContext('2d')
  const image = new ImageData(size, size)
  paint(new Uint32Array(image.data.buffer), values, areClasses, inSteps)
  context?.putImageData(image, 0, 0)
  return canvas
}
