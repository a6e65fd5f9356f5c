/** `fourlane predict` and `fourlane evaluate`, on a model made without them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { UsageError } from '../../src/cli/command.ts'
import { readShard, rowsOfShard } from '../../src/cli/shard.ts'
import { prepare, presetFit, readTable, tabular } from '../../src/entries/table.ts'
import { fourlane, fourlaneIn } from '../support/cli.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refuses } from '../support/refuses.ts'

const DATA = dataFile('penguins.csv')
const folder = temporaryFolder()
const table = await readTable(DATA)
const make = async (target: string, epochs: number) => {
  const { x, y, encoder } = prepare(table, { target })
  const model = tabular({ encoder, preset: 'mlp', seed: 1 })
  await model.fit(x, y, { ...presetFit(encoder, 'mlp'), epochs })
  const path = `${folder}/${target}.safetensors`
  await model.save(path)
  return { model, encoder, path, x, y }
}
const species = await make('species', 30)
const mass = await make('body_mass_g', 30)
const classes = ['Adelie', 'Chinstrap', 'Gentoo']
const TEXT = readFileSync(DATA, 'utf8')

test('predict: a line for every row, names and probabilities as the library gives them', async () => {
  const { code, out, note } = await fourlane('predict', species.path, DATA, '--proba')
  assert.equal([code, note], [0, ''])
  const [header, ...lines] = out.trimEnd().split('\n')
  assert.is(header, 'species,species=Adelie,species=Chinstrap,species=Gentoo')
  const expected = species.model.predict(species.encoder.transform(table))
  assert.is(lines.length, 344)
  for (const [row, line] of lines.entries()) {
    const [name, ...shares] = line.split(',')
    const wanted = [...expected.subarray(row * 3, row * 3 + 3)]
    assert.equal(
      shares.map((text) => Math.fround(Number(text))),
      wanted,
    )
    assert.is(name, classes[wanted.indexOf(Math.max(...wanted))])
  }
  const plain = await fourlane('predict', species.path, DATA)
  assert.equal(plain.out.trimEnd().split('\n'), ['species', ...lines.map((line) => line.split(',')[0])])
})

test('predict: numbers in the units of the table', async () => {
  const { out } = await fourlane('predict', mass.path, DATA)
  const [header, ...lines] = out.trimEnd().split('\n')
  assert.is(header, 'body_mass_g')
  const expected = mass.encoder.decode(mass.model.predict(mass.encoder.transform(table))) as Float64Array
  for (const [row, line] of lines.entries()) assert.ok(Math.abs(Number(line) / expected[row] - 1) < 1e-8)
})

test('predict: standard input, with and without a header; gzip; files that are replaced all at once', async () => {
  const { out } = await fourlane('predict', species.path, DATA)
  const bytes = new TextEncoder().encode(TEXT)
  const cut = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, i) => bytes.slice(i * 777, (i + 1) * 777))
  for (const args of [[], ['-']]) {
    assert.is((await fourlaneIn({ input: cut }, 'predict', species.path, ...args)).out, out)
  }
  assert.is((await fourlaneIn({ input: [new Uint8Array(gzipSync(bytes))] }, 'predict', species.path)).out, out)
  // as the encoder orders them: without the target, which is the last column
  const rows = TEXT.split('\n')
    .slice(1)
    .map((line) => line.slice(0, line.lastIndexOf(',')))
  const bare = await fourlaneIn(
    { input: [new TextEncoder().encode(rows.join('\n'))] },
    'predict',
    species.path,
    '--no-header',
  )
  assert.is(`species\n${bare.out}`, out)

  const to = `${folder}/out.csv`
  writeFileSync(to, 'before')
  const written = await fourlane('predict', species.path, DATA, '--out', to)
  assert.equal([written.code, written.out, written.note], [0, '', `${to} written\n`])
  assert.is(readFileSync(to, 'utf8'), out)
  const header = await fourlaneIn({ input: [bytes.slice(0, TEXT.indexOf('\n') + 1)] }, 'predict', species.path)
  assert.equal([header.code, header.out], [0, 'species\n'])
})

test('predict: shards are the rows in order, and are not made twice', async () => {
  const { out } = await fourlane('predict', species.path, DATA)
  const to = `${folder}/shards.csv`
  const parts: string[] = []
  for (let i = 0; i < 12; i++) {
    assert.is((await fourlane('predict', species.path, DATA, '--out', to, '--shard', `${i}/12`)).code, 0)
    const part = `${folder}/shards.${`${i}`.padStart(2, '0')}-of-12.csv`
    parts.push(readFileSync(part, 'utf8').slice('species\n'.length))
    writeFileSync(part, 'mine')
    const { note } = await fourlane('predict', species.path, DATA, '--out', to, '--shard', `${i}/12`)
    assert.is(note, `${part} is there already\n`)
    assert.is(readFileSync(part, 'utf8'), 'mine')
  }
  assert.is(`species\n${parts.join('')}`, out)
  for (const rows of [0, 1, 11, 100]) {
    const ends = Array.from({ length: 7 }, (_, index) => rowsOfShard({ index, count: 7 }, rows))
    assert.equal([ends[0][0], ends[6][1]], [0, rows])
    for (let i = 1; i < 7; i++) assert.is(ends[i][0], ends[i - 1][1])
  }
  for (const scheduler of [
    'JOB_COMPLETION_INDEX',
    'AWS_BATCH_JOB_ARRAY_INDEX',
    'SLURM_ARRAY_TASK_ID',
    'CLOUD_RUN_TASK_INDEX',
  ]) {
    assert.equal(readShard('predict', '/3', { [scheduler]: '2' }), { index: 2, count: 3 })
    assert.equal(readShard('predict', '1/3', { [scheduler]: '2' }), { index: 1, count: 3 })
    refuses(() => readShard('predict', '/3', { [scheduler]: '3' }), UsageError, 'parts 0 to 2, got 3')
    refuses(() => readShard('predict', '/3', { [scheduler]: '-1' }), UsageError, 'parts 0 to 2, got -1')
  }
  refuses(() => readShard('predict', '/3', {}), UsageError, 'says no part')
  refuses(() => readShard('predict', '3/3', {}), UsageError, 'parts 0 to 2, got 3')
  refuses(() => readShard('predict', '1', {}), UsageError, 'must be I/N')
})

test('evaluate: metrics beside the baseline', async () => {
  const { out } = await fourlane('evaluate', species.path, DATA, '--json')
  const result = JSON.parse(out)
  const { loss, accuracy } = species.model.evaluate(species.x, species.y)
  assert.is(result.metrics.accuracy, accuracy)
  assert.ok(Math.abs(result.metrics.logLoss - loss) < 1e-5)
  assert.is(result.baseline.accuracy, 152 / 344)
  assert.is(result.rows, 344)
  assert.equal(
    result.confusion.flat().reduce((sum: number, count: number) => sum + count, 0),
    344,
  )
  assert.match(
    (await fourlane('evaluate', species.path, DATA)).out,
    /^penguins.csv: 344 rows: accuracy 0\.\d+ \(baseline 0\.4419\)/,
  )

  const numbers = JSON.parse((await fourlane('evaluate', mass.path, DATA, '--json')).out)
  // two rows have no body mass
  assert.is(numbers.rows, 342)
  const predicted = mass.encoder.decode(mass.model.predict(mass.x)) as Float64Array
  const { values } = table.columns.find(({ name }) => name === 'body_mass_g') as { values: Float64Array }
  const truth = values.filter((value) => !Number.isNaN(value))
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length
  const squares = truth.reduce((sum, value, i) => sum + (value - predicted[i]) ** 2, 0)
  const spread = truth.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  assert.ok(Math.abs(numbers.metrics.r2 - (1 - squares / spread)) < 1e-6)
  assert.ok(Math.abs(numbers.metrics.rootMeanSquaredError - Math.sqrt(squares / truth.length)) < 1e-2)
})

test('bad input: one line, the right exit code, nothing half-written', async () => {
  const file = (name: string, text: string | Uint8Array) => {
    writeFileSync(`${folder}/${name}`, text)
    return `${folder}/${name}`
  }
  const rows = TEXT.split('\n')
  const wrong = file('wrong.csv', [...rows.slice(0, 40), rows[1].replace('3750.0', 'heavy'), rows[2], ''].join('\n'))
  const before = readdirSync(folder)
  for (const [args, code, says] of [
    [['predict', species.path, `${folder}/none.csv`], 1, 'no such file'],
    [['predict', `${folder}/none.safetensors`, DATA], 1, 'no such file'],
    [['predict', DATA, DATA], 1, 'not a safetensors file'],
    [
      ['predict', species.path, file('vanished.csv', 'island,year\nBiscoe,2007\n')],
      1,
      'vanished.csv: the table has no column',
    ],
    [['predict', species.path, file('empty.csv', '')], 1, 'empty.csv: the table is empty'],
    [
      ['predict', species.path, wrong],
      1,
      'wrong.csv: line 41, column 5 ("body_mass_g") holds "heavy", expected a number',
    ],
    [['predict', species.path, wrong, '--out', `${folder}/half.csv`], 1, 'line 41'],
    [['predict', species.path, DATA, '--out', `${folder}/no/such/folder.csv`], 1, 'no such file'],
    [['predict', mass.path, DATA, '--proba'], 2, '--proba is for classes'],
    [['predict', species.path, DATA, '--shard', '0/2'], 2, '--shard needs a file to read, and --out'],
    [['predict', species.path, DATA, '--shard', 'x', '--out', 'y'], 2, '--shard must be I/N'],
    [['evaluate', species.path, file('header.csv', rows[0])], 1, 'no row has a "species"'],
    [
      ['evaluate', species.path, file('emu.csv', [rows[0], rows[1].replace('Adelie', 'Emu')].join('\n'))],
      1,
      'emu.csv: "species" is "Emu", a class that training did not have',
    ],
    [['evaluate', species.path, file('blind.csv', 'island\nBiscoe')], 1, 'blind.csv: the table has no column'],
  ] as const) {
    const result = await fourlane(...args)
    assert.equal([result.code, result.out], [code, ''], `${args.join(' ')}: ${result.note}`)
    assert.ok(result.note.startsWith('fourlane: ') && result.note.includes(says), result.note)
    assert.is(result.note.split('\n').length, 2, result.note)
  }
  assert.not.ok(existsSync(`${folder}/half.csv`))
  const left = readdirSync(folder).filter((name) => !before.includes(name) && !name.endsWith('.csv'))
  assert.equal(left, [])
  // categories unseen in training count as missing
  const emu = await fourlaneIn(
    { input: [new TextEncoder().encode(`${rows[0]}\nAtlantis,1e9,NA,?,,unknown,2007,Emu\n`)] },
    'predict',
    species.path,
  )
  assert.is(emu.code, 0)
  assert.is(emu.out.split('\n').length, 3)
})

test.run()
