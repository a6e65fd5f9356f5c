// One declaration file per entry point in build/dist, with only what its public names need of tsc's output.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from '@typescript/typescript6'
import { rollup } from 'rollup'
import dts from 'rollup-plugin-dts'
import { closureOf } from './closure.mjs'
import { TYPES } from './entries.mjs'

/** The most compact formatting: a tab is one byte, and so is a line break instead of a semicolon. */
const TERSE = ['--indent-style=tab', '--line-width=320', '--semicolons=as-needed', '--trailing-commas=none']

/** Drops the file comment, which would end up before whatever comes first. */
const withoutHeaders = {
  name: 'without-headers',
  transform(code, id) {
    const [first] = ts.createSourceFile(id, code, ts.ScriptTarget.Latest).statements
    const comments = ts.getLeadingCommentRanges(code, 0) ?? []
    const isHeader = comments.length > 1 || !first || ts.isImportDeclaration(first) || ts.isExportDeclaration(first)
    return { code: comments.length > 0 && isHeader ? code.slice(comments[0].end) : code, map: null }
  },
}

/** What several entries share is declared in core.d.ts, or in tablePredictor.d.ts for tables. */
export async function rollTypes(from, to) {
  const input = Object.fromEntries(TYPES.map((name) => [name, resolve(from, 'entries', `${name}.d.ts`)]))
  const bundle = await rollup({
    input,
    plugins: [withoutHeaders, dts()],
    external: /^[#\w]/,
    preserveEntrySignatures: 'allow-extension',
  })
  const { output } = await bundle.write({
    dir: to,
    format: 'es',
    entryFileNames: '[name].d.ts',
    hoistTransitiveImports: false,
    manualChunks: (id, { getModuleInfo }) =>
      ['core', 'tablePredictor'].find((name) => closureOf(input[name], getModuleInfo).has(id)),
  })
  await bundle.close()
  for (const { fileName, isEntry } of output) {
    if (!isEntry) throw new Error(`one file for each entry point, got also ${fileName}`)
    const path = join(to, fileName)
    const args = ['node_modules/@biomejs/biome/bin/biome', 'format', ...TERSE, `--stdin-file-path=${fileName}`]
    writeFileSync(path, execFileSync(process.execPath, args, { input: readFileSync(path) }))
  }
}
