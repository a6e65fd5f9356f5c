// Shows what a bundle consists of: `node scripts/weigh.mjs [NAME,NAME] [ENTRY]` bundles and minifies an application that imports these names from build/src,
// and prints the bytes that remain of every folder and module. Defaults: sequential, full.
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { markPure } from './pure.mjs'

const [names = 'sequential', entry = 'full'] = process.argv.slice(2)
const SOURCES = resolve('build/src')

/** Modules as the package ships them: computations are marked pure, and constants of src/abi are inlined. */
const shipped = {
  name: 'shipped',
  setup({ onLoad }) {
    onLoad({ filter: /build\/src\/.*\.js$/ }, ({ path }) => ({
      contents: path.includes('/runtime/bytes/') ? readFileSync(path, 'utf8') : markPure(readFileSync(path, 'utf8')),
      resolveDir: dirname(path),
    }))
  },
}

const { metafile, outputFiles } = await build({
  stdin: { contents: `import { ${names} } from './entries/${entry}.js'\nconsole.log(${names})`, resolveDir: SOURCES },
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
  metafile: true,
  plugins: [shipped],
})
const [{ contents }] = outputFiles
const modules = Object.entries(Object.values(metafile.outputs)[0].inputs)
  .map(([path, { bytesInOutput }]) => ({ path: relative(SOURCES, resolve(path)), bytes: bytesInOutput }))
  .filter(({ bytes }) => bytes > 0)
  .sort((a, b) => b.bytes - a.bytes)
const rooms = new Map()
for (const module of modules) {
  const room = module.path.split('/')[0]
  rooms.set(room, [...(rooms.get(room) ?? []), module])
}
const sum = (list) => list.reduce((total, { bytes }) => total + bytes, 0)
const print = (bytes, name) => console.log(`${String(bytes).padStart(8)}  ${name}`)
for (const [room, list] of [...rooms].sort(([, a], [, b]) => sum(b) - sum(a)))
  print(sum(list), `${room}/ (${list.length})`)
console.log()
for (const { path, bytes } of modules) print(bytes, path)
console.log(`\n${contents.length} bytes, ${gzipSync(contents, { level: 9 }).length} gzipped`)
