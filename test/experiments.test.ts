// The experiments: each runs in its smoke form, and docs/experiments is what the committed results say.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fitQuadratic } from '../examples/experiments/frame/quadratic.ts'
import { corrupted } from '../examples/experiments/frame/random.ts'
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

test('a quadratic is found again', () => {
  // eigenvalues 5 and 1: [[3, 2], [2, 3]]
  const at = (u: number, v: number) => 7 - u + 2 * v + (3 * u * u + 4 * u * v + 3 * v * v) / 2
  const axis = [-1, -0.5, 0, 0.75, 1]
  const { eigenvalues, explained } = fitQuadratic(axis.flatMap((u) => axis.map((v) => [u, v, at(u, v)] as const)))
  assert.ok(Math.abs(eigenvalues[0] - 5) < 1e-9 && Math.abs(eigenvalues[1] - 1) < 1e-9, String(eigenvalues))
  assert.ok(Math.abs(explained - 1) < 1e-12)
})

test('as many labels are corrupted as asked for', () => {
  const labels = Int32Array.from({ length: 10_000 }, (_, i) => i % 10)
  const changed = (share: number) => corrupted(labels, share, 10, 3).filter((label, i) => label !== labels[i]).length
  assert.is(changed(0), 0)
  // a tenth of the redrawn ones stay the same
  assert.ok(Math.abs(changed(0.5) - 4500) < 200, String(changed(0.5)))
  assert.ok(Math.abs(changed(1) - 9000) < 200, String(changed(1)))
  assert.equal(corrupted(labels, 0.5, 10, 3), corrupted(labels, 0.5, 10, 3))
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
