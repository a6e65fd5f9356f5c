/** Text in pictures: escaped for XML, measured without a font, truncated to a width. */

/** Characters that XML 1.0 forbids, and other control characters; replaced by spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|\p{Surrogate}/gu

/** One line of at most `longest` characters including an ellipsis; user-supplied text may have any length. */
export function clean(text: string, longest: number): string {
  const line = text
    .slice(0, 4 * longest)
    .replace(FORBIDDEN, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const characters = Array.from(line)
  if (characters.length <= longest && text.length <= 4 * longest) return line
  return `${characters.slice(0, longest - 1).join('')}…`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** For element content and for attributes in double quotes. */
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character])

/**
 * Advance widths in em, by kind of character: those of DejaVu Sans, the widest common `sans-serif` font,
 * so that layouts also have room in Helvetica, Arial, Roboto and Segoe UI.
 */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[\p{Mark}\u200b-\u200f]/u, 0],
  [/[ijlI'.,:;|! ]/, 0.33],
  [/[⁰¹²³⁴-⁹⁻fJrt()[\]/\\-]/u, 0.42],
  [/[mwMW@%…\u2e80-\u{3ffff}]/u, 1],
  [/[+=<>~^#−×→\p{Lu}]/u, 0.78],
]
const OTHER_WIDTH = 0.63

const widthOf = (character: string) => WIDTHS.find(([kind]) => kind.test(character))?.[1] ?? OTHER_WIDTH

/** Estimated width of a text in pixels, rounded up. */
export function textWidth(text: string, size: number): number {
  let em = 0
  for (const character of text) em += widthOf(character)
  return em * size
}

/** The text, or its beginning and an ellipsis if it does not fit; at least one character. */
export function fitText(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text
  const room = width / size - widthOf('…')
  let fitting = ''
  let em = 0
  for (const character of text) {
    em += widthOf(character)
    if (em > room && fitting) break
    fitting += character
  }
  return `${fitting.trimEnd()}…`
}
