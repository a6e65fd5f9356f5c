/** A strict parser for the XML that SVG needs: throws where a browser would show an error instead of a picture. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Element | string)[]
}

const NAME = /[A-Za-z_][\w.:-]*/y
const SPACE = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** @returns the root element */
export function parseXml(text: string): Element {
  if (FORBIDDEN.test(text)) throw new Error(`forbidden character at ${text.search(FORBIDDEN)}`)
  let at = 0
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${text.slice(at, at + 40)}`)
  }
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? fail(`expected ${pattern}`)
    at += found.length
    return found
  }
  const expect = (literal: string) => {
    if (!text.startsWith(literal, at)) fail(`expected ${literal}`)
    at += literal.length
  }
  const decode = (raw: string) => {
    if (raw.includes('<') || raw.includes(']]>')) fail('unescaped markup')
    return raw.replace(/&([^;]*;?)/g, (_, entity: string) => ENTITIES[entity.slice(0, -1)] ?? fail(`entity &${entity}`))
  }
  const attributes = () => {
    const found: Record<string, string> = {}
    for (;;) {
      const space = take(SPACE)
      if (text.startsWith('>', at) || text.startsWith('/>', at)) return found
      if (!space) fail('expected a space')
      const name = take(NAME)
      if (Object.hasOwn(found, name)) fail(`second ${name}`)
      expect('="')
      const end = text.indexOf('"', at)
      if (end < 0) fail('open attribute')
      found[name] = decode(text.slice(at, end))
      at = end + 1
    }
  }
  const element = (): Element => {
    expect('<')
    const name = take(NAME)
    const own = attributes()
    if (text.startsWith('/>', at)) {
      at += 2
      return { name, attributes: own, children: [] }
    }
    expect('>')
    const children: (Element | string)[] = []
    while (!text.startsWith('</', at)) {
      const next = text.indexOf('<', at)
      if (next < 0) fail(`open <${name}>`)
      if (next > at) children.push(decode(text.slice(at, next)))
      at = next
      if (!text.startsWith('</', at)) children.push(element())
    }
    expect(`</${name}>`)
    return { name, attributes: own, children }
  }
  const root = element()
  take(SPACE)
  if (at !== text.length) fail('more than one root')
  return root
}
