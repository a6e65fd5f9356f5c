// Table models trained by the packed command, and their predictions from the command, its server, the library, pages and workers.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { bundleWorker } from './app.mjs'
import { visit } from './browser.mjs'
import { startWorker } from './edge.mjs'
import { npmScript, run } from './install.mjs'

const TABLE = 'data/penguins.csv'
const TARGET = 'species'
const PRESETS = ['realmlp', 'realmlp-small', 'mlp']
const fileOf = (preset) => `penguins-${preset}.safetensors`
/** Largest difference of probabilities from those of the library on Node. */
const CLOSE = 1e-6

/** How a host runs the installed command: a program, leading arguments, and environment. */
export const commands = {
  node: (node) => ({
    program: node,
    // npx finds the command in the folder, and its program in the path
    args: [join(dirname(npmScript()), 'npx-cli.js'), '--no', '--', 'fourlane'],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
  }),
  deno: (deno) => ({
    program: deno,
    args: ['run', '-A', '--quiet', '--cached-only', 'npm:fourlane'],
    env: process.env,
  }),
  bun: (bun) => ({ program: bun, args: ['x', '--bun', 'fourlane'], env: process.env }),
}

/** Trains the models that all hosts use, and computes the library's predictions: { names, rows, columns, expected }. */
export async function trainTables({ folder }, node) {
  const { program, args, env } = commands.node(node)
  for (const preset of PRESETS) {
    const options = ['--target', TARGET, '--preset', preset, '--epochs', '8', '--out', fileOf(preset), '--json']
    run(program, [...args, 'train', TABLE, ...options], { cwd: folder, env })
  }
  const [header, ...lines] = readFileSync(join(folder, TABLE), 'utf8').trim().split('\n')
  const columns = header.split(',')
  // every 8th penguin, then one from an unknown island with missing values
  const known = lines.filter((_, i) => i % 8 === 0).map((line) => line.split(','))
  const cells = [...known, columns.map((name) => (name === 'island' ? 'Atlantis' : name === 'year' ? '2009' : 'NA'))]
  const rows = cells.map((row) => Object.fromEntries(row.map((cell, i) => [columns[i], cell === 'NA' ? null : cell])))
  const names = PRESETS.map(fileOf)
  const { loadTablePredictor } = await import(
    pathToFileURL(join(folder, 'node_modules/fourlane/build/dist/tablePredictor.js')).href
  )
  const predictors = await Promise.all(names.map((name) => loadTablePredictor(join(folder, name))))
  const expected = predictors.map((predictor) => predictor.probabilities(rows))
  const { classes } = predictors[0].encoder.target
  writeFileSync(join(folder, 'tables.json'), JSON.stringify({ names, rows }))
  writeFileSync(join(folder, 'rows.csv'), [header, ...cells.map((row) => row.join())].join('\n'))
  return { names, rows, classes, expected }
}

/** @throws Error unless the probabilities are those expected. */
function compare(where, got, expected) {
  if (got.length !== expected.length) throw new Error(`${where}: ${got.length} values, expected ${expected.length}`)
  for (const [i, value] of expected.entries()) {
    if (!(Math.abs(got[i] - value) <= CLOSE)) throw new Error(`${where}: value ${i} is ${got[i]}, expected ${value}`)
  }
}

function compareAll(answers, { names, expected }) {
  for (const [m, ways] of answers.entries()) {
    for (const [w, got] of ways.entries()) compare(`${names[m]}, ${['whole', 'with its encoder'][w]}`, got, expected[m])
  }
  return { note: `${names.length} models, ${expected[0].length} probabilities each, within ${CLOSE}` }
}

/** The commands of the packed package on a host: train, predict, evaluate, inspect, serve. */
export async function tryCommands({ folder }, tables, { program, args, env }, name) {
  const call = (...more) => run(program, [...args, ...more], { cwd: folder, env })
  const own = `own-${name}.safetensors`
  const training = ['--target', TARGET, '--epochs', '24', '--test', '0.2', '--report', 'report.html', '--json']
  const { metrics } = JSON.parse(call('train', TABLE, ...training, '--out', own))
  if (!(metrics.test.accuracy >= 0.9)) throw new Error(`trained to accuracy ${metrics.test.accuracy}`)
  if (!readFileSync(join(folder, 'report.html'), 'utf8').includes('<svg')) throw new Error('the report has no picture')
  const evaluated = JSON.parse(call('evaluate', own, TABLE, '--json'))
  if (!(evaluated.metrics.accuracy >= 0.9)) throw new Error(`evaluated to ${evaluated.metrics.accuracy}`)
  for (const [m, model] of tables.names.entries()) {
    const [, ...lines] = call('predict', model, 'rows.csv', '--proba').trim().split('\n')
    const told = lines.flatMap((line) => line.split(',').slice(1).map(Number))
    compare(`predict ${model}`, told, tables.expected[m])
    if (!call('inspect', model).includes('softmax')) throw new Error(`inspect ${model} shows no softmax`)
    compare(`serve ${model}`, await served({ folder }, tables, { program, args, env }, model), tables.expected[m])
  }
  return { note: `accuracy ${metrics.test.accuracy.toFixed(3)}; predict and serve within ${CLOSE}` }
}

/** The server's predictions for the rows. */
async function served({ folder }, { rows, classes }, { program, args, env }, model) {
  // its own process group: npx has a child process
  const server = spawn(program, [...args, 'serve', model, '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const gone = new Promise((resolve) => server.once('exit', resolve))
  try {
    let said = ''
    const url = await new Promise((resolve, reject) => {
      server.stderr.on('data', (text) => {
        said += text
        const found = /http:\/\/\S+/.exec(said)
        if (found) resolve(found[0])
      })
      server.once('exit', () => reject(new Error(`serve ended: ${said}`)))
    })
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(rows),
    })
    const { probabilities, error } = await response.json()
    if (error) throw new Error(error)
    return probabilities.flatMap((row) => classes.map((name) => row[name]))
  } finally {
    try {
      process.kill(-server.pid, 'SIGTERM')
    } catch {
      // it has ended
    }
    await gone
  }
}

/** The models in a page, bundled by esbuild. */
export async function inPage({ folder }, chromium, tables) {
  const outdir = join(folder, 'page-tables')
  mkdirSync(outdir, { recursive: true })
  await build({
    entryPoints: [join(folder, 'tables-page.mjs')],
    outfile: join(outdir, 'page.js'),
    bundle: true,
    format: 'esm',
    logLevel: 'warning',
  })
  const page = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./page.js"></script>'
  writeFileSync(join(outdir, 'index.html'), page)
  for (const name of [...tables.names, 'tables.json']) cpSync(join(folder, name), join(outdir, name))
  const { answers, error } = await visit(chromium, outdir)
  if (error) throw new Error(error)
  return compareAll(answers, tables)
}

/** The models in workerd. */
export async function inWorker({ folder }, tools, tables) {
  const outdir = join(folder, 'worker-tables')
  rmSync(outdir, { recursive: true, force: true })
  await bundleWorker(join(folder, 'tables-worker.mjs'), outdir)
  const worker = await startWorker(tools, outdir)
  try {
    const models = tables.names.map((name) => readFileSync(join(folder, name)).toString('base64'))
    const body = JSON.stringify({ models, rows: tables.rows })
    const { answers, error } = await (await fetch(worker.url, { method: 'POST', body })).json()
    if (error) throw new Error(error)
    return compareAll(answers, tables)
  } finally {
    await worker.close()
  }
}
