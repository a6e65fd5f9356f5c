// workerd through Miniflare: the scenario in a worker, and the edge example over real HTTP.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { bundleWorker, tool } from './app.mjs'

const DATE = '2025-05-05'
const check = (condition, what) => {
  if (!condition) throw new Error(`edge example: ${what}`)
}

/** Starts a bundled worker; `close` stops it. */
export async function startWorker(tools, outdir, options = {}) {
  const { Miniflare } = await tool(tools, 'miniflare')
  const types = { js: 'ESModule', wasm: 'CompiledWasm', safetensors: 'Data' }
  const modules = readdirSync(outdir)
    .sort((a, b) => Number(b === 'worker.js') - Number(a === 'worker.js'))
    .map((name) => {
      const type = types[name.split('.').pop()]
      const contents = readFileSync(join(outdir, name))
      return {
        type,
        path: join(outdir, name),
        contents: type === 'ESModule' ? contents.toString() : new Uint8Array(contents),
      }
    })
  const worker = new Miniflare({ modulesRoot: outdir, modules, compatibilityDate: DATE, ...options })
  const url = await worker.ready
  return { url, close: () => worker.dispose() }
}

/** The scenario inside workerd. */
export async function runInWorker({ folder }, tools) {
  const outdir = join(folder, 'worker-scenario')
  await bundleWorker(join(folder, 'worker.mjs'), outdir)
  const worker = await startWorker(tools, outdir)
  try {
    return await (await fetch(worker.url)).json()
  } finally {
    await worker.close()
  }
}

/** The edge example: predicts, learns within its budget, resumes where it stopped, rejects bad rows; with and without storage. */
export async function tryEdgeExample({ folder }, tools) {
  const outdir = join(folder, 'worker-edge')
  await bundleWorker(join(folder, 'edge-worker/worker.ts'), outdir)
  const bytes = (name, skip) => gunzipSync(readFileSync(join(folder, 'data', name))).subarray(skip)
  const images = bytes('digits-images-idx3-ubyte.gz', 16)
  const labels = bytes('digits-labels-idx1-ubyte.gz', 8)
  const rows = 64
  const x = Array.from({ length: rows }, (_, row) =>
    Array.from(images.subarray(row * 64, row * 64 + 64), (pixel) => pixel / 16),
  )
  const y = Array.from(labels.subarray(0, rows))
  // a different task: the labels of the digits reversed
  const turned = y.map((digit) => 9 - digit)

  const session = async (options, teach) => {
    const worker = await startWorker(tools, outdir, options)
    const post = async (path, body) => {
      const response = await fetch(new URL(path, worker.url), { method: 'POST', body: JSON.stringify(body) })
      return { status: response.status, body: await response.json() }
    }
    try {
      const { body: first } = await post('/predict', { x })
      const right = first.digits.filter((digit, row) => digit === y[row]).length
      check(right >= 0.95 * rows, `read ${right} of ${rows} digits`)
      const bad = await post('/predict', { x: [[1, 2, 3]] })
      check(bad.status === 400 && /64/.test(bad.body.error), `bad rows got ${bad.status} ${JSON.stringify(bad.body)}`)
      check((await fetch(worker.url)).status === 404, 'an unknown path is not 404')
      await teach(post, first)
    } finally {
      await worker.close()
    }
  }

  await session({ kvNamespaces: ['MODELS'] }, async (post, first) => {
    const { body: once } = await post('/learn', { x, y: turned, steps: 100 })
    check(once.stored === 'digits' && once.after.loss < once.before.loss, `did not learn: ${JSON.stringify(once)}`)
    const { body: twice } = await post('/learn', { x, y: turned })
    check(twice.before.loss === once.after.loss, 'did not go on from the stored model')
    for (let i = 0; i < 10; i++) await post('/learn', { x, y: turned })
    const { body: last } = await post('/predict', { x })
    const right = last.digits.filter((digit, row) => digit === turned[row]).length
    check(right >= 0.9 * rows, `after learning, ${right} of ${rows} right`)
    check(first.digits.join() !== last.digits.join(), 'learning changed nothing')
  })
  await session({}, async (post, first) => {
    const { body: once } = await post('/learn', { x, y: turned, steps: 100000 })
    check(typeof once.state === 'string' && once.after.loss < once.before.loss, 'did not return a learned state')
    const { body: twice } = await post('/learn', { x, y: turned, state: once.state })
    check(twice.before.loss === once.after.loss, 'did not go on from the returned state')
    const { body: later } = await post('/predict', { x })
    check(later.probabilities.join() === first.probabilities.join(), 'one request changed the model of others')
  })
}

/** Milliseconds until a fresh worker's first answer: the edge example against a worker that only echoes. */
export async function timeColdWorker({ folder }, tools, rounds) {
  const outdir = join(folder, 'worker-edge')
  await bundleWorker(join(folder, 'edge-worker/worker.ts'), outdir)
  const empty = 'export default { async fetch(request) { await request.json(); return Response.json({}) } }'
  const { Miniflare } = await tool(tools, 'miniflare')
  const body = JSON.stringify({ x: [Array.from({ length: 64 }, (_, i) => i / 64)] })
  const times = { ours: [], empty: [] }
  for (let i = 0; i < rounds; i++) {
    for (const kind of ['empty', 'ours']) {
      const started = performance.now()
      const worker = kind === 'ours' ? await startWorker(tools, outdir) : await startEmpty(Miniflare, empty)
      await (await fetch(new URL('/predict', worker.url), { method: 'POST', body })).json()
      times[kind].push(performance.now() - started)
      await worker.close()
    }
  }
  return times
}

async function startEmpty(Miniflare, script) {
  const worker = new Miniflare({ modules: true, script, compatibilityDate: DATE })
  return { url: await worker.ready, close: () => worker.dispose() }
}
