/** Serves a table model over HTTP: JSON rows in, JSON predictions out. Requests are untrusted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { TablePredictor } from '../entries/tablePredictor.ts'

export interface ServerLimits {
  /** Maximum bytes of a request's body. */
  readonly body: number
  /** Maximum rows of a request. */
  readonly rows: number
}

/** An error response. */
class Refusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Milliseconds that a client may take for headers, and for a whole request. */
const HEADERS_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 30_000

type Handler = (request: IncomingMessage) => object | Promise<object>

/**
 * POST /predict takes an array of rows, objects by column, or `{ "rows": [...] }`, and returns `{ predictions }`, for classes also
 * `probabilities` by class. GET /health reports that the server is up, GET /schema describes the rows.
 */
export function serverOf(predictor: TablePredictor, limits: ServerLimits): Server {
  const { schema } = predictor.encoder
  const routes: Readonly<Record<string, readonly [method: string, handle: Handler]>> = {
    '/health': ['GET', () => ({ status: 'ok' })],
    '/schema': ['GET', () => schema],
    '/predict': ['POST', async (request) => predicted(predictor, await rowsOf(request, limits))],
  }
  const server = createServer(async (request, response) => {
    try {
      const path = (request.url ?? '').split('?')[0]
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined
      if (!route)
        throw new Refusal(404, `there is no ${path.slice(0, 80)}; there are ${Object.keys(routes).join(', ')}`)
      const [method, handle] = route
      if (request.method !== method) throw new Refusal(405, `${path} is for ${method}`, { allow: method })
      answer(response, 200, await handle(request))
    } catch (error) {
      // the client is gone
      if (request.destroyed && !request.complete) return
      if (error instanceof Refusal) answer(response, error.status, { error: error.message }, error.headers)
      else answer(response, 500, { error: 'internal error' })
    } finally {
      // discard unread data, so that it is not parsed as the next request
      request.resume()
    }
  })
  server.headersTimeout = HEADERS_TIMEOUT
  server.requestTimeout = REQUEST_TIMEOUT
  return server
}

function answer(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(body)
}

/** @throws Refusal for a body that is too large, not JSON, or without rows. */
async function rowsOf(request: IncomingMessage, { body: most, rows: mostRows }: ServerLimits): Promise<object[]> {
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/(.+\+)?json\b/i.test(type)) {
    throw new Refusal(415, `expected a body of application/json, got ${type.slice(0, 80)}`)
  }
  const text = await bodyOf(request, most)
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    throw new Refusal(400, `the body is no JSON: ${(cause as Error).message}`)
  }
  const rows: unknown = Array.isArray(given) ? given : Object(given).rows
  if (!Array.isArray(rows)) throw new Refusal(400, 'expected an array of rows, or { "rows": [...] }')
  if (rows.length > mostRows) throw new Refusal(413, `${rows.length} rows are more than ${mostRows} in one request`)
  return rows
}

async function bodyOf(request: IncomingMessage, most: number): Promise<string> {
  const tooLarge = new Refusal(413, `the body is larger than ${most} bytes`, { connection: 'close' })
  if (Number(request.headers['content-length']) > most) throw tooLarge
  const pieces: Buffer[] = []
  let size = 0
  await new Promise<void>((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= most) pieces.push(piece)
      else reject(tooLarge)
    })
    request.on('end', resolve)
    request.on('error', reject)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
  } catch {
    throw new Refusal(400, 'the body is not UTF-8')
  }
}

function predicted(predictor: TablePredictor, rows: readonly object[]): object {
  const { target } = predictor.encoder
  try {
    const found = predictor.predict(rows)
    const predictions = Array.isArray(found) ? found : [...found]
    if (target.task === 'regression') return { predictions }
    const { classes } = target
    const shares = predictor.probabilities(rows)
    const probabilities = rows.map((_, row) =>
      Object.fromEntries(classes.map((name, c) => [name, shares[row * classes.length + c]])),
    )
    return { predictions, probabilities }
  } catch (error) {
    // rows that the encoder rejects
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    throw new Refusal(400, error.message.replace(/^encoder\.transform: /, ''))
  }
}
