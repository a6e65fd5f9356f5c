/** The command behind `npm run experiment`: runs experiments and writes their pages. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describeRuntime } from 'fourlane'
import { course, experiments } from '../course.ts'
import type { AnyExperiment, Page } from './experiment.ts'
import { dataFolder } from './images.ts'
import { writeIndex } from './index.ts'
import { cpuTime, fileOf, type Record, toMarkdown, toTerminal } from './report.ts'

const root = new URL(import.meta.url.includes('/build/') ? '../../../../' : '../../../', import.meta.url)
const docs = fileURLToPath(new URL('docs/experiments/', root))
const interrupted = fileURLToPath(new URL('build/experiments/', root))

const USAGE = `npm run experiment -- NAME... [--smoke | --pages | --check] [--fresh]

NAME      ${experiments.map(({ name }) => name).join(', ')}, or all
--smoke   a run of seconds that writes nothing
--pages   writes the pages from the results of the last run
--check   fails where a page is not what they say
--fresh   runs from the start where a run was interrupted

FOURLANE_DATA names the folder that has mnist and cifar10.`

const OPTIONS = ['--smoke', '--pages', '--check', '--fresh']

function readArguments(words: readonly string[]): { chosen: readonly AnyExperiment[]; options: Set<string> } {
  const unknown = words.filter((word) => word.startsWith('--') && !OPTIONS.includes(word))
  const names = words.filter((word) => !word.startsWith('--'))
  const strange = names.filter((name) => name !== 'all' && !experiments.some((one) => one.name === name))
  const needsNames = !words.includes('--pages') && !words.includes('--check')
  if ((names.length === 0 && needsNames) || unknown.length > 0 || strange.length > 0) {
    const wrong = [...strange, ...unknown].map((word) => `"${word}" is not known.\n\n`).join('')
    console.error(wrong + USAGE)
    process.exit(2)
  }
  const chosen = names.includes('all') ? experiments : experiments.filter(({ name }) => names.includes(name))
  return { chosen, options: new Set(words) }
}

/** JSON with lists of numbers on one line. */
const json = (value: unknown): string =>
  `${JSON.stringify(value, null, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s*\n\s*/g, ' '))}\n`

const resultsFile = (name: string) => `${docs}results/${name}.json`

function machine(): string {
  const { target } = describeRuntime()
  const [cpu] = cpus()
  return `${cpu.model.trim()}, ${cpus().length} cores, Node.js ${process.versions.node}, build ${target}`
}

/** Results of the parts of an experiment, which outlive an interruption. */
function keeper(name: string, fresh: boolean) {
  const file = `${interrupted}${name}.json`
  let kept: { cpuSeconds: number; values: { [key: string]: unknown } } = { cpuSeconds: 0, values: {} }
  if (!fresh) {
    try {
      kept = JSON.parse(readFileSync(file, 'utf8')) as typeof kept
    } catch {
      // nothing was interrupted
    }
  }
  const before = kept.cpuSeconds
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage(started)
    return before + (user + system) / 1e6
  }
  const started = process.cpuUsage()
  return {
    cpuSeconds,
    async once<Result>(key: string, work: () => Result | Promise<Result>): Promise<Result> {
      if (!(key in kept.values)) {
        const start = process.cpuUsage()
        kept.values[key] = await work()
        const { user, system } = process.cpuUsage(start)
        console.log(`  ${key}: ${cpuTime((user + system) / 1e6)}`)
        kept.cpuSeconds = cpuSeconds()
        mkdirSync(interrupted, { recursive: true })
        writeFileSync(file, json(kept))
      }
      return kept.values[key] as Result
    },
    forget: () => rmSync(file, { force: true }),
  }
}

async function run(one: AnyExperiment, fresh: boolean): Promise<void> {
  const bench = keeper(one.name, fresh)
  const results = await one.run({ smoke: false, once: bench.once })
  const record: Record = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    cpuSeconds: Number(bench.cpuSeconds().toFixed(1)),
    results,
  }
  mkdirSync(`${docs}results`, { recursive: true })
  writeFileSync(resultsFile(one.name), json(record))
  bench.forget()
}

/** The record of the last run, if there was one. */
function readRecord(name: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(resultsFile(name), 'utf8')) as Record
  } catch {
    return undefined
  }
}

/** What docs/experiments holds, by path, as far as there are results. */
function files(): { [path: string]: string } {
  const written: { [path: string]: string } = {}
  const pages = new Map<string, Page>()
  let cpuSeconds = 0
  for (const one of experiments) {
    const record = readRecord(one.name)
    if (!record) continue
    const page = one.page(record.results)
    pages.set(one.name, page)
    cpuSeconds += record.cpuSeconds
    written[`${one.name}.md`] = toMarkdown(one, page, record)
    for (const part of page.parts) {
      if (typeof part !== 'object' || !('pictures' in part)) continue
      for (const { name, svg } of part.pictures) written[fileOf(one.name, name)] = svg
    }
  }
  written['README.md'] = writeIndex(course, pages, cpuSeconds)
  return written
}

function writeFiles(): void {
  const written = files()
  mkdirSync(`${docs}images`, { recursive: true })
  for (const [path, text] of Object.entries(written)) writeFileSync(docs + path, text)
  for (const image of readdirSync(`${docs}images`))
    if (!(`images/${image}` in written)) rmSync(`${docs}images/${image}`)
}

function checkFiles(): void {
  const written = Object.entries(files())
  const stale = written.filter(([path, text]) => !existsSync(docs + path) || readFileSync(docs + path, 'utf8') !== text)
  for (const [path] of stale) console.error(`docs/experiments/${path} is out of date`)
  if (stale.length > 0) process.exitCode = 1
  else console.log(`${written.length} files are what the results say`)
}

async function smoke(one: AnyExperiment): Promise<void> {
  const results = await one.run({ smoke: true, once: async (_, work) => work() })
  // as a page would get them
  const page = one.page(JSON.parse(JSON.stringify(results)))
  console.log(`${toTerminal(one, page)}\n`)
}

/** Runs an experiment and writes its page, unless its data is missing. */
async function perform(one: AnyExperiment, fresh: boolean): Promise<void> {
  const missing = one.data.filter((name) => dataFolder(name) === undefined)
  if (missing.length > 0) {
    console.error(`${one.name} needs ${missing.join(' and ')} in the folder that FOURLANE_DATA names: not run`)
    process.exitCode = 1
    return
  }
  console.log(`${one.name} ...`)
  await run(one, fresh)
  writeFiles()
  const record = readRecord(one.name)
  if (record) console.log(`${toTerminal(one, one.page(record.results))}\n`)
}

export async function main(words: readonly string[]): Promise<void> {
  const { chosen, options } = readArguments(words)
  if (options.has('--pages')) writeFiles()
  else if (options.has('--check')) checkFiles()
  else for (const one of chosen) await (options.has('--smoke') ? smoke(one) : perform(one, options.has('--fresh')))
}
