// Tests the packed package in real runtimes, which it installs itself: `npm run test:runtimes`. One line each, then the counts.
// `--write` puts the table into docs/runtimes.md and the README. Names on the command line run only the lines that contain them.
import './ready.mjs'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createApp, deploy, installWith, pages, serveVite } from './runtimes/app.mjs'
import { visit } from './runtimes/browser.mjs'
import { runInWorker, timeColdWorker, tryEdgeExample } from './runtimes/edge.mjs'
import { runInEdgeLight } from './runtimes/edge-light.mjs'
import { installRuntimes, run } from './runtimes/install.mjs'
import { commands, inPage, inWorker, trainTables, tryCommands } from './runtimes/tables.mjs'

const COLD_ROUNDS = 31
const COLD_LIMIT = 15

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const rows = []
let reference

/** One line of the report; a missing runtime counts as failed, since nothing was tested. */
async function line(name, version, work) {
  if (asked.length > 0 && !asked.some((word) => name.toLowerCase().includes(word.toLowerCase()))) return
  const started = performance.now()
  let outcome
  try {
    outcome = { passed: true, ...(await work()) }
    if (outcome.error) throw new Error(outcome.error)
    if (outcome.hash) {
      reference ??= outcome
      const [found, expected] = [outcome, reference].map(
        ({ hash, adamHash, int8Hash }) => `${hash} ${adamHash} ${int8Hash}`,
      )
      if (found !== expected) throw new Error(`other bits: ${found}, expected ${expected}`)
    }
  } catch (error) {
    outcome = { passed: false, note: String(error?.message ?? error) }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  rows.push({ name, version, ...outcome })
  const facts = outcome.hash
    ? `accuracy ${outcome.accuracy.toFixed(4)}, ${outcome.target}, ${outcome.threads} thread(s), parameters ${outcome.hash} ${outcome.adamHash}, 8 bits ${outcome.int8Hash}`
    : ''
  console.log(
    `${outcome.passed ? (outcome.cold === undefined ? 'passed' : 'measured') : 'FAILED'}  ${`${name} ${version}`.padEnd(34)} ${[facts, outcome.note].filter(Boolean).join('; ')} (${seconds} s)`,
  )
}

const needed = (program, name) => {
  if (!program) throw new Error(`${name} is not available on this machine`)
  return program
}
const versionOf = (program, pattern = /\d+(\.\d+)+/) =>
  program ? (pattern.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? '') : ''

const packageVersion = (name) =>
  JSON.parse(readFileSync(join(tools, 'node_modules', name, 'package.json'), 'utf8')).version

const began = performance.now()
const runtimes = installRuntimes()
const tools = runtimes.folder
const app = createApp()
console.log(
  `runtimes and package ready in ${((performance.now() - began) / 1000).toFixed(0)} s; the install added ${app.added.length} package(s)\n`,
)

const inFolder = (program, args) => JSON.parse(run(program, args, { cwd: app.folder }).trim().split('\n').pop())

try {
  await line('install', '', () => {
    if (app.added.length > 2) throw new Error(`installing adds ${app.added.length} packages: ${app.added.join(', ')}`)
    return { note: `${app.added.length} package(s), no scripts` }
  })
  for (const [major, program] of Object.entries(runtimes.nodes)) {
    await line('Node.js', versionOf(program) || major, () => {
      installWith(needed(program, `Node ${major}`), app)
      return inFolder(program, ['files.mjs'])
    })
  }
  await line('Deno', versionOf(runtimes.deno), () => {
    const permissions = ['--allow-read', '--allow-write', '--allow-env', '--allow-sys']
    return inFolder(needed(runtimes.deno, 'Deno'), ['run', '--quiet', '--no-remote', ...permissions, 'files.mjs'])
  })
  await line('Bun', versionOf(runtimes.bun), () => inFolder(needed(runtimes.bun, 'Bun'), ['run', 'files.mjs']))
  await line('workerd', versionOf(join(tools, 'node_modules/.bin/workerd'), /\d{4}-\d\d-\d\d/), () =>
    runInWorker(app, tools),
  )
  await line('Vercel edge runtime', packageVersion('edge-runtime'), () => runInEdgeLight(app, tools))
  const chromium = versionOf(runtimes.chromium)
  const inBrowser = (source, policy) => visit(needed(runtimes.chromium, 'Chromium'), source, policy)
  await line('Chromium, esbuild', chromium, async () => inBrowser(await pages.esbuild(app)))
  await line('Chromium, esbuild iife', chromium, async () => inBrowser(await pages.iife(app)))
  await line('Chromium, Rollup', chromium, async () => inBrowser(await pages.rollup(app, tools)))
  await line('Chromium, webpack', chromium, async () => inBrowser(await pages.webpack(app, tools)))
  await line('Chromium, Vite build', chromium, async () => inBrowser(await pages.vite(app, tools)))
  await line('Chromium, no bundler', chromium, () => inBrowser(pages.importMap(app), " 'nonce-map'"))
  await line('Chromium, Vite dev', chromium, () => inBrowser((take) => serveVite(app, tools, take)))
  await line('deployed to Node', '', () => deploy(app, tools, needed(runtimes.nodes[24], 'Node 24')))
  await line('edge example', '', () => tryEdgeExample(app, tools))
  await line('deno-serve example', '', () => tryDenoServe())
  let trained
  const tables = () => {
    trained ??= trainTables(app, needed(runtimes.nodes[24], 'Node 24'))
    return trained
  }
  for (const [major, program] of Object.entries(runtimes.nodes)) {
    await line('tables, Node.js', versionOf(program) || major, async () => {
      return tryCommands(app, await tables(), commands.node(needed(program, `Node ${major}`)), `node${major}`)
    })
  }
  await line('tables, Deno', versionOf(runtimes.deno), async () => {
    return tryCommands(app, await tables(), commands.deno(needed(runtimes.deno, 'Deno')), 'deno')
  })
  await line('tables, Bun', versionOf(runtimes.bun), async () => {
    return tryCommands(app, await tables(), commands.bun(needed(runtimes.bun, 'Bun')), 'bun')
  })
  await line('tables, workerd', '', async () => inWorker(app, tools, await tables()))
  await line('tables, Chromium', chromium, async () => {
    return inPage(app, needed(runtimes.chromium, 'Chromium'), await tables())
  })
  await line('types', '', () => checkTypes())
  await line('cold start, Node.js 24', '', () => timeCold(needed(runtimes.nodes[24], 'Node 24')))
  await line('cold start, workerd', '', async () => {
    const times = await timeColdWorker(app, tools, 9)
    return {
      cold: beyond(times.ours, times.empty),
      note: `first prediction ${beyond(times.ours, times.empty)} ms beyond an empty worker`,
    }
  })
} finally {
  rmSync(app.folder, { recursive: true, force: true, maxRetries: 5 })
}

if (process.argv.includes('--write')) writeTable()
const failed = rows.filter((row) => !row.passed).length
// a time on a busy machine proves nothing: shown, not counted
const measured = rows.filter((row) => row.passed && row.cold !== undefined).length
console.log(
  `\n${rows.length - failed - measured} passed, ${failed} failed (${((performance.now() - began) / 1000).toFixed(0)} s)`,
)
process.exit(failed === 0 ? 0 : 1)

/** Median of the differences of adjacent runs, both slowed by other work on the machine. */
function beyond(ours, empty) {
  const differences = ours.map((time, i) => time - empty[i]).sort((a, b) => a - b)
  return Number(differences[differences.length >> 1].toFixed(1))
}

function timeCold(node) {
  const scripts = { empty: 'cold-empty.mjs', all: 'cold.mjs', predict: 'cold-predict.mjs' }
  const times = { empty: [], all: [], predict: [] }
  for (let i = 0; i < COLD_ROUNDS; i++) {
    for (const [name, script] of Object.entries(scripts)) {
      const started = performance.now()
      run(node, [script], { cwd: app.folder })
      times[name].push(performance.now() - started)
    }
  }
  const [all, predict, empty] = [
    beyond(times.all, times.empty),
    beyond(times.predict, times.empty),
    beyond(
      times.empty,
      times.empty.map(() => 0),
    ),
  ]
  const note = `first prediction ${predict} ms beyond an empty script with fourlane/predict, ${all} ms with fourlane; goal ${COLD_LIMIT}; the empty script itself takes ${empty} ms`
  return { cold: predict, note }
}

/** Checks that the example's HTTP answers are the model's predictions. */
async function tryDenoServe() {
  const port = await freePort()
  const args = [
    'run',
    '--quiet',
    '--no-remote',
    '--allow-net',
    '--allow-read',
    '--allow-env',
    'deno-serve.ts',
    'digits.safetensors',
    `${port}`,
  ]
  const server = spawn(needed(runtimes.deno, 'Deno'), args, { cwd: app.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    let said = ''
    server.stderr.on('data', (text) => {
      said += text
    })
    await new Promise((resolve, reject) => {
      server.stdout.once('data', resolve)
      server.once('exit', () => reject(new Error(said)))
    })
    const post = (body) => fetch(`http://127.0.0.1:${port}/predict`, { method: 'POST', body: JSON.stringify(body) })
    const rows = await (await post([new Array(64).fill(0.5)])).json()
    const sum = rows[0].reduce((total, value) => total + value, 0)
    if (rows.length !== 1 || rows[0].length !== 10 || Math.abs(sum - 1) > 1e-5)
      throw new Error(`answered ${JSON.stringify(rows)}`)
    const { status } = await post([[1, 2, 3]])
    if (status !== 400) throw new Error(`bad rows got status ${status}`)
  } finally {
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await gone
  }
}

function freePort() {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Type-checks the installed declarations under both module resolutions, and in Deno. */
function checkTypes() {
  writeFileSync(join(app.folder, 'types.ts'), readFileSync('test/runtimes/types.ts'))
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
  const common = ['--noEmit', '--strict', '--target', 'es2022', '--types', '', 'types.ts']
  for (const how of [
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ]) {
    const [module, resolution] = how
    run(
      process.execPath,
      [tsc, '--module', module, '--moduleResolution', resolution, '--lib', 'es2022,dom', ...common],
      { cwd: app.folder },
    )
  }
  // without the browser's types
  const node = ['--typeRoots', join(process.cwd(), 'node_modules/@types'), '--types', 'node']
  const plain = common.filter((word, i) => word !== '--types' && common[i - 1] !== '--types')
  run(
    process.execPath,
    [tsc, '--module', 'node16', '--moduleResolution', 'node16', '--lib', 'es2022', ...node, ...plain],
    { cwd: app.folder },
  )
  if (existsSync(runtimes.deno ?? ''))
    run(runtimes.deno, ['check', '--quiet', '--no-remote', 'types.ts'], { cwd: app.folder })
  return { note: 'node16, bundler, Deno; with and without the types of browsers' }
}

function writeTable() {
  const cells = rows
    .filter((row) => row.hash)
    .map(
      (row) =>
        `| ${row.name} | ${row.version} | ${row.target} | ${row.threads} | ${row.accuracy.toFixed(4)} | \`${row.hash}\` \`${row.adamHash}\` | \`${row.int8Hash}\` |`,
    )
  const table = [
    '| runtime | version | build chosen | threads of 2 asked for | accuracy | deterministic parameters (SGD, Adam) | predictions in 8 bits |',
    '|---|---|---|---|---|---|---|',
    ...cells,
  ].join('\n')
  for (const path of ['docs/runtimes.md', 'README.md']) {
    const page = readFileSync(path, 'utf8')
    writeFileSync(path, page.replace(/<!-- table -->[\s\S]*<!-- end -->/, `<!-- table -->\n${table}\n<!-- end -->`))
  }
}
