// Vercel's edge runtime, in which its tools run edge functions: the scenario behind its fetch event.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { tool } from './app.mjs'
import { allowRelaxedSimd } from './install.mjs'

/**
 * What the host's bundler makes of `import x from 'file.wasm?module'`: a global that holds the compiled module.
 * @param {Record<string, WebAssembly.Module>} modules receives them.
 */
const wasmModules = (modules) => ({
  name: 'wasm modules',
  setup(builder) {
    builder.onResolve({ filter: /\.wasm\?module$/ }, async ({ path, ...where }) => {
      const file = await builder.resolve(path.replace(/\?module$/, ''), {
        kind: where.kind,
        resolveDir: where.resolveDir,
      })
      return { path: file.path, namespace: 'wasm' }
    })
    builder.onLoad({ filter: /./, namespace: 'wasm' }, ({ path }) => {
      const name = `wasm_${Object.keys(modules).length}`
      modules[name] = new WebAssembly.Module(readFileSync(path))
      return { contents: `export default globalThis.${name}` }
    })
  },
})

export async function runInEdgeLight({ folder }, tools) {
  allowRelaxedSimd()
  const modules = {}
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'edge-light.mjs')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    conditions: ['edge-light', 'browser'],
    plugins: [wasmModules(modules)],
    write: false,
    logLevel: 'warning',
  })
  const { EdgeRuntime } = await tool(tools, 'edge-runtime')
  const runtime = new EdgeRuntime({
    initialCode: outputFiles[0].text,
    extend: (context) => Object.assign(context, modules),
    // as on the host: no code from text, no modules from bytes
    codeGeneration: { strings: false, wasm: false },
  })
  const response = await runtime.dispatchFetch('http://localhost/')
  await response.waitUntil()
  return response.json()
}
