// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file costs at start; annotated, because bundlers drop what an application does not use.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import { rollup } from 'rollup'
import { minify } from 'terser'
import { closureOf } from './closure.mjs'
import { COMMANDS, ENTRIES } from './entries.mjs'
import { markPure } from './pure.mjs'
import { rollTypes } from './roll-types.mjs'

const SOURCES = resolve('build/src')
const RUNTIMES = `${SOURCES}/runtime`
const OUT = 'build/dist'

const external = {
  name: 'external',
  resolveId(id) {
    return /^(#|node:|(hyparquet|koffi)$)/.test(id) ? { id, external: true } : undefined
  },
}

/**
 * The numbers that the machine and its compiler agree on (src/abi) stand in the code as they are, not as names to be looked up:
 * what a module imports from there is defined for it, and the import goes.
 */
const inlinedNumbers = {
  name: 'inlined-numbers',
  async transform(code, id) {
    const define = {}
    let rest = code
    for (const { type, source, specifiers, start, end } of this.parse(code).body.reverse()) {
      if (type !== 'ImportDeclaration') continue
      const path = resolve(dirname(id), source.value)
      if (!path.startsWith(`${SOURCES}/abi/`)) continue
      const numbers = await import(pathToFileURL(path).href)
      for (const { local, imported } of specifiers) {
        const names = imported
          ? [[local.name, imported.name]]
          : Object.keys(numbers).map((name) => [`${local.name}.${name}`, name])
        for (const [place, name] of names) define[place] = String(numbers[name])
      }
      rest = rest.slice(0, start) + rest.slice(end)
    }
    return rest === code ? undefined : { code: (await transform(rest, { define, target: 'es2022' })).code, map: null }
  },
}

/**
 * Two entry points hold the code of models, `predictor` what predicting takes, quantized ones too, and `core` the rest, `tablePredictor` what reads rows
 * of tables, and `formats` what the command takes too; the others import it from them. Another
 * file for what models share would be neater, since internals leave `predictor` as exports with names of a letter or two, but at
 * start the engine needs longer to find and link one more file than for all it runs of one.
 */
async function buildEntries() {
  const input = {
    ...Object.fromEntries(ENTRIES.map((name) => [name, `${SOURCES}/entries/${name}.js`])),
    ...Object.fromEntries(COMMANDS.map((name) => [name, `${SOURCES}/${name}/bin.js`])),
  }
  const bundle = await rollup({
    input,
    plugins: [external, inlinedNumbers],
    preserveEntrySignatures: 'allow-extension',
    treeshake: { moduleSideEffects: false },
  })
  const { output } = await bundle.write({
    dir: OUT,
    format: 'es',
    hoistTransitiveImports: false,
    manualChunks(id, { getModuleInfo }) {
      const holds = (name) => closureOf(input[name], getModuleInfo).has(id)
      if (id.endsWith('/int8Predictor.js') && id.includes('/entries/')) return undefined
      if (holds('int8Predictor')) return 'predictor'
      return ['predictor', 'tablePredictor', 'core', 'formats', 'table', 'charts'].find(holds)
    },
  })
  await bundle.close()
  const odd = output.filter(({ isEntry }) => !isEntry)
  if (odd.length > 0) throw new Error(`one file for each entry point, got also ${odd.map(({ fileName }) => fileName)}`)
}

/**
 * An uncaught error prints the line it comes from, and its stack names functions: so a statement a line, and public names as they
 * are; Rollup tells a second one of a name by $1.
 */
const terse = (names) => ({
  module: true,
  ecma: 2020,
  // functions put in where they are called once make bundles larger, not smaller, after another minifier has renamed all;
  // and alike stands by alike, which packs better, where functions come first
  compress: { passes: 3, sequences: false, join_vars: false, reduce_funcs: false, hoist_funs: true },
  mangle: { reserved: names.flatMap((name) => [name, `${name}$1`]), keep_classnames: true },
  // letters beyond ASCII, escaped: an engine keeps and scans a text of one-byte letters in half the space; what bundlers are told stays
  format: { ascii_only: true, semicolons: false, max_line_len: 200, comments: /webpackIgnore|@vite-ignore/ },
})

/**
 * Imports of wasm last. Bundlers put modules in the order of imports, and wasm as text that stands amid JavaScript would be
 * compressed with it, though the two have nothing in common.
 */
function wasmLast(code) {
  const lines = code.split('\n')
  const isWasm = (line) => /^import.*"#modules\//.test(line)
  return [...lines.filter((line) => !isWasm(line)), ...lines.filter(isWasm)].join('\n')
}

export async function bundle() {
  rmSync(OUT, { recursive: true, force: true })
  await buildEntries()
  const scripts = (folder) =>
    readdirSync(folder, { recursive: true })
      .filter((file) => file.endsWith('.js') && !file.startsWith('bytes'))
      .map((file) => join(folder, file))
  const modules = ENTRIES.map((name) => import(pathToFileURL(`${SOURCES}/entries/${name}.js`).href))
  const names = (await Promise.all(modules)).flatMap(Object.keys)
  for (const file of [...scripts(OUT), ...scripts(RUNTIMES)]) {
    const { code } = await minify(readFileSync(file, 'utf8'), terse(names))
    // a command is run, not imported
    const isCommand = COMMANDS.some((name) => file === join(OUT, `${name}.js`))
    writeFileSync(file, file.startsWith(OUT) && !isCommand ? wasmLast(markPure(code)) : code)
  }
  await rollTypes(SOURCES, OUT)
}

if (process.argv[1]?.endsWith('bundle.mjs')) await bundle()
