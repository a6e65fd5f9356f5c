/** The queue of examples/queue on a real Redis, with workers that are killed: `npm run test:mpi -- queue`. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { noise } from '../../bench/workloads.ts'
import { readNpy, writeNpy } from '../../src/entries/formats.ts'
import { dense, input, sequential } from '../../src/entries/full.ts'
import { temporaryFolder } from '../support/folder.ts'

const ROWS = 10_000
const PARTS = 100
const INPUTS = 32
const KILLS = 20
const WORKERS = 2
/** Outputs that there are at least between two kills. */
const STRIDE = 4

const example = (name: string) => fileURLToPath(new URL(`../../../examples/queue/${name}`, import.meta.url))
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

function start(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('every row is scored once, whoever dies', async () => {
  assert.is(spawnSync('redis-server', ['--version']).status, 0, 'install redis-server')
  const folder = temporaryFolder()
  const port = await freePort()
  const redis = () =>
    start('redis-server', [
      ...['--port', `${port}`, '--dir', folder, '--save', '', '--loglevel', 'warning'],
      ...['--appendonly', 'yes', '--appendfsync', 'always'],
    ])
  const env = { REDIS_URL: `redis://127.0.0.1:${port}` }

  // wide, so that a part takes a while and workers die in the middle of one
  const layers = [input(INPUTS), dense(1536, { activation: 'relu' }), dense(1536, { activation: 'relu' }), dense(3)]
  const model = sequential(layers, { seed: 1 })
  const path = join(folder, 'model.safetensors')
  await model.save(path)
  const x = noise(ROWS * INPUTS, 5)
  const rows = join(folder, 'rows.npy')
  writeFileSync(rows, writeNpy({ data: x, shape: [ROWS, INPUTS] }))

  let server = redis()
  const out = join(folder, 'out')
  const enqueue = () =>
    execFileSync(process.execPath, [example('enqueue.mjs'), rows, out, `${PARTS}`], { env: { ...process.env, ...env } })
  enqueue()
  const work = () => start(process.execPath, [example('worker.mjs'), path], env)
  const workers = Array.from({ length: WORKERS }, work)
  const done = () => (existsSync(out) ? readdirSync(out).filter((name) => name.endsWith('.npy')).length : 0)
  const until = async (count: number) => {
    for (const end = Date.now() + 60_000; done() < count; await sleep(5)) {
      assert.ok(Date.now() < end, `${done()} of ${count} parts are done, and no more for a minute`)
    }
  }

  for (let kill = 1; kill <= KILLS; kill++) {
    await until(kill * STRIDE)
    const victim = Math.floor(Math.random() * WORKERS)
    workers[victim].kill('SIGKILL')
    workers[victim] = work()
    if (kill !== KILLS / 2) continue
    server.kill('SIGTERM')
    await once(server, 'exit')
    server = redis()
    // what is there already is not inserted again
    enqueue()
  }
  await until(PARTS)
  for (const worker of workers) worker.kill('SIGTERM')
  server.kill('SIGTERM')

  const scores = join(folder, 'scores.npy')
  execFileSync(process.execPath, [example('collect.mjs'), out, `${PARTS}`, scores])
  const { data, shape } = readNpy(readFileSync(scores))
  assert.equal(shape, [ROWS, 3])
  assert.equal(data, model.predict(x))
})

test.run()
