// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file costs at start; annotated, because bundlers drop what an application does not use.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rollup } from '@rollup/wasm-node'
import { transformSync } from 'esbuild'
import { minify } from 'terser'
import { packWasm } from './pack-wasm.mjs'
import { rollTypes } from './roll-types.mjs'

const SOURCES = 'build/src'
const RUNTIMES = `${SOURCES}/runtime`
const OUT = 'build/dist'
/** Entry points: their name in build/dist and in the package's exports, and their source. */
export const ENTRIES = {
  index: 'full',
  core: 'core',
  predict: 'predict',
  predictor: 'predictor',
  terminal: 'terminal',
  wide: 'wide',
}

/** What catalogue rows say for the reference pages only: strings that no code reads. */
const PROSE =
  /^\s+(?:equation|derivative|gradient|reduction|source|pytorch|keras|scikitLearn|equivalent|use|signature|does|call|state|title): (?:[A-Z]\w+|(['"`])(?:\\.|(?!\1)[^\\])*\1),?\n/gm

/**
 * Importing has no effects anywhere in src/: what a module computes at its top level may be dropped when nobody asks for it.
 * Bundlers believe it of annotated calls; a spread they take for an effect, unless it is inside such a call.
 */
const annotate = (code) =>
  code
    .replace(/^((?:export )?const \w+ = )(?=(?:new )?[\w.]+\()/gm, '$1/* @__PURE__ */ ')
    .replace(/^( {4}\w+: )(?=[\w.]+\()/gm, '$1/* @__PURE__ */ ')
    .replace(/^((?:export )?const \w+ = )(\{\n[\s\S]*?\n\});?$/gm, (all, name, object) =>
      object.includes('...') ? `${name}/* @__PURE__ */ Object(${object});` : all,
    )

/** Annotations are for the application's bundler. */
const TERSE = {
  module: true,
  ecma: 2020,
  compress: { passes: 3 },
  mangle: true,
  // letters beyond ASCII, escaped: an engine keeps and scans a text of one-byte letters in half the space
  format: { preserve_annotations: true, ascii_only: true },
}

/** The numbers of src/abi stand in the code as they are, not as names to be looked up. */
async function inlineNumbers() {
  const folder = resolve(SOURCES, 'abi')
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'))
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(folder, file)).href)))
  const numbers = Object.assign({}, ...modules)
  const define = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]))
  const imports = /^import (?:\{[^}]*\}|\* as (\w+)) from '[./]+abi\/\w+\.js';$/gm
  return (code) => {
    const spaces = Array.from(code.matchAll(imports), ([, space]) => space).filter(Boolean)
    const members = spaces.flatMap((space) =>
      Object.entries(define).map(([name, value]) => [`${space}.${name}`, value]),
    )
    return transformSync(code.replace(imports, ''), {
      define: { ...define, ...Object.fromEntries(members) },
      target: 'es2022',
    }).code
  }
}

const shipped = (inlined) => ({
  name: 'shipped',
  resolveId(id) {
    return /^(#|node:)/.test(id) ? { id, external: true } : undefined
  },
  transform(code) {
    return { code: annotate(inlined(code.replace(PROSE, ''))), map: null }
  },
})

/** All that a module takes to work, itself included. */
function closure(entry, getModuleInfo) {
  const found = new Set()
  const visit = (id) => {
    if (found.has(id) || !getModuleInfo(id)?.code) return
    found.add(id)
    getModuleInfo(id).importedIds.forEach(visit)
  }
  visit(entry)
  return found
}

/**
 * Two entry points hold the code, `predictor` what predicting takes and `core` the rest; the others import it from them. A third
 * file for what they share would be neater, since internals leave `predictor` as exports with names of a letter or two, but at
 * start the engine needs longer to find and link one more file than for all it runs of one.
 */
async function buildEntries() {
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, source]) => [name, `${SOURCES}/entries/${source}.js`]),
  )
  const bundle = await rollup({
    input,
    plugins: [shipped(await inlineNumbers())],
    preserveEntrySignatures: 'allow-extension',
    treeshake: { moduleSideEffects: false },
  })
  const closures = {}
  const { output } = await bundle.write({
    dir: OUT,
    format: 'es',
    hoistTransitiveImports: false,
    manualChunks(id, { getModuleInfo }) {
      for (const name of ['predictor', 'core']) closures[name] ??= closure(resolve(input[name]), getModuleInfo)
      return Object.keys(closures).find((name) => closures[name].has(id))
    },
  })
  await bundle.close()
  const odd = output.filter(({ isEntry }) => !isEntry)
  if (odd.length > 0) throw new Error(`one file for each entry point, got also ${odd.map(({ fileName }) => fileName)}`)
}

export async function bundle() {
  packWasm('build')
  rmSync(OUT, { recursive: true, force: true })
  await buildEntries()
  const scripts = (folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.js') && file !== 'bytes.js')
      .map((file) => join(folder, file))
  for (const file of [...scripts(OUT), ...scripts(RUNTIMES)]) {
    const { code } = await minify(readFileSync(file, 'utf8'), TERSE)
    writeFileSync(file, code)
  }
  const { index, predict, core, ...others } = ENTRIES
  rollTypes(`${SOURCES}/entries`, core, Object.values(others))
}

if (process.argv[1]?.endsWith('bundle.mjs')) await bundle()
