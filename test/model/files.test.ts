// Model files on disk: where they are read from, how they are replaced, and what remains after an interrupted write.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPredictor } from '../../src/entries/predict.ts'
import { dense, input, loadModel, type Model, sequential } from '../../src/entries/public.ts'
import { encodeTensors, streamTensors, type TensorBytes } from '../../src/formats/safetensorsWriter.ts'
import { openFile, writePieces } from '../../src/runtime/node.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runLines, source } from '../support/process.ts'
import { rejects } from '../support/refuses.ts'
import { classifier, wave } from '../support/samples.ts'

const mode = (path: string) => statSync(path).mode & 0o7777

test('models come from paths, URLs and everything that holds bytes', async () => {
  const model = classifier()
  const path = join(temporaryFolder(), 'model.safetensors')
  await model.save(pathToFileURL(path))
  const bytes = new Uint8Array(readFileSync(path))
  assert.equal(bytes, model.toBytes())
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  const expected = model.predict(wave(8))
  const sources = {
    path,
    url: pathToFileURL(path),
    bytes,
    buffer: Buffer.from(bytes),
    arrayBuffer: bytes.buffer,
    view: new DataView(bytes.buffer),
    shared,
    unaligned: shifted.subarray(3),
    response: new Response(bytes),
    blob: new Blob([bytes]),
    data: `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`,
  }
  for (const [name, from] of Object.entries(sources)) {
    const given = name === 'data' ? await fetch(String(from)) : from
    assert.equal((await loadModel(given)).predict(wave(8)), expected, name)
    const again = name === 'response' ? new Response(bytes) : name === 'data' ? await fetch(String(from)) : from
    assert.equal((await loadPredictor(again)).predict(wave(8)), expected, name)
  }
})

test('what is no source is refused', async () => {
  for (const [name, load] of Object.entries({ loadModel, loadPredictor })) {
    const says = `${name}: `
    await rejects(load(5 as never), TypeError, `${says}expected a path, a URL, bytes or a Response, got 5`)
    await rejects(load(null as never), TypeError, `${says}expected a path, a URL, bytes or a Response, got null`)
    await rejects(load({} as never), TypeError, `${says}"source" must be a Uint8Array or an ArrayBuffer, got an object`)
    const gone = new Response('gone', { status: 404, statusText: 'Not Found' })
    await rejects(load(gone), Error, `${says}the response is 404 "Not Found", not a file`)
    const read = new Response('read')
    await read.text()
    await rejects(load(read), TypeError, `${says}the response has been read already`)
    await rejects(load(new Response('a page')), RangeError, 'cut short')
  }
})

test('a file that is replaced keeps its mode, and links stay links', async () => {
  const folder = temporaryFolder()
  const model = classifier()
  const path = join(folder, 'model')
  await model.save(path)
  assert.is(mode(path), 0o666 & ~process.umask())
  for (const bits of [0o600, 0o640, 0o444]) {
    chmodSync(path, bits)
    await model.save(path)
    assert.is(mode(path), bits)
  }
  mkdirSync(join(folder, 'links'))
  const [first, second] = [join(folder, 'links', 'first'), join(folder, 'links', 'second')]
  symlinkSync('../model', first)
  symlinkSync('first', second)
  writeFileSync(path, 'other')
  await model.save(second)
  assert.is(readlinkSync(second), 'first')
  assert.is(readlinkSync(first), '../model')
  assert.ok(lstatSync(path).isFile())
  assert.equal(new Uint8Array(readFileSync(path)), model.toBytes())
  // a link to nowhere says where the file is to be
  const dangling = join(folder, 'links', 'dangling')
  symlinkSync('../new', dangling)
  await model.save(dangling)
  assert.ok(lstatSync(dangling).isSymbolicLink())
  assert.equal(new Uint8Array(readFileSync(join(folder, 'new'))), model.toBytes())
  const loop = join(folder, 'links', 'loop')
  symlinkSync('loop', loop)
  await rejects(model.save(loop), Error, /ELOOP/)
  assert.equal(readdirSync(folder).sort(), ['links', 'model', 'new'])
  assert.equal(readdirSync(join(folder, 'links')).sort(), ['dangling', 'first', 'loop', 'second'])
})

test('what is no file is not replaced by one', async () => {
  const folder = temporaryFolder()
  await rejects(classifier().save(folder), Error, /EISDIR/)
  await rejects(classifier().save(join(folder, 'none', 'model')), Error, /ENOENT/)
  await classifier().save('/dev/null')
  assert.ok(lstatSync('/dev/null').isCharacterDevice())
  assert.equal(readdirSync(folder), [])
})

test('files that a killed process left are removed by the next that writes there; others stay', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  const { printed } = runLines(
    `import { writePieces } from '${source('runtime/node')}'
     function* pieces() { yield new Uint8Array(10); process.kill(process.pid, 'SIGKILL') }
     process.stdout.write(String(process.pid))
     await writePieces(${JSON.stringify(path)}, pieces())`,
  )
  const [left, ...more] = readdirSync(folder)
  assert.equal(more, [])
  assert.match(left, new RegExp(`^model\\.[0-9a-z]+-${printed}-[0-9a-f]{8}\\.tmp$`))
  const elsewhere = left.replace(/\.[0-9a-z]+-/, '.otherhost-')
  const running = left.replace(printed, '1')
  const own = left.replace(printed, `${process.pid}`)
  const old = own.replace(/[0-9a-f]{8}\.tmp/, '00000000.tmp')
  const kept = [elsewhere, running, own, 'model.backup.tmp', 'model2.1-2-3.tmp']
  for (const name of [...kept, old]) writeFileSync(join(folder, name), '')
  utimesSync(join(folder, old), 1, 1)
  await classifier().save(path)
  assert.equal(readdirSync(folder).sort(), [...kept, 'model'].sort(), `host ${hostname()}`)
})

test('whenever a process is killed while it saves, the file is one of those it saved', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  const model = classifier()
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { writePieces } from '${source('runtime/node')}'
       const bytes = new Uint8Array(Buffer.from('${Buffer.from(model.toBytes()).toString('base64')}', 'base64'))
       process.stdout.write('.')
       for (;;) await writePieces(${JSON.stringify(path)}, [bytes.subarray(0, 100), bytes.subarray(100)])`,
    ])
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, 5 + 7 * round))
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    if (existsSync(path)) assert.equal(new Uint8Array(readFileSync(path)), model.toBytes())
  }
  await model.save(path)
  assert.equal(readdirSync(folder), ['model'])
})

test('two that write one file at once both succeed, and one of them wins', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  const models = [1, 2, 3, 4].map((seed) => classifier({ seed }))
  await Promise.all(models.map((model) => model.save(path)))
  const found = new Uint8Array(readFileSync(path))
  assert.ok(models.some((model) => Buffer.from(model.toBytes()).equals(found)))
  assert.equal(readdirSync(folder), ['model'])
})

test('a write that fails leaves the file as it was', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'model')
  await classifier().save(path)
  const before = readFileSync(path)
  function* broken() {
    yield before.subarray(0, 50)
    throw new Error('the source broke')
  }
  await rejects(writePieces(path, broken()), Error, 'the source broke')
  assert.equal(readFileSync(path), before)
  assert.equal(readdirSync(folder), ['model'])
})

const text = (length: number, start = 0) => Uint8Array.from({ length }, (_, i) => (start + i * 7) % 251)

test('a stream of tensors is the file in pieces, and notices that they change', async () => {
  const values = [text(9_000_000), text(12), text(0), text(5_000_000, 3)]
  const tensors = values.map((bytes, i): TensorBytes => {
    const copy: TensorBytes['copy'] = (from, out) => out.set(bytes.subarray(from, from + out.length))
    return { name: `tensor ${i}`, dtype: 'F32', shape: [bytes.length / 4], copy }
  })
  const collect = async (change: () => void) => {
    const pieces: Uint8Array[] = []
    for await (const piece of streamTensors(tensors, { a: 'b' }, async () => {})) {
      assert.ok(piece.length <= 2 ** 22)
      pieces.push(piece.slice())
      change()
    }
    return Buffer.concat(pieces)
  }
  assert.equal(await collect(() => {}), Buffer.from(encodeTensors(tensors, { a: 'b' })))
  const change = () => {
    values[3][4_999_999] = 255
  }
  await rejects(collect(change), Error, 'the model has changed while it was written')
})

/** A model whose file has 144 MB. */
function large(): Model {
  const model = sequential([input(6000), dense(6000, { kernelInitializer: 'zeros' }), dense(3)], { seed: 1 })
  const [kernel] = model.parameters
  const values = new Float32Array(kernel.size)
  for (let i = 0; i < values.length; i += 997) values[i] = Math.sin(i)
  kernel.set(values)
  return model
}

test('a large model is written and read in pieces', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'large')
  const model = large()
  let written = false
  const saving = model.save(path).then(() => {
    written = true
  })
  await new Promise((resolve) => setTimeout(resolve, 0))
  assert.not.ok(written)
  await saving
  const x = wave(6000)
  const expected = model.predict(x)
  assert.equal((await loadModel(path)).predict(x), expected)
  assert.equal((await loadPredictor(path)).predict(x), expected)
  const toBytes = Buffer.from(model.toBytes())
  assert.ok(toBytes.equals(readFileSync(path)))

  const changed = model.save(path)
  const isWriting = () => readdirSync(folder).some((name) => name !== 'large' && statSync(join(folder, name)).size > 0)
  while (!isWriting()) await new Promise((resolve) => setTimeout(resolve, 1))
  model.parameters[2].set(new Float32Array(6000 * 3).fill(1))
  await rejects(changed, Error, 'save: the model has changed while it was written; await save()')
  assert.ok(toBytes.equals(readFileSync(path)))

  toBytes[toBytes.length - 1] ^= 1
  writeFileSync(path, toBytes)
  await rejects(loadModel(path), RangeError, 'the file is damaged')
})

test('a large file is read where it is asked for, and closed', async () => {
  const path = join(temporaryFolder(), 'sparse')
  const end = 2 ** 31 + 10
  await writePieces(path, [])
  const { truncateSync } = await import('node:fs')
  truncateSync(path, end)
  const file = await openFile(path)
  assert.is(file.size, end)
  assert.equal(file.read(end - 3, end), new Uint8Array(3))
  truncateSync(path, end - 2)
  assert.throws(() => file.read(end - 3, end), /ended at byte 2147483656 of 2147483658 while it was read/)
  file.close()
  const next = openSync(path, 'r')
  assert.is(readSync(next, new Uint8Array(1)), 1)
})

test.run()
