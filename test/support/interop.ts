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

function golden(path: string): Uint8Array {
  const root = import.meta.url.includes('/build/') ? '../../../' : '../../'
  return new Uint8Array(readFileSync(new URL(`${root}test/golden/${path}`, import.meta.url)))
}

/** test/golden/interop/NAME */
export const interopFile = (name: string): Uint8Array => golden(`interop/${name}`)

/** test/golden/keras/NAME, files by gen_keras.py beside them. */
export const kerasFile = (name: string): Uint8Array => golden(`keras/${name}`)

const casesIn = (file: Uint8Array): InteropCase[] =>
  (JSON.parse(new TextDecoder().decode(file)) as { cases: InteropCase[] }).cases

export const interopCases = casesIn(interopFile('cases.json'))
export const kerasCases = casesIn(kerasFile('cases.json'))

/** What the README of the files asks for: 1e-5 absolute and relative. */
export const INTEROP = { absolute: 1e-5, relative: 1e-5 }
