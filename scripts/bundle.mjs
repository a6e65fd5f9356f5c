// From tsc's output to what the package ships: few small files of JavaScript, the wasm as text for browsers, types without internals.
// Few files, because every file adds to start-up time; annotated as pure, so that bundlers can drop what an application does not use.
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
 * Inlines the constants shared by machine and compiler (src/abi): replaces the imported names by their values
 * and removes the import.
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
 * The code of models is in two entry points: `predictor` has what prediction needs, quantized models included, `core` the rest.
 * `tablePredictor` has the code that reads table rows, `formats` what the command also needs; other entries import from these. A separate
 * file for shared code would be cleaner, since internals leave `predictor` as exports with names of one or two letters, but at
 * start-up, resolving and linking one more file takes longer than evaluating it.
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
 * An uncaught error prints its source line, and its stack names functions: hence one statement per line, and public names
 * kept; Rollup distinguishes duplicates by a suffix such as $1.
 */
const terse = (names) => ({
  module: true,
  ecma: 2020,
  // inlining functions that are called once makes bundles larger, not smaller, after another minifier has renamed everything;
  // and hoisting functions puts similar code together, which compresses better
  compress: { passes: 3, sequences: false, join_vars: false, reduce_funcs: false, hoist_funs: true },
  mangle: { reserved: names.flatMap((name) => [name, `${name}$1`]), keep_classnames: true },
  // non-ASCII characters escaped: engines store one-byte strings in half the space and scan them faster; keep comments for bundlers
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
