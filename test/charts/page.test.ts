// docs/charts.md: every chart and every option is there, and its pictures are charts. They are drawn by examples/charts.ts.
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as charts from '../../src/entries/charts.ts'
import { readSvg } from '../support/svg.ts'

const built = import.meta.url.includes('/build/')
const docs = new URL(built ? '../../../docs/' : '../../docs/', import.meta.url)
const page = readFileSync(new URL('charts.md', docs), 'utf8')

test('docs/charts.md has a section and a picture for every chart', () => {
  const sections = [...page.matchAll(/^## (\w+)\n\n!\[[^\]]+\]\((images\/[\w-]+\.svg)\)$/gm)]
  assert.equal(sections.map(([, name]) => name).sort(), Object.keys(charts).sort())
  for (const [, , image] of sections) {
    const file = new URL(image, docs)
    assert.ok(existsSync(file), `${image} is missing; run node build/examples/charts.js`)
    const svg = readFileSync(file, 'utf8')
    assert.ok(svg.length < 120_000, `${image}: ${svg.length} bytes`)
    assert.is(readSvg(svg).attributes.width, '640')
  }
})

test('docs/charts.md names every option', () => {
  const section = (title: string) => page.slice(page.indexOf(`## ${title}\n`)).split('\n## ')[0]
  for (const [name, draw] of Object.entries(charts) as [string, (options: object) => string][]) {
    // an error about an unknown option lists the known ones
    let message = ''
    try {
      draw({ qqqqqqqqqqqq: 1, values: [1], labels: ['a'], columns: 1, matrix: [1] })
    } catch (error) {
      message = (error as Error).message
    }
    const known = message.split('; known: ')[1]?.split(', ') ?? []
    assert.ok(known.length > 6, message)
    const text = section('All charts') + section(name) + (name === 'surface' ? section('contour') : '')
    for (const option of known) assert.match(text, new RegExp(`\`[^\`]*\\b${option}\\b[^\`]*\``), `${name}: ${option}`)
  }
})

test.run()
