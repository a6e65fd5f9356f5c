// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file costs at start; annotated, because bundlers drop what an application does not use.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rollup } from '@rollup/wasm-node'
import { minify } from 'terser'
import { ENTRIES } from './entries.mjs'
import { packWasm } from './pack-wasm.mjs'
import { annotatePure } from './pure.mjs'
import { rollTypes } from './roll-types.mjs'

const SOURCES = resolve('build/src')
const RUNTIMES = `${SOURCES}/runtime`
const OUT = 'build/dist'

const external = {
  name: 'external',
  resolveId(id) {
    return /^(#|node:)/.test(id) ? { id, external: true } : undefined
  },
}

/**
 * The numbers that the machine and its compiler agree on (src/abi) stand in the code as they are, not as names to be looked up:
 * each module gets them to itself, and what a file declares for itself the minifier puts in its place.
 */
const ownNumbers = {
  name: 'own-numbers',
  resolveId(id, importer) {
    if (!importer || !id.startsWith('.')) return undefined
    const [from, owner = relative(SOURCES, importer)] = importer.split('?')
    const path = resolve(dirname(from), id)
    return path.startsWith(`${SOURCES}/abi/`) ? `${path}?${owner}` : undefined
  },
  load(id) {
    const [path, owner] = id.split('?')
    return owner === undefined ? undefined : readFileSync(path, 'utf8')
  },
}

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
  const input = Object.fromEntries(ENTRIES.map((name) => [name, `${SOURCES}/entries/${name}.js`]))
  const bundle = await rollup({
    input,
    plugins: [external, ownNumbers, annotatePure],
    preserveEntrySignatures: 'allow-extension',
    treeshake: { moduleSideEffects: false },
  })
  const closures = {}
  const { output } = await bundle.write({
    dir: OUT,
    format: 'es',
    hoistTransitiveImports: false,
    manualChunks(id, { getModuleInfo }) {
      for (const name of ['predictor', 'core']) closures[name] ??= closure(input[name], getModuleInfo)
      return Object.keys(closures).find((name) => closures[name].has(id))
    },
  })
  await bundle.close()
  const odd = output.filter(({ isEntry }) => !isEntry)
  if (odd.length > 0) throw new Error(`one file for each entry point, got also ${odd.map(({ fileName }) => fileName)}`)
}

/**
 * An uncaught error prints the line it comes from, and its stack names functions: so a statement a line, and public names as they
 * are. Annotations are for the application's bundler.
 */
const terse = (names) => ({
  module: true,
  ecma: 2020,
  compress: { passes: 3, sequences: false, join_vars: false },
  // Rollup tells a second one of a name by $1
  mangle: { reserved: names.flatMap((name) => [name, `${name}$1`]), keep_classnames: true },
  // letters beyond ASCII, escaped: an engine keeps and scans a text of one-byte letters in half the space
  format: { preserve_annotations: true, ascii_only: true, semicolons: false, max_line_len: 200 },
})

export async function bundle() {
  packWasm('build')
  rmSync(OUT, { recursive: true, force: true })
  await buildEntries()
  const scripts = (folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.js') && file !== 'bytes.js')
      .map((file) => join(folder, file))
  const modules = ENTRIES.map((name) => import(pathToFileURL(`${SOURCES}/entries/${name}.js`).href))
  const names = (await Promise.all(modules)).flatMap(Object.keys)
  for (const file of [...scripts(OUT), ...scripts(RUNTIMES)]) {
    const { code } = await minify(readFileSync(file, 'utf8'), terse(names))
    writeFileSync(file, code)
  }
  rollTypes(`${SOURCES}/entries`, 'core', ['predictor', 'terminal', 'wide'])
}

if (process.argv[1]?.endsWith('bundle.mjs')) await bundle()
