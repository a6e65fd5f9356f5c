// Runs fourlane and its peers alternately; copied to build/peers, next to their packages. Called by scripts/bench-peers.mjs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { median, sideBySide } from '../bench/measure.js'
import { inferenceModel, recommenderModel, trainingModel } from '../bench/models.js'
import { classes, describe, flopsOfStep, INFERENCE, noise, pairs, RECOMMENDER, WORKLOADS } from '../bench/workloads.js'
import { pickTarget } from '../src/machine/wasm.js'

const SAMPLE_MILLISECONDS = 100
const WINDOWS = 5

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice(7)
  .split(',')
const peers = []
for (const file of ['fourlane', 'tfjs', 'jax', 'brain', 'onnx', 'torch']) {
  if (only && !only.includes(file)) continue
  try {
    const found = await import(`./${file}.mjs`)
    for (const peer of (await found.peers?.()) ?? [found]) {
      await peer.open()
      peers.push(peer)
    }
  } catch (error) {
    console.log(`${file}: cannot run here: ${error.message}`)
  }
}
console.log(`Node ${process.versions.node}, ${cpus()[0]?.model}, fourlane target ${pickTarget()}`)
console.log(peers.map(({ name, version }) => `${name} ${version}`).join(', '))

const results = []
const format = (value) => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3))
function report(row) {
  results.push(row)
  const ratio = row.ratio === undefined ? '' : `${format(row.ratio)}x`
  const value = row.value === undefined ? '-' : format(row.value)
  console.log(
    `${row.id.padEnd(4)} ${row.library.padEnd(18)} ${value.padStart(12)} ${row.unit.padEnd(10)} ${ratio.padStart(8)}  ${row.note ?? ''}`,
  )
}

/** The same of a peer that makes `many` calls when it is asked once. */
async function distant(name, many) {
  await many(1)
  for (let calls = 1; ; calls *= 2) {
    const started = performance.now()
    await many(calls)
    if (performance.now() - started > SAMPLE_MILLISECONDS / 2) {
      return { name, run: () => many(calls), calls, async: true }
    }
  }
}

/** How many calls make up a sample; the first calls compile. */
async function callsOf(call, settle) {
  const first = performance.now()
  await call()
  await settle?.()
  if (performance.now() - first > 10 * SAMPLE_MILLISECONDS) return 1
  for (let calls = 1; ; calls *= 2) {
    const started = performance.now()
    for (let i = 0; i < calls; i++) await call()
    await settle?.()
    const milliseconds = performance.now() - started
    if (milliseconds > SAMPLE_MILLISECONDS / 2) return calls
  }
}

/** Loops are sync where the library is: an await a call would count against the fast ones. */
async function contender(name, call, settle) {
  const calls = await callsOf(call, settle)
  const answer = call()
  await answer
  if (answer instanceof Promise) {
    const run = async () => {
      for (let i = 0; i < calls; i++) await call()
    }
    return { name, run, calls, async: true }
  }
  const loop = () => {
    for (let i = 0; i < calls; i++) call()
  }
  if (!settle) return { name, run: loop, calls }
  const run = async () => {
    loop()
    await settle()
  }
  return { name, run, calls, async: true }
}

async function compare(id, unit, convert, ours, others, notes, windows = WINDOWS) {
  const timings = await sideBySide(ours, others, { windows, milliseconds: 1, warmup: 1 })
  const own = median(timings.map(({ median, medianRatio }) => median * medianRatio))
  report({ id, library: 'fourlane', value: convert(own), unit, note: notes.get('fourlane') })
  for (const { name, median, medianRatio } of timings) {
    report({ id, library: name, value: convert(median), unit, ratio: 1 / medianRatio, note: notes.get(name) })
  }
}

for (const workload of WORKLOADS.filter(({ id }) => asked.length === 0 || asked.includes(id))) {
  const model = trainingModel(workload, pickTarget())
  const weights = model.parameters.map((parameter) => parameter.get())
  const data = classes(workload)
  const notes = new Map([['fourlane', describe(workload)]])
  const fit = (maxSteps) =>
    model.fit(data.x, data.y, { batchSize: workload.batch, epochs: 1e9, maxSteps, shuffle: false })
  // fit copies the data in first: enough steps that this does not count
  let steps = Math.max(2, Math.ceil(4e9 / flopsOfStep(workload)))
  if (workload.id === 'W1') steps = 100_000
  const ours = { name: 'fourlane', run: () => fit(steps), calls: steps, async: true }
  const others = []
  const opened = []
  for (const peer of peers) {
    const absent = (note) => report({ id: workload.id, library: peer.name, unit: '', note })
    if (!peer.training) {
      absent('does not train')
      continue
    }
    try {
      const trained = await peer.training(workload, data, weights)
      trained.before = await trained.loss()
      const taken = await (trained.many
        ? distant(peer.name, trained.many)
        : contender(peer.name, trained.step, trained.settle))
      others.push({ ...taken, calls: (taken.calls * (trained.rows ?? workload.batch)) / workload.batch })
      opened.push({ peer, trained })
    } catch (error) {
      absent(`failed: ${error.message.split('\n')[0]}`)
    }
  }
  const before = model.evaluate(data.x, data.y).loss
  await fit(steps)
  const after = model.evaluate(data.x, data.y).loss
  notes.set('fourlane', `${describe(workload)}; loss ${format(before)} -> ${format(after)}`)
  for (const { peer, trained } of opened) {
    const loss = await trained.loss()
    const learns = loss < trained.before ? '' : ' DOES NOT LEARN'
    notes.set(peer.name, `loss ${format(trained.before)} -> ${format(loss)}${learns}`)
  }
  await compare(
    workload.id,
    'samples/s',
    (seconds) => workload.batch / seconds,
    ours,
    others,
    notes,
    flopsOfStep(workload) > 2e9 ? 3 : WINDOWS,
  )
  for (const { trained } of opened) await trained.close()
}

for (const load of INFERENCE.filter(({ id }) => asked.length === 0 || asked.includes(id))) {
  const model = inferenceModel(load, pickTarget())
  const weights = model.parameters.map((parameter) => parameter.get())
  const x = noise(load.rows * load.widths[0], 3)
  const expected = model.predict(x)
  const notes = new Map([['fourlane', `${load.widths.join('-')}, ${load.rows} rows`]])
  const ours = await contender('fourlane', () => {
    model.predict(x)
  })
  const others = []
  for (const peer of peers) {
    try {
      const predict = await peer.inference(load, x, weights)
      const outputs = await predict()
      if (outputs) {
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - outputs[i])), 0)
        if (!(worst < (peer.tolerance ?? 1e-4))) throw new Error(`outputs differ by ${worst}`)
      }
      others.push(await (predict.many ? distant(peer.name, predict.many) : contender(peer.name, predict)))
      if (peer.name === 'brain.js') notes.set(peer.name, 'relu instead of the last activation')
    } catch (error) {
      report({ id: load.id, library: peer.name, unit: '', note: `failed: ${error.message.split('\n')[0]}` })
    }
  }
  const single = load.rows === 1
  const convert = (seconds) => (single ? seconds * 1e6 : load.rows / seconds)
  await compare(load.id, single ? 'us' : 'samples/s', convert, ours, others, notes)
}

if (asked.length === 0 || asked.includes(RECOMMENDER.id)) {
  const { id, batch } = RECOMMENDER
  const model = recommenderModel(RECOMMENDER, pickTarget())
  const weights = model.parameters.map((parameter) => parameter.get())
  const data = pairs(RECOMMENDER)
  const { users, items, units } = RECOMMENDER
  const notes = new Map()
  const fit = (maxSteps) => model.fit(data.x, data.y, { batchSize: batch, epochs: 1e9, maxSteps, shuffle: false })
  const steps = 4 * (data.y.length / batch)
  const others = []
  const opened = []
  for (const peer of peers) {
    if (!peer.recommender) {
      report({ id, library: peer.name, unit: '', note: 'has no embeddings here' })
      continue
    }
    try {
      const trained = await peer.recommender(RECOMMENDER, data, weights)
      const before = trained.loss()
      others.push(await contender(peer.name, trained.step))
      notes.set(peer.name, `loss ${format(before)} -> ${format(trained.loss())}`)
      opened.push(trained)
    } catch (error) {
      report({ id, library: peer.name, unit: '', note: `failed: ${error.message.split('\n')[0]}` })
    }
  }
  const before = model.evaluate(data.x, data.y).loss
  await fit(steps)
  const what = `${users} users, ${items} items, ${units} units each, dense(1), batch ${batch}, sgd`
  notes.set('fourlane', `${what}; loss ${format(before)} -> ${format(model.evaluate(data.x, data.y).loss)}`)
  const ours = { name: 'fourlane', run: () => fit(steps), calls: steps, async: true }
  await compare(id, 'pairs/s', (seconds) => batch / seconds, ours, others, notes, 3)
  for (const trained of opened) await trained.close()
}

if (asked.length === 0 && !only) {
  const head = {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim(),
    node: process.versions.node,
    target: pickTarget(),
    peers: Object.fromEntries(peers.map(({ name, version }) => [name, version])),
  }
  const rows = results.map((row) => {
    const round = (value) => (value === undefined ? undefined : Number(value.toPrecision(4)))
    return `    ${JSON.stringify({ ...row, value: round(row.value), ratio: round(row.ratio) })}`
  })
  const folder = new URL('../../bench/results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const header = JSON.stringify(head, null, 2).slice(0, -2)
  writeFileSync(new URL('peers.json', folder), `${header},\n  "rows": [\n${rows.join(',\n')}\n  ]\n}\n`)
}
process.exit(0)
