// A table's models in a worker: asked over HTTP with rows, and with files in base64.
import * as fourlane from 'fourlane'
import * as predict from 'fourlane/predict'
import * as tables from 'fourlane/table/predict'
import { answers } from './tables.mjs'

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

export default {
  async fetch(request) {
    try {
      const { models, rows } = await request.json()
      return Response.json({ answers: answers({ fourlane, predict, tables }, models.map(decode), rows) })
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) })
    }
  },
}
