// Runs the tests on the shipped build: which tests use public names, and where these are in build/dist.
// A name is public if a test's module exports the same value for it as an entry point.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseAst } from 'rollup/parseAst'
import { ENTRIES } from './entries.mjs'

const [SRC, TEST, DIST] = ['src', 'test', 'dist'].map((folder) => resolve('build', folder))
const load = (path) => import(pathToFileURL(path).href)

/** Imports of a compiled file: path -> imported names, or undefined for a namespace import. */
function importsOf(path) {
  const found = new Map()
  for (const { source, specifiers = [] } of parseAst(readFileSync(path, 'utf8')).body) {
    if (!source?.value.startsWith('.')) continue
    const target = resolve(dirname(path), source.value)
    const whole = specifiers.some(({ type }) => type === 'ImportNamespaceSpecifier')
    const names = whole ? undefined : specifiers.map(({ imported, local }) => (imported ?? local).name)
    const before = found.has(target) ? found.get(target) : []
    found.set(target, before && names && [...before, ...names])
  }
  return found
}

/**
 * What tests may also import from build/src: plain functions and lists of frozen rows, without state or `instanceof`
 * checks, so that a second copy of them does no harm.
 */
const PLAIN = ['abi', 'formats', 'lib', 'optimizers', 'training/callbacks/callback.js', 'runtime/node.js']

/** The entry point of build/dist with these names of a module of build/src, if there is one. */
async function entryFor(path, names) {
  const own = ENTRIES.find((name) => path === `${SRC}/entries/${name}.js`)
  if (own || !names) return own
  const module = await load(path)
  for (const entry of ENTRIES) {
    const values = await load(`${SRC}/entries/${entry}.js`)
    if (names.every((name) => module[name] === values[name])) return entry
  }
  return undefined
}

/**
 * Test files, relative to build/test, and the redirections that their imports need: importing file -> module of build/src -> file of
 * build/dist. Redirections of entry points, which tests run in fresh processes, have the key ''.
 */
export async function publicTests() {
  const redirections = {}
  const redirect = (importer, path, entry) => {
    redirections[importer] ??= {}
    redirections[importer][pathToFileURL(path).href] = pathToFileURL(`${DIST}/${entry}.js`).href
  }
  for (const entry of ENTRIES) redirect('', `${SRC}/entries/${entry}.js`, entry)
  redirect('', `${SRC}/entries/public.js`, 'core')

  /** Whether a file, and all of build/test that it imports, works on build/dist; and whether any of it uses that. */
  async function judge(path) {
    let used = false
    for (const [target, names] of importsOf(path)) {
      if (target.startsWith(`${TEST}/`)) {
        const below = await judgeOnce(target)
        if (!below.fits) return below
        used ||= below.used
      } else if (target.startsWith(`${SRC}/`)) {
        const entry = await entryFor(target, names)
        if (entry !== undefined) {
          redirect(pathToFileURL(path).href, target, entry)
          used = true
        } else if (!PLAIN.some((plain) => target === `${SRC}/${plain}` || target.startsWith(`${SRC}/${plain}/`))) {
          return { fits: false, used }
        }
      }
    }
    return { fits: true, used }
  }
  const known = new Map()
  const judgeOnce = (path) => known.get(path) ?? known.set(path, judge(path)).get(path)

  const all = readdirSync(TEST, { recursive: true }).filter((file) => file.endsWith('.test.js'))
  const files = []
  for (const file of all.sort()) {
    const { fits, used } = await judgeOnce(resolve(TEST, file))
    if (fits && used) files.push(file)
  }
  return { files, others: all.length - files.length, redirections }
}
