// The experiments: each runs in its smoke form, and docs/experiments is what the committed results say.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSvg } from './support/svg.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../' : '../', import.meta.url))
const docs = join(root, 'docs/experiments')

/** In a process of its own, since experiments import the package by its name, which may have to be built first. */
function experiment(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env
  return spawnSync(process.execPath, ['scripts/experiment.mjs', ...words], { cwd: root, encoding: 'utf8', env })
}

test('every experiment runs in its smoke form', () => {
  const { status, stdout, stderr } = experiment('all', '--smoke')
  assert.is(status, 0, stderr)
  const index = readFileSync(join(docs, 'README.md'), 'utf8')
  const count = index.match(/^\* /gm)?.length ?? 0
  assert.ok(count > 0)
  assert.is(stdout.match(/^Claim: /gm)?.length, count)
  assert.is(stdout.match(/^Verdict: /gm)?.length, count)
  assert.not.match(stdout, /undefined|NaN|\[object/)
})

test('the pages are what the results say', () => {
  const { status, stderr } = experiment('--check')
  assert.is(status, 0, `${stderr}run npm run experiment -- --pages`)
})

test('unknown names and options are refused', () => {
  for (const word of ['wilsen', '--smok']) {
    const { status, stderr } = experiment('wilson', word)
    assert.is(status, 2)
    assert.match(stderr, `"${word}" is not known`)
  }
})

for (const page of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
  test(`links of docs/experiments/${page} exist`, () => {
    const text = readFileSync(join(docs, page), 'utf8')
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      assert.ok(existsSync(join(docs, target)), `${page} links to ${target}`)
    assert.not.match(text, /undefined|NaN|\[object/)
  })
}

test('the pictures are charts with a text alternative', () => {
  const images = readdirSync(join(docs, 'images'))
  assert.ok(images.length > 0)
  for (const image of images) {
    const svg = readFileSync(join(docs, 'images', image), 'utf8')
    assert.ok(svg.length < 160_000, `${image}: ${svg.length} bytes`)
    readSvg(svg)
  }
})

test.run()
