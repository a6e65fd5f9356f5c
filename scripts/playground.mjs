// The playground in a browser, using the package as users do: `npm run playground`, `npm run playground:build`, `npm run test:playground`.
// Its tools and libraries are in playground/node_modules, so that nothing else installs them.
import './ready.mjs'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { npm, run } from './runtimes/install.mjs'

const FOLDER = resolve('playground')

/** Installs the page's build tools. */
export function installPlayground() {
  if (existsSync(join(FOLDER, 'node_modules/vite'))) return
  console.log('installing what the playground is built with ...')
  npm(['install', '--ignore-scripts'], FOLDER)
}

/** Vite, which serves and builds the page. */
export const vite = () => import(join(FOLDER, 'node_modules/vite/dist/node/index.js'))

/** Checks the types and writes playground/dist: static files for any host. */
export async function buildPlayground() {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '--project', FOLDER])
  const { build } = await vite()
  await build({ root: FOLDER, logLevel: 'warn' })
}

installPlayground()
const [command = 'serve'] = process.argv.slice(2)
if (command === 'build') {
  await buildPlayground()
  console.log('playground/dist holds the page')
} else if (command === 'test') {
  await buildPlayground()
  await import('./playground/test.mjs')
} else {
  const { createServer } = await vite()
  const server = await createServer({ root: FOLDER })
  await server.listen()
  server.printUrls()
}
