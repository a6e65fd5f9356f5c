// A model behind HTTP in Deno: deno run --allow-net --allow-read --allow-env examples/deno-serve.ts model.safetensors 8000
import process from 'node:process'
import { loadPredictor } from 'fourlane/predict'

/** The part of Deno's interface this example needs, for compilers that do not know it. */
declare const Deno: {
  serve(
    options: { port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): unknown
}

const [path = 'model.safetensors', port = '8000'] = process.argv.slice(2)
const model = await loadPredictor(path)
const { outputs } = model

/** `POST /predict` with rows of features as JSON; answers with rows of outputs. */
async function handle(request: Request): Promise<Response> {
  if (request.method !== 'POST' || new URL(request.url).pathname !== '/predict') {
    return new Response('POST /predict\n', { status: 404 })
  }
  try {
    const values = model.predict((await request.json()) as number[][])
    const rows = Array.from({ length: values.length / outputs }, (_, row) => [
      ...values.subarray(row * outputs, (row + 1) * outputs),
    ])
    return Response.json(rows)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
      return Response.json({ error: error.message }, { status: 400 })
    }
    throw error
  }
}

Deno.serve({ port: Number(port), onListen: (address) => console.log(`listening on ${address.port}`) }, handle)
