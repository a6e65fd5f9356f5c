// HDF5 in every form that h5py writes, and files that nobody should write; files by test/golden/hdf5/gen_hdf5.py.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Hdf5Node, readHdf5 } from '../../../src/formats/hdf5/hdf5.ts'
import { readGolden } from '../../support/golden.ts'
import { interopFile } from '../../support/interop.ts'
import { refuses } from '../../support/refuses.ts'

const root = import.meta.url.includes('/build/') ? '../../../../' : '../../../'
const fileOf = (name: string) =>
  new Uint8Array(readFileSync(new URL(`${root}test/golden/hdf5/${name}.h5`, import.meta.url)))
const expected = readGolden<Record<string, { shape: number[]; data: number[] }>>('hdf5/expected')

/** The node at a path. */
const at = (node: Hdf5Node, path: string): Hdf5Node => {
  const found = path.split('/').reduce<Hdf5Node | undefined>((parent, name) => parent?.children.get(name), node)
  if (!found) throw new Error(`there is no ${path}`)
  return found
}

for (const [name, many] of [
  ['old', 12],
  ['new', 12],
  ['compact', 3],
  ['heap', 60],
] as const) {
  test(`HDF5 in its ${name} form`, () => {
    const file = readHdf5('test', fileOf(name))
    assert.equal(file.texts('title'), ['a text of any length, with an é'])
    assert.equal(file.texts('fixed'), ['fixed'])
    assert.equal(file.texts('names'), ['dense', 'dense_1'])
    assert.equal(file.texts('list'), ['x', 'yy', ''])
    assert.is(file.texts('count'), undefined)
    assert.is(file.texts('nothing'), undefined)
    for (const [path, { shape, data }] of Object.entries(expected)) {
      const node = at(file, `layers/dense/${path}`)
      assert.equal(node.shape, shape, path)
      assert.equal([...node.read()], data, path)
    }
    const numbers = Array.from(at(file, 'many').children, ([key, node]) => [key, ...node.read()])
    const wanted = Array.from({ length: many }, (_, i) => [`a_layer_with_a_long_name_${i}`, i])
    assert.equal(numbers.sort(), wanted.sort())
  })
}

const REFUSED: Record<string, string> = {
  chunks:
    'test: the HDF5 file has a data set in chunks, as compressed ones are; repack it with h5repack -l CONTI -f NONE',
  link: 'test: the HDF5 file has a link to elsewhere, "y", which is not supported',
  external: 'test: the HDF5 file has a link to elsewhere, "y", which is not supported',
  attributes: 'test: the HDF5 file has objects with more than 8 attributes, which is not supported',
  circle: 'test: the HDF5 file is',
}
for (const [name, says] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => refuses(() => readHdf5('test', fileOf(name)), RangeError, says))
}

test('refused: numbers that are none of ours, when they are read', () => {
  const file = readHdf5('test', fileOf('complex'))
  refuses(() => at(file, 'x').read(), RangeError, 'test: the HDF5 file has no numbers where some are expected')
  refuses(() => file.read(), RangeError, 'has no numbers')
})

test('refused: floats of another size than their precision', () => {
  const float32 = [0x11, 0x20, 0x1f, 0, 4, 0, 0, 0]
  for (const size of [0, 2, 8]) {
    const bytes = fileOf('old')
    for (let i = 0; i < bytes.length; i++)
      if (float32.every((byte, offset) => bytes[i + offset] === byte)) bytes[i + 4] = size
    const node = at(readHdf5('test', bytes), 'layers/dense/f4')
    refuses(() => node.read(), RangeError, 'has no numbers')
  }
})

test('refused: what is no HDF5 at all', () => {
  refuses(() => readHdf5('test', new Uint8Array(0)), RangeError, 'test: not an HDF5 file')
  refuses(() => readHdf5('test', interopFile('keras-mlp.keras')), RangeError, 'test: not an HDF5 file')
})

/** Reads everything there is. */
function visit(node: Hdf5Node): void {
  for (const attribute of ['title', 'names', 'list']) node.texts(attribute)
  if (node.shape) node.read()
  for (const child of node.children.values()) visit(child)
}

test('a file cut anywhere is refused', () => {
  for (const name of ['old', 'new']) {
    const whole = fileOf(name)
    for (let length = 0; length < whole.length; length += length < 64 ? 1 : 61)
      refuses(() => visit(readHdf5('test', whole.slice(0, length))), RangeError, /^test: /)
  }
})

test('a file with any byte changed is read or refused, in bounded time', () => {
  for (const name of ['old', 'new', 'heap']) {
    const whole = fileOf(name)
    for (let i = 8; i < whole.length; i += 11) {
      const damaged = whole.slice()
      damaged[i] = (damaged[i] + 1 + (i % 255)) & 255
      try {
        visit(readHdf5('test', damaged))
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        assert.match(error.message, /^test: the HDF5 file /)
      }
    }
  }
})
test.run()
