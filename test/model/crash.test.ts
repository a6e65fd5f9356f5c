// Saving when the machine does not play along: the disk is full, the folder or the file is read-only, writers race, a limit kills
// the process. What is found afterwards is the old file or the new one, whole; the error says what was wrong.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel, modelFromBytes } from '../../src/entries/public.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runLines, source } from '../support/process.ts'
import { rejects } from '../support/refuses.ts'
import { classifier } from '../support/samples.ts'

const isRoot = process.getuid?.() === 0
/** Nobody. */
const USER = 65_534
const bytesOf = (path: string) => new Uint8Array(readFileSync(path))
const skip = (what: string, why: string) => console.log(`  skipped: ${what}: ${why}`)

/** A file system of so many bytes at a folder; undefined where none may be mounted. */
function mountSmall(folder: string, bytes: number): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return () => execFileSync('umount', [folder], { stdio: 'ignore' })
}

/** Lines of a module that write `bytes` to a path as `save` does, and print the error's code. */
const saving = (path: string, bytes: Uint8Array, before = '') =>
  `import { writePieces } from '${source('runtime/node')}'
   const bytes = new Uint8Array(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'))
   ${before}
   try {
     await writePieces(${JSON.stringify(path)}, [bytes.subarray(0, 100), bytes.subarray(100)])
     process.stdout.write('saved')
   } catch (error) {
     process.stdout.write(error.code + ' ' + error.message)
   }`

test('a full disk: an error that says so, the old file, and no leftovers', async () => {
  const folder = temporaryFolder()
  const unmount = mountSmall(folder, 32_768)
  if (!unmount) return skip('a full disk', 'no file system may be mounted')
  try {
    const path = join(folder, 'model')
    const old = classifier({ seed: 1 })
    await old.save(path)
    writeFileSync(join(folder, 'ballast'), new Uint8Array(32_768 - 4096 * Math.ceil(bytesOf(path).length / 4096)))
    await rejects(classifier({ seed: 2 }).save(path), Error, /ENOSPC/)
    assert.equal(bytesOf(path), old.toBytes())
    assert.equal(readdirSync(folder).sort(), ['ballast', 'model'])
    assert.equal((await loadModel(path)).toBytes(), old.toBytes())
  } finally {
    unmount()
  }
})

test('a device without room: an error that says so', async () => {
  if (!existsSync('/dev/full')) return skip('a full device', 'this system has none')
  await rejects(classifier().save('/dev/full'), Error, /ENOSPC/)
})

test('a process that a limit on file sizes kills: the old file', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  const old = classifier({ seed: 1 })
  await old.save(path)
  const lines = join(folder, 'lines.mjs')
  const large = new Uint8Array(4096)
  large.set(classifier({ seed: 2 }).toBytes().subarray(0, 4096))
  writeFileSync(lines, saving(path, large))
  const command = `ulimit -f 1 && exec "$0" "$1"`
  try {
    execFileSync('/bin/sh', ['-c', command, process.execPath, lines], { stdio: 'ignore' })
  } catch {
    // killed by the limit, or refused by it
  }
  assert.equal(bytesOf(path), old.toBytes())
  await old.save(path)
  assert.equal(readdirSync(folder).sort(), ['lines.mjs', 'model'])
})

/** The lines as a user without privileges, to whom the folder belongs; root may write everywhere. */
const asUser = (path: string, bytes: Uint8Array) =>
  runLines(saving(path, bytes, isRoot ? `process.setgroups([]); process.setgid(${USER}); process.setuid(${USER})` : ''))

const owned = (folder: string, ...files: string[]) => {
  if (isRoot) for (const file of [folder, ...files]) chownSync(file, USER, USER)
}

test('a read-only folder: an error that says so, and the old file', async () => {
  const folder = join(temporaryFolder(), 'models')
  mkdirSync(folder)
  chmodSync(join(folder, '..'), 0o755)
  const path = join(folder, 'model')
  const old = classifier({ seed: 1 })
  await old.save(path)
  owned(folder, path)
  chmodSync(folder, 0o555)
  const { printed } = asUser(path, classifier({ seed: 2 }).toBytes())
  assert.match(printed, /^EACCES .*permission denied/)
  assert.equal(bytesOf(path), old.toBytes())
  assert.equal(readdirSync(folder), ['model'])
  chmodSync(folder, 0o755)
  assert.is(asUser(path, classifier({ seed: 2 }).toBytes()).printed, 'saved')
  assert.equal(bytesOf(path), classifier({ seed: 2 }).toBytes())
})

test('a read-only file is not replaced, though its folder would allow it', async () => {
  const folder = join(temporaryFolder(), 'models')
  mkdirSync(folder)
  chmodSync(join(folder, '..'), 0o755)
  const path = join(folder, 'model')
  const old = classifier({ seed: 1 })
  await old.save(path)
  owned(folder, path)
  chmodSync(path, 0o444)
  const { printed } = asUser(path, classifier({ seed: 2 }).toBytes())
  assert.match(printed, /^EACCES .*permission denied/)
  assert.equal(bytesOf(path), old.toBytes())
  assert.equal(readdirSync(folder), ['model'])
})

test('a read-only file system: an error that says so, for root too', async () => {
  const folder = temporaryFolder()
  const unmount = mountSmall(folder, 65_536)
  if (!unmount) return skip('a read-only file system', 'no file system may be mounted')
  try {
    const path = join(folder, 'model')
    const old = classifier({ seed: 1 })
    await old.save(path)
    execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' })
    await rejects(classifier({ seed: 2 }).save(path), Error, /EROFS/)
    assert.equal(bytesOf(path), old.toBytes())
  } finally {
    unmount()
  }
})

test('two processes that save to one path: readers find the one model or the other, whole', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  const files = [1, 2].map((seed) => classifier({ seed }).toBytes())
  writeFileSync(path, files[0])
  const writers = files.map((bytes): ChildProcess => {
    const loop = `import { writePieces } from '${source('runtime/node')}'
       const bytes = new Uint8Array(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'))
       process.stdout.write('.')
       for (;;) await writePieces(${JSON.stringify(path)}, [bytes.subarray(0, 100), bytes.subarray(100)])`
    return spawn(process.execPath, ['--input-type=module', '-e', loop])
  })
  await Promise.all(writers.map((writer) => new Promise((resolve) => writer.stdout?.once('data', resolve))))
  const ended = writers.map((writer) => new Promise<number | null>((resolve) => writer.once('exit', resolve)))
  const found = [0, 0]
  for (const end = performance.now() + 1000; performance.now() < end; ) {
    const bytes = bytesOf(path)
    const which = files.findIndex((file) => Buffer.from(file).equals(bytes))
    assert.is.not(which, -1, `a file of ${bytes.length} bytes that nobody wrote`)
    modelFromBytes(bytes)
    found[which]++
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const writer of writers) {
    assert.is(writer.exitCode, null, 'a writer gave up')
    writer.kill('SIGKILL')
  }
  await Promise.all(ended)
  assert.ok(found[0] > 0 && found[1] > 0, `both were there: ${found}`)
  await classifier().save(path)
  assert.equal(readdirSync(folder), ['model'])
})

test.run()
