// The pages on formats and the example that serves a model from PyTorch.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelFromBytes, readIdx } from '../../src/entries/public.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../../' : '../../', import.meta.url))

const state = 'digits.torch.safetensors'

test('the edge example loads the state dict that PyTorch has trained', () => {
  // inside the package, so that its own name resolves
  const folder = join(root, 'build/examples/edge-worker')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(root, 'examples/edge-worker/from-torch.mjs'), join(folder, 'from-torch.mjs'))
  copyFileSync(join(root, 'examples/edge-worker', state), join(folder, state))
  execFileSync(process.execPath, ['from-torch.mjs'], { cwd: folder })
  const served = modelFromBytes(readFileSync(join(folder, 'digits.safetensors')))
  const read = (name: string) =>
    readIdx(new Uint8Array(gunzipSync(readFileSync(join(root, 'examples/data', name))))).values
  const x = Float32Array.from(read('digits-images-idx3-ubyte.gz'), (pixel) => pixel / 16)
  const y = read('digits-labels-idx1-ubyte.gz')
  const right = served.predictClasses(x).filter((digit, row) => digit === y[row]).length
  // what train.py prints
  assert.is((right / y.length).toFixed(4), '0.9900')
})

for (const page of readdirSync(join(root, 'docs/formats'))) {
  const path = join(root, 'docs/formats', page)
  const text = readFileSync(path, 'utf8')
  test(`links of docs/formats/${page} exist`, () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      assert.ok(existsSync(join(dirname(path), target)), `${page} links to ${target}`)
  })
  test(`docs/formats/${page} imports names that there are`, async () => {
    const entries: Record<string, object> = {
      fourlane: await import('../../src/entries/public.ts'),
      'fourlane/formats': await import('../../src/entries/formats.ts'),
    }
    for (const [, names, from] of text.matchAll(/import \{ ([^}]+) \} from '(fourlane[^']*)'/g))
      for (const name of names.split(', ')) assert.ok(name in entries[from], `${page} imports ${name} from ${from}`)
  })
}
test.run()
