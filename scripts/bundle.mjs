// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file costs at start; annotated, because bundlers drop what an application does not use.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { minify } from 'terser'
import { packWasm } from './pack-wasm.mjs'
import { rollTypes } from './roll-types.mjs'

const SOURCES = 'build/src'
const RUNTIMES = `${SOURCES}/runtime`
const OUT = 'build/dist'
/** Entry points: their name in build/dist and in the package's exports, and their source. */
export const ENTRIES = { index: 'main', core: 'core', predict: 'predict', terminal: 'terminal', wide: 'wide' }

/** The one package that travels inside. */
const LOADER_LICENCE =
  '/*! @assemblyscript/loader: Daniel Wirtz and contributors, Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0 */'

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
  format: { preserve_annotations: true, ascii_only: true, comments: /^!/ },
}

const shippedCode = (path) => annotate(readFileSync(path, 'utf8').replace(PROSE, ''))

const shipped = {
  name: 'shipped',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]build[\\/]src[\\/].*\.js$/ }, ({ path }) => ({ contents: shippedCode(path) }))
    builder.onLoad({ filter: /@assemblyscript[\\/]loader/ }, ({ path }) => ({
      contents: `${LOADER_LICENCE}\n${readFileSync(path, 'utf8')}`,
    }))
  },
}

/**
 * Entries but `predict` reach all that `core` does, so that there are two shared files, what predicting takes and the rest. At start
 * the engine needs longer to find and link one more file than to skim functions that an entry does not use. Bundlers drop these.
 */
const twoShared = {
  name: 'two shared files',
  setup(builder) {
    const core = resolve(SOURCES, `${ENTRIES.core}.js`)
    builder.onResolve({ filter: /^all of core$/ }, () => ({ path: core, sideEffects: true }))
    builder.onLoad({ filter: /[\\/]build[\\/]src[\\/](?:main|wide)\.js$/ }, ({ path }) => ({
      contents: `import 'all of core'\n${shippedCode(path)}`,
    }))
  },
}

export async function bundle() {
  packWasm('build')
  rmSync(OUT, { recursive: true, force: true })
  const { terminal, ...connected } = ENTRIES
  // the terminal's drawings share no state with the rest: alone, it costs the others no file
  await buildEntries(connected, [twoShared, shipped])
  await buildEntries({ terminal }, [shipped])
  const scripts = (folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.js') && file !== 'bytes.js')
      .map((file) => join(folder, file))
  for (const file of [...scripts(OUT), ...scripts(RUNTIMES)]) {
    const { code } = await minify(readFileSync(file, 'utf8'), TERSE)
    writeFileSync(file, code)
  }
  const { index, core, ...others } = ENTRIES
  rollTypes(SOURCES, core, Object.values(others))
}

/** Bundles entry points that share modules. */
function buildEntries(entries, plugins) {
  return build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, `${SOURCES}/${source}.js`])),
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: ['#runtime', '#modules', 'node:*'],
    conditions: ['import'],
    mainFields: ['module', 'main'],
    // of a module without side effects, `all of core` is asked for to be near, not to run
    logOverride: { 'ignored-bare-import': 'silent' },
    // whitespace is left to terser, which keeps the annotations for the application's bundler
    legalComments: 'inline',
    minifySyntax: true,
    minifyIdentifiers: true,
    plugins,
    logLevel: 'warning',
  })
}

if (process.argv[1]?.endsWith('bundle.mjs')) await bundle()
