/** Single files of the machine, or probes of test/support/assembly, compiled for a test. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MACHINE_BYTES } from '../../src/abi/layout.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../../' : '../../', import.meta.url))

/**
 * One with threads imports its memory, as the machine does.
 * @param level optimizing does not change what a module computes: little is enough.
 */
export function compile(source: string, features: readonly string[], level = '-O1'): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'fourlane-'))
  try {
    const file = join(folder, 'probe.wasm')
    const options = ['--config', join(folder, 'none.json'), '--runtime', 'stub', '--noAssert', '--use', 'abort=']
    const memory = ['--initialMemory', '64', '--memoryBase', String(MACHINE_BYTES)]
    if (features.includes('threads')) memory.push('--importMemory', '--maximumMemory', '65536')
    const enable = features.flatMap((feature) => ['--enable', feature])
    const args = ['node_modules/assemblyscript/bin/asc.js', source, level, '--outFile', file]
    execFileSync(process.execPath, [...args, ...options, ...memory, ...enable], { cwd: root })
    return new Uint8Array(readFileSync(file))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Features of a build. */
export const featuresOf = (relaxed: boolean): string[] => ['simd', ...(relaxed ? ['relaxed-simd'] : [])]
