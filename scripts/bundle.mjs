// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file costs at start; annotated, because bundlers drop what an application does not use.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { minify } from 'terser'
import { packWasm } from './pack-wasm.mjs'
import { rollTypes } from './roll-types.mjs'

const SOURCES = 'build/src'
const OUT = 'build/dist'
/** Entry points: their name in build/dist and in the package's exports, and their source. */
export const ENTRIES = { index: 'main', core: 'core', predict: 'predict', terminal: 'terminal', wide: 'wide' }

/** What catalogue rows say for the reference pages only: strings that no code reads. */
const PROSE =
  /^\s+(?:equation|derivative|gradient|source|pytorch|keras|scikitLearn|equivalent|use|signature|does|call|state|title): (['"`])(?:\\.|(?!\1).)*\1,?\n/gm

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

const shipped = {
  name: 'shipped',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]build[\\/]src[\\/].*\.js$/ }, ({ path }) => ({
      contents: annotate(readFileSync(path, 'utf8').replace(PROSE, '')),
    }))
  },
}

export async function bundle() {
  packWasm('build')
  rmSync(OUT, { recursive: true, force: true })
  const { terminal, ...connected } = ENTRIES
  // the terminal's drawings share no state with the rest: alone, it costs the others no file
  for (const entries of [connected, { terminal }]) await buildEntries(entries)
  for (const file of readdirSync(OUT)) {
    const { code } = await minify(readFileSync(join(OUT, file), 'utf8'), {
      module: true,
      compress: false,
      mangle: false,
      ecma: 2020,
      format: { preserve_annotations: true },
    })
    writeFileSync(join(OUT, file), code)
  }
  const { index, core, ...others } = ENTRIES
  rollTypes(SOURCES, core, Object.values(others))
}

/** Bundles entry points that share modules. */
function buildEntries(entries) {
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
    // whitespace is left to terser, which keeps the annotations for the application's bundler
    minifySyntax: true,
    minifyIdentifiers: true,
    plugins: [shipped],
    logLevel: 'warning',
  })
}

if (process.argv[1]?.endsWith('bundle.mjs')) await bundle()
