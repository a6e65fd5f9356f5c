/** `fourlane serve`, over real HTTP. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { prepare, presetFit, readTable, tabular } from '../../src/entries/table.ts'
import { tablePredictorFromBytes } from '../../src/entries/tablePredictor.ts'
import { fourlane, fourlaneIn, type Outcome } from '../support/cli.ts'
import { temporaryFolder } from '../support/folder.ts'

const table = await readTable(dataFile('penguins.csv'))
const folder = temporaryFolder()
const make = async (target: string) => {
  const { x, y, encoder } = prepare(table, { target })
  const model = tabular({ encoder, preset: 'mlp', seed: 1 })
  await model.fit(x, y, { ...presetFit(encoder, 'mlp'), epochs: 10 })
  const path = `${folder}/${target}.safetensors`
  await model.save(path)
  return { path, predictor: tablePredictorFromBytes(model.toBytes()) }
}
const species = await make('species')
const mass = await make('body_mass_g')
const ROW = {
  island: 'Biscoe',
  bill_length_mm: 46.1,
  bill_depth_mm: 13.2,
  flipper_length_mm: 211,
  body_mass_g: 4500,
  sex: null,
  year: 2007,
}

/** Runs the command while `use` talks to it. */
async function serving(
  path: string,
  use: (url: string, stop: () => void) => Promise<void>,
  ...args: string[]
): Promise<Outcome> {
  let stop = () => {}
  let outcome: Promise<Outcome> | undefined
  const url = await new Promise<string>((resolve, reject) => {
    const surroundings = {
      onStop: (given: () => void) => {
        stop = given
      },
      onNote: (text: string) => {
        const [found] = /http:\S+/.exec(text) ?? []
        // a turn later, when the command waits for its end
        if (found) setImmediate(() => resolve(found))
      },
    }
    outcome = fourlaneIn(surroundings, 'serve', path, '--port', '0', ...args)
    outcome.then(({ note }) => reject(new Error(note)), reject)
  })
  try {
    await use(url, stop)
  } finally {
    stop()
  }
  return outcome as Promise<Outcome>
}

const post = async (
  url: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => {
  const response = await fetch(`${url}/predict`, { method: 'POST', body, headers })
  return { status: response.status, body: await response.json() }
}

test('serve: predictions are those of the library; schema and health', async () => {
  const { code } = await serving(species.path, async (url) => {
    const rows = [ROW, { ...ROW, island: 'Atlantis', extra: 1 }]
    const expected = species.predictor.probabilities(rows)
    for (const body of [rows, { rows }]) {
      const { status, body: got } = await post(url, JSON.stringify(body))
      assert.is(status, 200)
      assert.equal(got.predictions, species.predictor.predict(rows))
      const shares = got.probabilities.flatMap((row: Record<string, number>) => [row.Adelie, row.Chinstrap, row.Gentoo])
      assert.equal(Float32Array.from(shares), expected)
    }
    assert.equal((await post(url, '[]')).body, { predictions: [], probabilities: [] })
    const schema = await fetch(`${url}/schema`)
    assert.match(schema.headers.get('content-type') ?? '', /application\/json/)
    assert.equal(await schema.json(), JSON.parse(JSON.stringify(species.predictor.encoder.schema)))
    assert.equal(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
  })
  assert.is(code, 0)
  await serving(mass.path, async (url) => {
    const rows = [{ ...ROW, species: 'Gentoo' }]
    assert.equal((await post(url, JSON.stringify(rows))).body, { predictions: [...mass.predictor.predict(rows)] })
  })
})

test('serve: what is wrong has its status and one line', async () => {
  await serving(
    species.path,
    async (url) => {
      const { island: _, ...less } = ROW
      for (const [body, status, says] of [
        ['{', 400, 'the body is no JSON'],
        ['3', 400, 'expected an array of rows'],
        ['null', 400, 'expected an array of rows'],
        ['[1]', 400, 'row 0 must be an object by column or an array'],
        [JSON.stringify([less]), 400, 'row 0 has no "island"'],
        [JSON.stringify([ROW, { ...ROW, year: 'old' }]), 400, 'row 1: "year" is "old", expected a number'],
        [JSON.stringify([{ ...ROW, island: {} }]), 400, 'row 0: "island" is an object, expected a category'],
        ['[{"__proto__": 1}]', 400, 'row 0 has no "island"'],
        [JSON.stringify(Array(11).fill(ROW)), 413, '11 rows are more than 10'],
        [' '.repeat(1e7), 413, 'the body is larger than 5000 bytes'],
      ] as const) {
        const got = await post(url, body)
        assert.is(got.status, status, JSON.stringify(got.body))
        assert.equal(Object.keys(got.body), ['error'])
        assert.ok(got.body.error.includes(says), got.body.error)
        assert.not.match(got.body.error, /\n|encoder\.transform|node:/)
      }
      assert.is((await post(url, '[]', { 'content-type': 'text/csv' })).status, 415)
      assert.is((await fetch(`${url}/other`)).status, 404)
      assert.is((await fetch(`${url}/constructor`)).status, 404)
      const wrong = await fetch(`${url}/predict`)
      assert.equal([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
      // a body without a length, that goes on and on
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const endless = request(`${url}/predict`, { method: 'POST' }, ({ statusCode }) => {
          clearInterval(timer)
          endless.destroy()
          resolve(statusCode)
        })
        endless.on('error', reject)
        const timer = setInterval(() => endless.write(' '.repeat(1000)), 1)
      })
      assert.is(status, 413)
      // still there
      assert.is((await post(url, JSON.stringify([ROW]))).status, 200)
    },
    '--max-rows',
    '10',
    '--max-body',
    '5000',
  )
})

test('serve: ends when it is told to, and answers what it has begun with', async () => {
  const outcome = await serving(species.path, async (url, stop) => {
    const { port, hostname } = new URL(url)
    const answered = new Promise<string>((resolve) => {
      let text = ''
      const body = JSON.stringify([ROW])
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`)
        setTimeout(() => {
          stop()
          setTimeout(() => socket.write(body), 20)
        }, 20)
      })
      socket.on('data', (piece) => {
        text += piece
      })
      socket.on('close', () => resolve(text))
    })
    assert.match(await answered, /^HTTP\/1\.1 200 OK[\s\S]*"predictions":\[/)
  })
  assert.is(outcome.code, 0)
})

test('serve: errors at the start', async () => {
  for (const [args, code, says] of [
    [[`${folder}/none.safetensors`], 1, 'no such file'],
    [[species.path, '--port', 'http'], 2, '--port must be a whole number from 0 to 65535'],
    [[species.path, '--max-rows', '0'], 2, '--max-rows must be'],
    [[species.path, '--host', '256.256.256.256', '--port', '0'], 1, '256.256.256.256'],
  ] as const) {
    const result = await fourlane('serve', ...args)
    assert.equal([result.code, result.out], [code, ''])
    assert.ok(result.note.includes(says), result.note)
    assert.is(result.note.split('\n').length, 2)
  }
  await serving(species.path, async (url) => {
    const taken = await fourlane('serve', species.path, '--port', new URL(url).port)
    assert.is(taken.code, 1)
    assert.match(taken.note, /: the port is taken/)
  })
})

test.run()
