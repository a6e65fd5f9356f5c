/** Colours of values: orange below 0, blue above, the background in between; classes have distinct hues. */

const darkNow = (): boolean =>
  getComputedStyle(document.documentElement).colorScheme.trim() === 'dark' ||
  (document.documentElement.dataset.theme === undefined && matchMedia('(prefers-color-scheme: dark)').matches)

/** Cached: read thousands of times per frame, and getting a computed style is expensive. */
let dark: boolean | undefined
const isDark = (): boolean => {
  dark ??= darkNow()
  return dark
}

/** Call when the theme has changed. */
export function forgetTheme(): void {
  dark = undefined
}

type Rgb = readonly [number, number, number]

const LOW: Rgb = [232, 119, 34]
const HIGH: Rgb = [31, 111, 235]
const PAPER: Rgb = [247, 247, 244]
const INK: Rgb = [28, 32, 38]

/** Class colours, well separated in hue and lightness (Okabe and Ito 2008, and four more). */
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
  /** Pixel colours of bytes that represent values from -1 to 1. */
  readonly values: Uint32Array
  /** Pixel colours of classes by confidence: [classes][STEPS]. */
  readonly classes: readonly Uint32Array[]
  readonly isDark: boolean
}

let known: Palette | undefined

/** The palette of the theme; made once for each. */
export function palette(): Palette {
  if (known?.isDark !== isDark()) {
    const pixel = (value: number) => pack(mix(value < 0 ? LOW : HIGH, 0.9 * Math.abs(value)))
    known = {
      isDark: isDark(),
      values: Uint32Array.from({ length: 256 }, (_, i) => pixel(i / 127.5 - 1)),
      classes: CLASSES.map((colour) =>
        Uint32Array.from({ length: STEPS }, (_, i) => pack(mix(colour, (0.8 * i) / STEPS))),
      ),
    }
  }
  return known
}

/** Of a picture in two steps: how sure they look, and what that is of negative and of positive values. */
const SURE = 0.85
const [LOWER, HIGHER] = [-SURE, SURE].map((value) => Math.round(127.5 * (1 + value)))

/** Bytes from 0 to 255 for -1 to 1, as pixels. */
function paintValues(pixels: Uint32Array, bytes: Uint8ClampedArray, inSteps: boolean): void {
  const { values } = palette()
  if (inSteps) for (let i = 0; i < bytes.length; i++) pixels[i] = values[bytes[i] < 128 ? LOWER : HIGHER]
  else for (let i = 0; i < bytes.length; i++) pixels[i] = values[bytes[i]]
}

/** Class + confidence, as pixels. */
function paintClasses(pixels: Uint32Array, classes: Float32Array, inSteps: boolean): void {
  const colours = palette().classes
  for (let i = 0; i < classes.length; i++) {
    const index = Math.floor(classes[i])
    const sure = inSteps ? SURE : classes[i] - index
    pixels[i] = colours[index % colours.length][Math.floor(sure * STEPS)]
  }
}

/**
 * A canvas with one pixel per cell, which is scaled up where it is shown. It is reused between frames: a new one costs more than its pixels.
 */
export class Picture {
  readonly canvas: HTMLCanvasElement
  #image = new ImageData(1, 1)
  #pixels = new Uint32Array(this.#image.data.buffer)

  constructor(canvas = document.createElement('canvas')) {
    this.canvas = canvas
  }

  /** A square of bytes for values, or of classes. */
  paint(picture: Uint8ClampedArray | Float32Array, inSteps = false): void {
    const size = Math.sqrt(picture.length)
    const pixels = this.#fit(size, size)
    if (picture instanceof Float32Array) paintClasses(pixels, picture, inSteps)
    else paintValues(pixels, picture, inSteps)
    this.#put()
  }

  /** Squares of bytes, stacked vertically. */
  paintAll(pictures: readonly Uint8ClampedArray[], size: number): void {
    const pixels = this.#fit(size, Math.max(1, pictures.length) * size)
    for (const [i, picture] of pictures.entries()) paintValues(pixels.subarray(i * size * size), picture, false)
    this.#put()
  }

  #fit(width: number, height: number): Uint32Array {
    const { canvas } = this
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height]
    if (this.#image.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height)
      this.#pixels = new Uint32Array(this.#image.data.buffer)
    }
    return this.#pixels
  }

  #put(): void {
    this.canvas.getContext('2d')?.putImageData(this.#image, 0, 0)
  }
}
