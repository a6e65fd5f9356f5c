// The application that the runtimes run: an empty folder with the packed package installed, the scenario, the digits, and bundles.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { fileOf, MODULES, SHIPPED } from '../wasm.mjs'
import { npm, npmScript, run } from './install.mjs'

export const WORKER_CONDITIONS = ['workerd', 'worker', 'browser']

/** Packs the checkout and installs the tarball, without scripts, as a user would. */
export function createApp() {
  const folder = mkdtempSync(join(tmpdir(), 'fourlane-app-'))
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], process.cwd()))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  npm(['install', '--ignore-scripts', `./${filename}`], folder)
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const added = Object.keys(packages).filter((name) => name !== '')

  for (const file of readdirSync('test/runtimes')) {
    if (file.endsWith('.mjs')) cpSync(join('test/runtimes', file), join(folder, file))
  }
  const raw = (name) => gunzipSync(readFileSync(`examples/data/${name}`))
  const digits = {
    images: raw('digits-images-idx3-ubyte.gz').subarray(16).toString('base64'),
    labels: raw('digits-labels-idx1-ubyte.gz').subarray(8).toString('base64'),
  }
  writeFileSync(join(folder, 'digits.mjs'), `export const digits = ${JSON.stringify(digits)}\n`)
  cpSync('examples/edge-worker', join(folder, 'edge-worker'), { recursive: true })
  cpSync('examples/data', join(folder, 'data'), { recursive: true })
  cpSync('examples/deno-serve.ts', join(folder, 'deno-serve.ts'))
  run(process.execPath, ['edge-worker/train.mjs'], { cwd: folder })
  cpSync(join(folder, 'edge-worker/digits.safetensors'), join(folder, 'digits.safetensors'))
  return { folder, added, filename }
}

/** Installs the tarball again, with npm on another Node, and imports it there. */
export function installWith(node, { folder, filename }) {
  const elsewhere = mkdtempSync(join(tmpdir(), 'fourlane-install-'))
  try {
    writeFileSync(join(elsewhere, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--engine-strict']
    run(node, [npmScript(), ...args, join(folder, filename)], { cwd: elsewhere })
    run(node, ['--input-type=module', '-e', "await import('fourlane')"], { cwd: elsewhere })
  } finally {
    rmSync(elsewhere, { recursive: true, force: true })
  }
}

/** A worker bundled as its host's tool does it: with the host's conditions, wasm and model files next to it. */
export async function bundleWorker(entry, outdir) {
  await build({
    entryPoints: [entry],
    outfile: join(outdir, 'worker.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: WORKER_CONDITIONS,
    loader: { '.wasm': 'copy', '.safetensors': 'copy' },
    logLevel: 'warning',
  })
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="./page.js"></script>'

/** Ways to build the page for browsers; each returns the folder to serve. */
export const pages = {
  importMap,
  async esbuild({ folder }) {
    const outdir = join(folder, 'page-esbuild')
    await build({
      entryPoints: [join(folder, 'page.mjs')],
      outfile: join(outdir, 'page.js'),
      bundle: true,
      format: 'esm',
      logLevel: 'warning',
    })
    return finish(outdir, folder)
  },
  /** esbuild's default format for browsers, in which a bundle cannot await at its top level. */
  async iife({ folder }) {
    const outdir = join(folder, 'page-iife')
    await build({
      entryPoints: [join(folder, 'page.mjs')],
      outfile: join(outdir, 'page.js'),
      bundle: true,
      minify: true,
      logLevel: 'warning',
    })
    return finish(outdir, folder)
  },
  async rollup({ folder }, tools) {
    const outdir = join(folder, 'page-rollup')
    const { rollup } = await tool(tools, 'rollup')
    const { nodeResolve } = await tool(tools, '@rollup/plugin-node-resolve')
    const bundle = await rollup({ input: join(folder, 'page.mjs'), plugins: [nodeResolve({ browser: true })] })
    await bundle.write({ file: join(outdir, 'page.js'), format: 'es' })
    await bundle.close()
    return finish(outdir, folder)
  },
  async webpack({ folder }, tools) {
    const outdir = join(folder, 'page-webpack')
    await runWebpack(tools, {
      entry: join(folder, 'page.mjs'),
      target: 'web',
      output: { path: outdir, filename: 'page.js' },
    })
    return finish(outdir, folder)
  },
  async vite({ folder }, tools) {
    const { build: viteBuild } = await tool(tools, 'vite')
    const outDir = join(folder, 'page-vite')
    await viteBuild({
      root: viteRoot(folder),
      configFile: false,
      logLevel: 'warn',
      build: { outDir, emptyOutDir: true },
    })
    copyWasm(folder, outDir)
    return outDir
  },
}

async function runWebpack(tools, options) {
  const { default: webpack } = await tool(tools, 'webpack')
  await new Promise((resolve, reject) => {
    webpack({ mode: 'production', performance: { hints: false }, ...options }, (error, stats) => {
      const said = stats?.toString({ all: false, errors: true, warnings: true })
      if (error || said) reject(error ?? new Error(said))
      else resolve()
    })
  })
}

/** Checks tools that deploy to Node: a tracer must list the wasm files, and a bundle must find them, from any folder. */
export async function deploy({ folder }, tools, node) {
  const { nodeFileTrace } = await tool(tools, '@vercel/nft')
  const { fileList } = await nodeFileTrace([join(folder, 'cold.mjs')], { base: folder, processCwd: folder })
  for (const name of Object.keys(MODULES).flatMap((module) => SHIPPED.map((target) => fileOf(module, target)))) {
    if (![...fileList].some((file) => file.endsWith(`/${name}.wasm`))) throw new Error(`the tracer missed ${name}.wasm`)
  }
  const path = join(folder, 'bundle-node')
  await runWebpack(tools, {
    entry: join(folder, 'cold.mjs'),
    target: 'node20',
    output: { path, filename: 'cold.cjs' },
  })
  run(node, [join(path, 'cold.cjs')], { cwd: tmpdir() })
  return { note: 'traced by @vercel/nft, bundled by webpack' }
}

/** The unbundled installed files, with an import map. */
function importMap({ folder }) {
  const build = '/node_modules/fourlane/build'
  const names = { '#runtime': 'src/runtime/web.js' }
  for (const name of ['infer', 'features', 'int8', 'solve', 'train'])
    names[`#modules/${name}`] = `src/runtime/inlined/${name}.js`
  for (const name of ['core', 'predict']) names[`fourlane/${name}`] = `dist/${name}.js`
  names.fourlane = 'dist/full.js'
  const imports = Object.fromEntries(Object.entries(names).map(([name, path]) => [name, `${build}/${path}`]))
  const map = `<script type="importmap" nonce="map">${JSON.stringify({ imports })}</script>`
  writeFileSync(join(folder, 'index.html'), PAGE.replace('page.js', 'page.mjs').replace('<script', `${map}<script`))
  copyWasm(folder, folder)
  return folder
}

/** Copies the wasm files that the scenario loads by hand. */
function copyWasm(folder, to) {
  for (const file of ['simd.wasm', 'solve-simd.wasm']) {
    cpSync(join(folder, 'node_modules/fourlane/build', file), join(to, file))
  }
}

function finish(outdir, folder) {
  writeFileSync(join(outdir, 'index.html'), PAGE)
  copyWasm(folder, outdir)
  return outdir
}

function viteRoot(folder) {
  writeFileSync(join(folder, 'index.html'), PAGE.replace('page.js', 'page.mjs'))
  mkdirSync(join(folder, 'public'), { recursive: true })
  copyWasm(folder, join(folder, 'public'))
  return folder
}

/** Vite's development server with a handler for /result; returns its address and a function that stops it. */
export async function serveVite({ folder }, tools, onResult) {
  const { createServer } = await tool(tools, 'vite')
  const collect = {
    name: 'collect',
    configureServer(server) {
      server.middlewares.use('/result', onResult)
    },
  }
  const server = await createServer({
    root: viteRoot(folder),
    configFile: false,
    logLevel: 'error',
    plugins: [collect],
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null },
  })
  await server.listen()
  const { port } = server.httpServer.address()
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

/** A tool of the runtimes' folder. */
export async function tool(tools, name) {
  const require = createRequire(join(resolve(tools), 'package.json'))
  return import(pathToFileURL(require.resolve(name)).href)
}
