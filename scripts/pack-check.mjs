// Checks what `npm pack` would ship: files, sizes, manifest, types, and what bundlers keep. `npm run test:package`.
import './ready.mjs'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { COMMANDS, ENTRIES } from './entries.mjs'
import { createApp } from './runtimes/app.mjs'
import { allowRelaxedSimd, installRuntimes, npm, run } from './runtimes/install.mjs'
import { fileOf, MODULES, SHIPPED } from './wasm.mjs'

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE)$/,
  /^build\/((infer|solve|int8|features)-)?(simd|relaxed)\.wasm$/,
  /^build\/dist\/[\w-]+(\.d\.ts|\.js)$/,
  /^build\/src\/runtime\/([\w-]+\/)?[\w-]+\.js$/,
]
/** In bytes: targets, and the limits that are enforced today. */
const SIZES = {
  unpacked: { goal: 250_000, limit: 1_390_000 },
  wasm: {
    train: { goal: 64_000, limit: 75_000 },
    infer: { goal: 20_000, limit: 23_000 },
    solve: { goal: 48_000, limit: 56_000 },
    int8: { goal: 20_000, limit: 24_000 },
    features: { goal: 10_000, limit: 16_000 },
  },
  predict: { goal: 26_000, limit: 27_500 },
  train: { goal: 65_000, limit: 83_000 },
  formats: { goal: 30_000, limit: 45_000 },
  types: { goal: 71_000, limit: 209_500 },
}
allowRelaxedSimd()

let passed = 0
let failed = 0
let aboveGoal = 0
async function check(name, work) {
  try {
    const note = await work()
    const missed = note?.includes('above the goal')
    if (missed) aboveGoal++
    else passed++
    console.log(`${missed ? 'ABOVE GOAL' : 'passed'}  ${name}${note ? `: ${note}` : ''}`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}: ${error.message}`)
  }
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
function weigh(size, { goal, limit }) {
  if (size > limit) throw new Error(`${kilobytes(size)}, the limit is ${kilobytes(limit)}`)
  return size > goal
    ? `${kilobytes(size)}, above the goal of ${kilobytes(goal)}`
    : `${kilobytes(size)} of ${kilobytes(goal)}`
}

const { folder: tools } = installRuntimes()
const bin = (name) => join(tools, 'node_modules/.bin', name)
const app = createApp()
const [pack] = JSON.parse(npm(['pack', '--dry-run', '--json'], process.cwd()))
const tarball = join(app.folder, pack.filename)

/** A one-line application, bundled and minified for browsers. */
async function bundled(code) {
  const entry = join(app.folder, 'entry.mjs')
  writeFileSync(entry, code)
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0].contents
}

try {
  await check('only what users need', () => {
    const odd = pack.files.map(({ path }) => path).filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))
    if (odd.length > 0) throw new Error(odd.join(', '))
    return `${pack.files.length} files, ${kilobytes(pack.size)} packed`
  })
  await check('few files to open at start', () => {
    const files = pack.files.filter(({ path }) => path.startsWith('build/dist/') && path.endsWith('.js'))
    const shared = files.filter(({ path }) => ![...ENTRIES, ...COMMANDS].includes(basename(path, '.js')))
    if (shared.length > 0) throw new Error(shared.map(({ path }) => path).join(', '))
    return `${files.length} entry points share no further file`
  })
  await check('types', () => {
    const types = pack.files.filter(({ path }) => path.endsWith('.d.ts'))
    return weigh(
      types.reduce((sum, { size }) => sum + size, 0),
      SIZES.types,
    )
  })
  await check('unpacked size', () => {
    const kinds = { wasm: /\.wasm$/, 'wasm as text': /bytes\.js$/, JavaScript: /\.js$/, types: /\.d\.ts$/, rest: /./ }
    const sums = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]))
    for (const { path, size } of pack.files) sums[Object.keys(kinds).find((kind) => kinds[kind].test(path))] += size
    const parts = Object.entries(sums).map(([kind, size]) => `${kind} ${kilobytes(size)}`)
    return `${weigh(pack.unpackedSize, SIZES.unpacked)} (${parts.join(', ')})`
  })
  await check('an uncaught error prints little, and names who threw', () => {
    const failing = join(app.folder, 'failing.mjs')
    writeFileSync(failing, "import { adam } from 'fourlane'\nadam({ lr: 1 })\n")
    const { status, stderr } = spawnSync(process.execPath, [failing], { encoding: 'utf8' })
    const expected = /TypeError: adam: unknown option "lr"; did you mean "learningRate"\?\n(.*\n)*? +at adam \(/
    if (status === 0 || !expected.test(stderr)) throw new Error(stderr)
    if (stderr.length > 2000) throw new Error(`${stderr.length} characters`)
    return `${stderr.length} characters`
  })
  await check('functions keep their names', async () => {
    const { href } = pathToFileURL(join(app.folder, 'node_modules/fourlane/build/dist/core.js'))
    const sources = await import(pathToFileURL('build/src/entries/core.js').href)
    // what only other entry points import has short names; if a loss and a metric have the same name, the one that is not
    // public has the plain name
    const wrong = Object.entries(await import(href)).filter(
      ([name, value]) =>
        name in sources && typeof value === 'function' && value.name !== name && value.name !== `${name}$1`,
    )
    if (wrong.length > 0) throw new Error(wrong.map(([name, value]) => `${name} is "${value.name}"`).join(', '))
  })
  for (const module of Object.keys(MODULES)) {
    await check(`wasm of ${module}`, () =>
      SHIPPED.map((target) => {
        const bytes = readFileSync(`build/${fileOf(module, target)}.wasm`)
        const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(({ name }) => name)
        if (!/^memory(,table)?$/.test(imports.join())) throw new Error(`imports ${imports}`)
        return `${weigh(bytes.length, SIZES.wasm[module])}, imports ${imports.join(' and ')}`
      }).join('; '),
    )
  }
  await check('an import that is not used leaves nothing in a bundle', async () => {
    const left = await bundled("import 'fourlane'")
    if (left.length > 0) throw new Error(`${left.length} bytes are left`)
  })
  await check('a bundle without models holds no wasm', async () => {
    const code = await bundled("import { standardScaler } from 'fourlane'; console.log(standardScaler)")
    if (code.length > 20_000) throw new Error(kilobytes(code.length))
    return `standardScaler: ${kilobytes(gzipSync(code, { level: 9 }).length)} gzipped`
  })
  await check('a bundle that only predicts', async () => {
    const code = await bundled("import { predictorFromBytes } from 'fourlane/predict'; console.log(predictorFromBytes)")
    return `${weigh(gzipSync(code, { level: 9 }).length, SIZES.predict)} gzipped, wasm included`
  })
  await check('a bundle that trains', async () => {
    const code = await bundled("import { sequential } from 'fourlane'; console.log(sequential)")
    return `${weigh(gzipSync(code, { level: 9 }).length, SIZES.train)} gzipped, wasm included`
  })
  await check('fourlane/formats, all of it', () => {
    const code = readFileSync(join(app.folder, 'node_modules/fourlane/build/dist/formats.js'))
    return `${weigh(gzipSync(code, { level: 9 }).length, SIZES.formats)} gzipped, without the library`
  })
  await check('a bundle that reads arrays holds no model, and one that exports no importer', async () => {
    const sizes = []
    for (const [name, limit] of [
      ['readNpz', 7_000],
      ['readSafetensors', 4_000],
      ['exportTfjs', 30_000],
    ]) {
      const code = await bundled(`import { ${name} } from 'fourlane/formats'; console.log(${name})`)
      const size = gzipSync(code, { level: 9 }).length
      if (size > limit) throw new Error(`${name}: ${kilobytes(size)}, expected at most ${kilobytes(limit)}`)
      sizes.push(`${name} ${kilobytes(size)}`)
    }
    return `${sizes.join(', ')} gzipped`
  })
  await check('publint', () => void run(bin('publint'), [tarball, '--strict']))
  await check('are the types wrong', () => void run(bin('attw'), ['--profile', 'esm-only', '--no-color', tarball]))
  await check('JSR, dry run', () => {
    const env = { ...process.env, DENO: bin('deno'), NO_COLOR: '1' }
    run(process.execPath, ['scripts/jsr.mjs', '--dry-run'], { env })
  })
} finally {
  rmSync(app.folder, { recursive: true, force: true })
}
console.log(
  `\n${passed} passed, ${failed} failed${aboveGoal ? `; ${aboveGoal} above their goal, within today's limit` : ''}`,
)
process.exit(failed === 0 ? 0 : 1)
