// An edge worker that serves a model and keeps learning: `POST /predict` answers, `POST /learn` fine-tunes the last layer.
import { type Model, modelFromBytes, sgd } from 'fourlane'
import file from './digits.safetensors'

/** Where learned models are kept; any key-value store with these two calls. */
interface Storage {
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>
  put(key: string, value: Uint8Array): Promise<void>
}

interface Environment {
  MODELS?: Storage
}

/** Updates of one request at most: a worker's clock stands still while it computes, so the budget counts steps, not time. */
const STEP_BUDGET = 200
const BATCH = 16
const KEY = 'digits'

/** Ready before the first request: module scope is paid for when the worker starts. */
const shipped: Model = prepare(modelFromBytes(new Uint8Array(file)), true)

/** Trains only the head. A model with optimizer state resumes where it stopped: compiling would discard that state. */
function prepare(model: Model, fresh = false): Model {
  if (fresh) {
    model.compile({
      optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
  }
  model.freeze(1)
  return model
}

/** The model that learned last, from the storage binding; without one, the shipped model. */
async function current({ MODELS }: Environment): Promise<Model> {
  const stored = await MODELS?.get(KEY, 'arrayBuffer')
  return stored ? prepare(modelFromBytes(new Uint8Array(stored))) : shipped
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const body: unknown = await request.json()
  if (!isRecord(body)) throw new TypeError('the body must be a JSON object')
  return body
}

/** `{ x: rows of 64 pixels from 0 to 1 }` to `{ digits, probabilities }`. */
async function predict(request: Request, environment: Environment): Promise<Response> {
  const { x } = await readBody(request)
  const model = await current(environment)
  const outputs = model.predict(x as number[][])
  const probabilities = Array.from({ length: outputs.length / 10 }, (_, row) => [
    ...outputs.subarray(row * 10, row * 10 + 10),
  ])
  return Response.json({ digits: probabilities.map((row) => row.indexOf(Math.max(...row))), probabilities })
}

/**
 * `{ x, y, steps? }`: up to `steps` updates within the budget. The learned model, optimizer state included, goes to the storage
 * binding; without one it comes back as base64 `state`, which a later request may hand in again.
 */
async function learn(request: Request, environment: Environment): Promise<Response> {
  const { x, y, steps = STEP_BUDGET, state } = await readBody(request)
  const model =
    typeof state === 'string'
      ? prepare(modelFromBytes(Uint8Array.from(atob(state), (letter) => letter.charCodeAt(0))))
      : // a copy: what one request teaches must not reach others except through the storage
        prepare(modelFromBytes((await current(environment)).toBytes({ includeOptimizer: true })))
  const maxSteps = Math.min(Number(steps), STEP_BUDGET)
  const before = model.evaluate(x as number[][], y as number[])
  await model.fit(x as number[][], y as number[], { epochs: maxSteps, batchSize: BATCH, maxSteps })
  const after = model.evaluate(x as number[][], y as number[])
  const bytes = model.toBytes({ includeOptimizer: true })
  if (environment.MODELS) {
    await environment.MODELS.put(KEY, bytes)
    return Response.json({ before, after, stored: KEY })
  }
  return Response.json({ before, after, state: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) })
}

export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    const { pathname } = new URL(request.url)
    try {
      if (request.method === 'POST' && pathname === '/predict') return await predict(request, environment)
      if (request.method === 'POST' && pathname === '/learn') return await learn(request, environment)
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
        return Response.json({ error: error.message }, { status: 400 })
      }
      throw error
    }
    return new Response('POST /predict or /learn\n', { status: 404 })
  },
}
