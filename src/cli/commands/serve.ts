/** `fourlane serve`: serves a table model over HTTP until stopped. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { loadTablePredictor } from '../../entries/tablePredictor.ts'
import { type Command, quoted } from '../command.ts'
import { serverOf } from '../server.ts'
import { wholeOf } from '../values.ts'

const PORT = 8080
const HOST = '127.0.0.1'
const BODY = 2 ** 20
const ROWS = 10_000
const MOST_BODY = 2 ** 28
const MOST_ROWS = 1e7
/** Milliseconds that pending requests get to finish when the server stops. */
const PATIENCE = 5000

export const serve: Command = {
  name: 'serve',
  usage: 'MODEL',
  arity: [1, 1],
  summary: 'Predicts rows that are sent to it over HTTP.',
  options: [
    { name: 'port', value: 'N', text: `default ${PORT}; 0 takes one that is free` },
    { name: 'host', value: 'NAME', text: `where to listen; default ${HOST}, which other machines cannot reach` },
    { name: 'max-body', value: 'BYTES', text: `of a request; default ${BODY}` },
    { name: 'max-rows', value: 'N', text: `of a request; default ${ROWS}` },
  ],
  notes: [
    'POST /predict takes a JSON array of rows, objects by column, or { "rows": [...] }; null is missing. It gives { "predictions": [...] }, and of classes "probabilities": [{ class: probability }].',
    'GET /schema says what the columns are, GET /health that the server is there. What is wrong is { "error": "..." }: 400 for rows or JSON, 404, 405, 413 for too much, 415.',
    'Ctrl-C or SIGTERM ends it when requests in hand are answered.',
  ],
  async run({ positionals: [model], options }, io) {
    const port = wholeOf('serve', options, 'port', [0, 65535]) ?? PORT
    const host = typeof options.host === 'string' ? options.host : HOST
    const body = wholeOf('serve', options, 'max-body', [1, MOST_BODY]) ?? BODY
    const rows = wholeOf('serve', options, 'max-rows', [1, MOST_ROWS]) ?? ROWS
    const server = serverOf(await loadTablePredictor(model), { body, rows })
    server.listen(port, host)
    // rejects on an error such as a port in use
    await once(server, 'listening')
    const { address, port: taken, family } = server.address() as AddressInfo
    io.note(`${quoted(model)} at http://${family === 'IPv6' ? `[${address}]` : address}:${taken}\n`)
    const closed = once(server, 'close')
    const ignore = io.onStop(() => {
      server.close()
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), PATIENCE).unref()
    })
    await closed
    ignore()
  },
}
