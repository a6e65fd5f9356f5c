/** What charts drew, read back from their SVG. */
import * as assert from 'uvu/assert'
import { type Element, parseXml } from './xml.ts'

export type Point = readonly [x: number, y: number]

/** All elements of a tree, the root included. */
export function all(root: Element, name?: string): Element[] {
  const inside = root.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, name)))
  return name === undefined || root.name === name ? [root, ...inside] : inside
}

export const contentOf = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : contentOf(child))).join('')

/** Parses a chart and checks what holds for every one. */
export function readSvg(svg: string): Element {
  const root = parseXml(svg)
  assert.is(root.name, 'svg')
  assert.is(root.attributes.xmlns, 'http://www.w3.org/2000/svg')
  assert.is(root.attributes.role, 'img')
  const { width, height, id } = root.attributes
  assert.is(root.attributes.viewBox, `0 0 ${width} ${height}`)
  const ids = all(root).flatMap(({ attributes }) => attributes.id ?? [])
  assert.is(new Set(ids).size, ids.length, 'ids are unique')
  for (const own of ids) assert.ok(own === id || own.startsWith(`${id}-`), own)
  const named = (root.attributes['aria-labelledby'] ?? '').split(' ')
  assert.equal(
    named.map((own) => all(root).find(({ attributes }) => attributes.id === own)?.name),
    ['title', 'desc'],
  )
  assert.ok(contentOf(all(root, 'title')[0]).length > 0)
  assert.ok(contentOf(all(root, 'desc')[0]).length > 0)
  // every rule is the chart's own, and every class has one
  const style = contentOf(all(root, 'style')[0])
  const selectors = [...style.replace(/@media\([^)]*\)\{(.*?\})\}/g, '$1').matchAll(/([^{}]+)\{[^}]*\}/g)].map(
    ([, own]) => own,
  )
  for (const selector of selectors) assert.ok(selector === `#${id}` || selector.startsWith(`#${id} `), selector)
  for (const { attributes } of all(root)) {
    for (const name of attributes.class?.split(' ') ?? []) assert.ok(selectors.includes(`#${id} .${name}`), name)
    for (const [name, value] of Object.entries(attributes)) {
      assert.not.match(value, /NaN|Infinity|undefined|null/, name)
      if (['d', 'x', 'y', 'width', 'height'].includes(name)) assert.not.match(value, /\d\.\d{3}|e/, name)
      const target = value.match(/url\(#(.*)\)/)?.[1]
      if (target) assert.ok(ids.includes(target), target)
    }
  }
  return root
}

/** Elements with a clip path, and what is in them: the data. */
export const marks = (root: Element): Element[] =>
  all(root)
    .filter(({ attributes }) => 'clip-path' in attributes)
    .flatMap((group) => all(group).slice(1))

/** Corners of a path, one list for each part of it. */
export function pathPoints(d: string): Point[][] {
  const tokens = [...d.matchAll(/[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)/g)].map(([token]) => token)
  const parts: Point[][] = []
  let [x, y] = [0, 0]
  let command = ''
  for (let i = 0; i < tokens.length; ) {
    if (/[A-Za-z]/.test(tokens[i])) command = tokens[i++]
    const relative = command === command.toLowerCase()
    const next = (from: number) => Number(tokens[i++]) + (relative ? from : 0)
    const kind = command.toUpperCase()
    if (kind === 'Z') {
      ;[x, y] = parts[parts.length - 1][0]
      continue
    }
    if (kind === 'H') x = next(x)
    else if (kind === 'V') y = next(y)
    else if (kind === 'M' || kind === 'L') [x, y] = [next(x), next(y)]
    else throw new Error(`path command ${command}`)
    assert.ok(Number.isFinite(x) && Number.isFinite(y), d)
    if (kind === 'M') {
      parts.push([])
      // further pairs after a move are lines
      command = relative ? 'l' : 'L'
    }
    parts[parts.length - 1].push([x, y])
  }
  return parts
}

/** Texts with their places; those that are turned have none. */
export function texts(root: Element): { text: string; x: number; y: number; anchor: string; size: number }[] {
  return all(root, 'text')
    .filter(({ attributes }) => 'x' in attributes)
    .map((element) => {
      const { x, y, 'text-anchor': anchor = 'start', 'font-size': size = '12' } = element.attributes
      return { text: contentOf(element), x: Number(x), y: Number(y), anchor, size: Number(size) }
    })
}

/** A number as labels write it. */
export function toNumber(label: string): number {
  const plain = label
    .replace('−', '-')
    .replaceAll(',', '')
    .replace(/×?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (all, power: string) => {
      const digits = power.replace('⁻', '-').replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => `${'⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)}`)
      return `${all.startsWith('×') ? '' : '1'}e${digits}`
    })
  return plain === '' ? Number.NaN : Number(plain)
}

/** Labelled ticks of the two axes, from left to right and from bottom to top; `at` in pixels. */
export function axisTicks(root: Element): { x: { value: number; at: number }[]; y: { value: number; at: number }[] } {
  const numbers = texts(root).filter(({ text }) => Number.isFinite(toNumber(text)))
  const bottom = Math.max(...numbers.filter(({ anchor }) => anchor === 'middle').map(({ y }) => y))
  const x = numbers
    .filter(({ anchor, y }) => anchor === 'middle' && Math.abs(y - bottom) < 1)
    .map(({ text, x }) => ({ value: toNumber(text), at: x }))
  const y = numbers
    .filter(({ anchor }) => anchor === 'end')
    .map(({ text, y, size }) => ({ value: toNumber(text), at: y - size * 0.36 }))
  return { x, y }
}

/** From pixels to values, by the first and last tick of an axis; on a log scale between logarithms. */
export function inverse(ticks: readonly { value: number; at: number }[], log = false): (at: number) => number {
  const [first, last] = [ticks[0], ticks[ticks.length - 1]]
  const forth = log ? Math.log : (value: number) => value
  const back = log ? Math.exp : (value: number) => value
  return (at) =>
    back(forth(first.value) + ((at - first.at) / (last.at - first.at)) * (forth(last.value) - forth(first.value)))
}
