/** Fresh processes: what a test must see from the start, or under flags. */
import { spawnSync } from 'node:child_process'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
/** Where the suite runs on build/dist: what takes the place of a module of src/. */
const redirections: Readonly<Record<string, string>> = JSON.parse(process.env.FOURLANE_DIST ?? '{"":{}}')['']

/** Address of a module of src/, for an import in such a process. */
export function source(name: string): string {
  const { href } = new URL(`../../src/${name}.${extension}`, import.meta.url)
  return redirections[href] ?? href
}

/** Runs the lines of a module; what it prints to both streams, and whether it ended well. */
export function runLines(code: string, flags: readonly string[] = [], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    // beside NO_COLOR, Node complains of it
    env: { ...process.env, FORCE_COLOR: undefined, ...env },
  })
  return { passed: status === 0, printed: stdout.trim(), complained: stderr.trim() }
}
