/** `fourlane train`: from a file to a model that the other commands read. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { fourlane, fourlaneIn } from '../support/cli.ts'
import { temporaryFolder } from '../support/folder.ts'
import { parseXml } from '../support/xml.ts'

const DATA = dataFile('penguins.csv')
const TEXT = readFileSync(DATA, 'utf8')
const folder = temporaryFolder()
const model = `${folder}/model.safetensors`
const train = (...args: string[]) => fourlane('train', DATA, '--out', model, '--threads', '1', ...args)

test('train: one JSON object, a model for the other commands, a report', async () => {
  const to = `${folder}/report.html`
  const result = await train('--target', 'species', '--test', '0.2', '--epochs', '30', '--json', '--report', to)
  assert.is(result.code, 0, result.note)
  const said = JSON.parse(result.out)
  assert.equal(Object.keys(said), ['task', 'target', 'rows', 'columns', 'seconds', 'epochs', 'metrics', 'model'])
  assert.equal(
    [said.task, said.target, said.rows, said.columns, said.epochs],
    ['classification', 'species', 275, 7, 30],
  )
  assert.equal(Object.keys(said.metrics), ['test', 'validation', 'baseline'])
  assert.ok(said.metrics.test.accuracy >= 0.95 && said.metrics.validation.accuracy >= 0.95)
  assert.ok(said.metrics.baseline.accuracy < 0.5)
  assert.is(said.model, model)
  assert.is(result.note.split('\n').filter((line) => /^Epoch +\d+\/30 /.test(line)).length, 30)
  const evaluated = JSON.parse((await fourlane('evaluate', model, DATA, '--json')).out)
  assert.ok(evaluated.metrics.accuracy >= 0.95)

  const html = readFileSync(to, 'utf8')
  for (const part of [
    '<h1>species, from penguins.csv</h1>',
    '<h2>Scores</h2>',
    'Confusion',
    'Which columns matter',
    'val',
    'Gentoo',
    'bill_length_mm',
  ]) {
    assert.ok(html.includes(part), part)
  }
  // nothing from elsewhere
  assert.not.match(html, /(src|href)=|https?:\/\/(?!www\.w3\.org)|@import|url\((?!#)/)
  const charts = html.match(/<svg[\s\S]*?<\/svg>/g) ?? []
  assert.ok(charts.length >= 4)
  for (const chart of charts) parseXml(chart)
})

test('train: numbers, an average of several, other presets, standard input; the same seed, the same model', async () => {
  const options = ['--target', 'body_mass_g', '--epochs', '12', '--seed', '7', '--ensemble', '3', '--json']
  const said = JSON.parse((await train(...options)).out)
  assert.is(said.task, 'regression')
  assert.ok(said.metrics.validation.r2 > 0.6, JSON.stringify(said.metrics))
  assert.is(said.metrics.test, null)
  const once = readFileSync(model)
  await train(...options)
  assert.equal(readFileSync(model), once)
  const input = [new TextEncoder().encode(TEXT)]
  const args = ['train', '-', '--target', 'sex', '--preset', 'mlp', '--epochs', '20', '--out', model]
  const piped = await fourlaneIn({ input }, ...args)
  assert.is(piped.code, 0, piped.note)
  assert.match(piped.out, /^classification of sex from 7 columns and 333 rows: 20 epochs/)
  assert.match((await fourlane('predict', model, DATA)).out, /^sex\n(male|female)\n/)
})

test('train: the time limit ends it, and so does whoever asks', async () => {
  const started = performance.now()
  const limited = await train('--target', 'species', '--epochs', '100000', '--time-limit', '2s', '--json')
  const said = JSON.parse(limited.out)
  assert.ok(performance.now() - started < 20_000 && said.epochs < 100000)
  let stop: (() => void) | undefined
  const surroundings = {
    onStop: (given: () => void) => {
      stop = given
    },
    onNote: (text: string) => {
      if (text.includes('Epoch') && text.includes('  3/')) stop?.()
    },
  }
  const stopped = await fourlaneIn(surroundings, 'train', DATA, '--target', 'species', '--out', model, '--json')
  assert.is(stopped.code, 0, stopped.note)
  assert.ok(JSON.parse(stopped.out).epochs < 256)
  assert.match(stopped.note, /Stopped: asked to/)
})

test('train: on a terminal, one line that is redrawn', async () => {
  const { note } = await fourlaneIn(
    { interactive: true },
    'train',
    DATA,
    '--target',
    'species',
    '--epochs',
    '20',
    '--out',
    model,
  )
  assert.not.match(note, /\n.*Epoch/)
  assert.match(note, /\rEpoch +\d+\/20 /)
  assert.ok(note.endsWith('\r\x1b[2K') || note.includes('\x1b[2K'))
})

test('train: a table to test with', async () => {
  const lines = TEXT.trimEnd().split('\n')
  const file = `${folder}/tested.csv`
  writeFileSync(file, [lines[0], ...lines.slice(1).filter((_, i) => i % 5 === 0)].join('\n'))
  const said = JSON.parse((await train('--target', 'species', '--test-file', file, '--epochs', '10', '--json')).out)
  assert.ok(said.metrics.test.accuracy > 0.8)
  assert.is(said.rows, 344)
})

test('train: a table that is read anew for every epoch', async () => {
  const said = JSON.parse(
    (await train('--target', 'species', '--stream', '--test', '0.2', '--epochs', '30', '--json')).out,
  )
  assert.is(said.epochs, 30)
  assert.ok(said.metrics.test.accuracy > 0.8 && said.metrics.validation.accuracy > 0.8, JSON.stringify(said.metrics))
  const piped = await fourlane('train', '-', '--target', 'species', '--stream', '--out', model)
  assert.equal([piped.code, piped.out], [2, ''])
})

test('what is worth knowing about a table is told by its name', async () => {
  const mixed = `${folder}/mixed.csv`
  const lines = Array.from({ length: 12 }, (_, i) => `${i === 5 ? 'north' : i % 3},${'pq'[i % 2]}`)
  writeFileSync(mixed, ['a,y', ...lines].join('\n'))
  for (const more of [[], ['--stream']]) {
    const options = ['--target', 'y', '--preset', 'mlp', '--epochs', '1', '--out', model, ...more]
    const { code, note } = await fourlane('train', mixed, ...options)
    assert.is(code, 0, note)
    assert.ok(note.startsWith(`${mixed}: line 7, column 1 ("a") holds "north"`), note)
  }
})

test('bad input: one line, the right exit code, nothing written', async () => {
  const file = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text)
    return `${folder}/${name}`
  }
  const [header, first] = TEXT.split('\n')
  const to = `${folder}/never.safetensors`
  const say = ['--target', 'species', '--out', to]
  for (const [args, code, says] of [
    [[DATA, '--out', to], 2, 'say --target COLUMN'],
    [[`${folder}/none.csv`, ...say], 1, 'no such file'],
    [[DATA, '--target', 'specie', '--out', to], 1, 'did you mean "species"?'],
    [
      [file('one.csv', `${header}\n${first}\n${first}\n`), ...say],
      1,
      'one.csv: the target "species" has one class only, "Adelie"',
    ],
    [[file('nothing.csv', ''), ...say], 1, 'nothing.csv: the table is empty'],
    [[file('header.csv', header), ...say], 1, 'header.csv: the table has a header (island'],
    [[file('ragged.csv', `${header}\n${first}\n1,2\n`), ...say], 1, 'ragged.csv: line 3 has 2 columns, expected 8'],
    [[DATA, ...say, '--task', 'regression'], 1, 'a regression is for numbers'],
    [[DATA, ...say, '--test', '0.9999'], 1, 'leaves none to train on'],
    [[DATA, ...say, '--test', '1.5'], 2, '--test must be a fraction between 0 and 1, got "1.5"'],
    [[DATA, ...say, '--test', '0.1', '--test-file', DATA], 2, 'exclude each other'],
    [[DATA, ...say, '--test-file', file('blind.csv', 'island\nBiscoe\n')], 1, 'blind.csv: '],
    [
      [DATA, ...say, '--test-file', file('unlabelled.csv', `${header}\n${first.replace('Adelie', '')}\n`)],
      1,
      'no row has a "species" to test with',
    ],
    [
      [DATA, ...say, '--preset', 'realmpl-small'],
      2,
      '--preset cannot be "realmpl-small"; did you mean "realmlp-small"?',
    ],
    [[DATA, ...say, '--epochs', '0'], 2, '--epochs must be a whole number from 1'],
    [[DATA, ...say, '--threads', 'many'], 2, '--threads must be a whole number'],
    [[DATA, ...say, '--time-limit', 'soon'], 2, '--time-limit must be a time such as 60s'],
    [[DATA, ...say, '--report', `${folder}/no/report.html`], 1, 'there is no folder'],
    [[DATA, '--target', 'species', '--out', folder], 1, 'is a folder'],
  ] as const) {
    const result = await fourlane('train', ...args)
    assert.equal([result.code, result.out], [code, ''], `${args.join(' ')}: ${result.note}`)
    const lines = result.note
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('fourlane: '))
    assert.is(lines.length, 1, result.note)
    assert.ok(lines[0].includes(says), result.note)
    assert.not.ok(existsSync(to))
  }
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test.run()
