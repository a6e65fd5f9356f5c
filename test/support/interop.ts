/** Files that other tools wrote, with what these tools compute from them. */
import { readFileSync } from 'node:fs'

export interface InteropCase {
  readonly id: string
  readonly inputs: number
  readonly files: Readonly<Record<string, string>>
  /** Rows of features, and the rows of outputs that the tool computed. */
  readonly x: readonly (readonly number[])[]
  readonly y: readonly (readonly number[])[]
  /** Words that the error must hold, for a file that must be refused. */
  readonly error_must_name?: readonly string[]
  readonly expect?: Readonly<Record<string, { shape: number[]; data: number[] }>>
}

/** test/golden/interop/NAME */
export function interopFile(name: string): Uint8Array {
  const root = import.meta.url.includes('/build/') ? '../../../' : '../../'
  return new Uint8Array(readFileSync(new URL(`${root}test/golden/interop/${name}`, import.meta.url)))
}

export const interopCases = (
  JSON.parse(new TextDecoder().decode(interopFile('cases.json'))) as { cases: InteropCase[] }
).cases

/** What the README of the files asks for: 1e-5 absolute and relative. */
export const INTEROP = { absolute: 1e-5, relative: 1e-5 }
