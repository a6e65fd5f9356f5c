// Another fourlane in a separate process: `wide`, `threads` and `int8` are its arguments. Started by fourlane.mjs.
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { inferenceModel, trainingModel } from '../bench/models.js'
import { quantize } from '../src/entries/core.js'
import { enableWideVectors } from '../src/entries/wide.js'
import { describeRuntime, pickTarget } from '../src/machine/wasm.js'

const settings = process.argv.slice(2)
const threads = settings.includes('threads') ? 2 : 1
const read = (path, Type) => {
  const { buffer, byteOffset, length } = readFileSync(path)
  return new Type(buffer.slice(byteOffset, byteOffset + length))
}

/** What `run`, `loss` and `outputs` are of. */
let model
let current

function fill(folder) {
  for (const [i, parameter] of model.parameters.entries()) parameter.set(read(`${folder}/w${i}`, Float32Array))
}

const answers = {
  version() {
    if (settings.includes('wide') && !enableWideVectors()) throw new Error(describeRuntime().wideReason)
    return { version: settings.join(' ') }
  },
  async train({ load, folder }) {
    model = trainingModel(load, pickTarget(), threads)
    fill(folder)
    const [x, y] = [read(`${folder}/x`, Float32Array), read(`${folder}/y`, Int32Array)]
    const fit = (maxSteps) => model.fit(x, y, { batchSize: load.batch, epochs: 1e9, maxSteps, shuffle: false })
    current = { run: fit, loss: () => model.evaluate(x, y).loss }
    return {}
  },
  async infer({ load, folder }) {
    model = inferenceModel(load, pickTarget(), threads)
    fill(folder)
    const x = read(`${folder}/x`, Float32Array)
    const predictor = settings.includes('int8') ? quantize(model) : model
    const run = (calls) => {
      for (let i = 0; i < calls; i++) predictor.predict(x)
    }
    current = { run, outputs: () => writeFileSync(`${folder}/outputs`, predictor.predict(x)) }
    return {}
  },
  async run({ calls }) {
    await current.run(calls)
    return {}
  },
  loss: () => ({ loss: current.loss() }),
  outputs() {
    current.outputs()
    return {}
  },
  close() {
    model.close()
    return {}
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line)
  try {
    console.log(JSON.stringify(await answers[question.do](question)))
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }))
  }
}
