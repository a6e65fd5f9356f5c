/** Trains off the main thread, so that the page never stutters. */
import { exportOnnx } from 'fourlane/formats'
import type { Answer, Ask, OwnTable } from '../messages.ts'
import type { OptimizerName, Settings } from '../settings.ts'
import { type Problem, shapeProblem } from './problem.ts'
import { optimizers } from './rates.ts'
import { Trainer } from './trainer.ts'

/** Training time per frame at full speed, in milliseconds. */
const BUDGET = 12

let problem: Problem | undefined
let settings: Settings | undefined
/** The page's model, followed by the other racers in a race. */
let trainer: Trainer | undefined
let racers: Trainer[] | undefined
let raced = ''

async function problemOf(wanted: Settings, table: OwnTable | undefined): Promise<Problem> {
  const { data } = wanted
  if (data !== 'csv') return shapeProblem({ ...wanted, data })
  if (!table) throw new RangeError('Choose a CSV file to train on.')
  // loaded only by users who bring a table
  const { tableProblem } = await import('./tableProblem.ts')
  return tableProblem(table, wanted)
}

function racersOf(names: readonly OptimizerName[], made: Problem, wanted: Settings): Trainer[] {
  const key = names.join()
  if (!racers || raced !== key) {
    racers = names.map(
      (name) => new Trainer(made, wanted, name, name === wanted.optimizer ? wanted.rate : optimizers[name].rate),
    )
    raced = key
  }
  return racers
}

function advance(ask: Ask & { kind: 'advance' }, made: Problem, wanted: Settings, main: Trainer): Answer {
  const running = ask.racers ? racersOf(ask.racers, made, wanted) : [main]
  const started = performance.now()
  let steps = 0
  const isDone = () =>
    ask.steps === 'max' ? performance.now() - started >= BUDGET : steps >= ask.steps * running.length
  while (!isDone()) {
    for (const racer of running) racer.advance()
    steps += running.length
  }
  const milliseconds = performance.now() - started
  return {
    kind: 'frame',
    run: ask.run,
    racers: running.map((racer) => racer.state()),
    units: ask.racers ? [] : main.units(),
    kernels: ask.racers ? [] : main.kernels(),
    ...(ask.diagnose && { diagnosis: main.diagnose() }),
    steps,
    milliseconds,
  }
}

async function answer(ask: Ask): Promise<Answer> {
  const { run } = ask
  if (ask.kind === 'start') {
    const made = await problemOf(ask.settings, ask.table)
    trainer = new Trainer(made, ask.settings, ask.settings.optimizer, ask.settings.rate)
    ;[problem, settings, racers] = [made, ask.settings, undefined]
    return { kind: 'started', run, scene: made.scene, parameters: trainer.parameters }
  }
  if (!problem || !settings || !trainer) throw new Error('There is no model yet.')
  if (ask.kind === 'advance') return advance(ask, problem, settings, trainer)
  if (ask.kind === 'surface') {
    const started = performance.now()
    const surface = trainer.surface(ask.directions, ask.seed)
    return { kind: 'surface', run, ...surface, milliseconds: performance.now() - started }
  }
  const bytes = ask.format === 'onnx' ? exportOnnx(trainer.model) : trainer.model.toBytes()
  return { kind: 'file', run, name: `playground.${ask.format}`, bytes: new Uint8Array(bytes) }
}

/** Buffers to transfer to the page. */
const transferred = (said: Answer): Transferable[] => {
  if (said.kind === 'frame')
    return [
      ...said.racers.map(({ picture }) => picture.buffer),
      ...[...said.units, ...said.kernels].map(({ buffer }) => buffer),
    ] as Transferable[]
  return said.kind === 'file' ? [said.bytes.buffer] : []
}

let turn = Promise.resolve()
globalThis.onmessage = ({ data }: MessageEvent<Ask>) => {
  // sequentially: reading a table takes time
  turn = turn.then(async () => {
    let said: Answer
    try {
      said = await answer(data)
    } catch (error) {
      said = { kind: 'failed', run: data.run, message: error instanceof Error ? error.message : String(error) }
    }
    postMessage(said, { transfer: transferred(said) })
  })
}
