// The law of floors: scripts/check-floors.mjs finds what it should, in a checkout of a few files.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './support/folder.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../' : '../', import.meta.url))

const SOUND = {
  'src/abi/ops.ts': 'export const ADD = 1\n',
  'src/lib/check.ts': 'export const check = 1\n',
  'src/layers/dense.ts': "import { ADD } from '../abi/ops.ts'\nimport { check } from '../lib/check.ts'\n",
  'src/layers/dense.docs.ts': "import type { Dense } from './dense.ts'\n",
  'src/model/model.ts': "import '#runtime'\nimport '../layers/dense.ts'\n",
  'src/runtime/host.ts': '',
  'assembly/index.ts': "import { run } from './run'\nimport { ADD } from '../src/abi/ops'\n",
  'assembly/run.ts': '// import { run } from "./index"\n',
}

function check(planted: Record<string, string>) {
  const folder = temporaryFolder()
  for (const [path, code] of Object.entries({ ...SOUND, ...planted })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), code)
  }
  const script = join(root, 'scripts/check-floors.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  return { status, said: stderr.trim().split('\n') }
}

test('imports that run down pass', () => {
  assert.equal(check({}), { status: 0, said: [''] })
})

const FAULTS: Record<string, [planted: Record<string, string>, said: string]> = {
  'an import that runs up': [
    { 'src/machine/runner.ts': "import { plan } from '../compiler/plan.ts'\n", 'src/compiler/plan.ts': '' },
    'src/machine/runner.ts -> src/compiler/plan.ts: compiler is above machine',
  ],
  'a type-only import that runs up': [
    { 'src/lib/text.ts': "export type { Model } from '../model/model.ts'\n" },
    'src/lib/text.ts -> src/model/model.ts: model is above lib',
  ],
  'a format that knows the model': [
    { 'src/formats/onnx.ts': "import type { Model } from '../model/model.ts'\n" },
    'src/formats/onnx.ts -> src/model/model.ts: model is above formats',
  ],
  'a circle of types': [
    {
      'src/model/save.ts': "import { load } from './load.ts'\n",
      'src/model/load.ts': "export const load = (value: import('./save.ts').Save) => value\n",
    },
    'circle: src/model/load.ts -> src/model/save.ts -> src/model/load.ts',
  ],
  'a circle in assembly': [
    { 'assembly/run.ts': "import { start } from './index'\n" },
    'circle: assembly/index.ts -> assembly/run.ts -> assembly/index.ts',
  ],
  'a circle of rooms on one floor': [
    {
      'src/layers/prelu.ts': "import { constant } from '../catalogue/constant.ts'\n",
      'src/catalogue/constant.ts': '',
      'src/catalogue/losses.ts': "import { dense } from '../layers/dense.ts'\n",
    },
    'circle of rooms: catalogue -> layers -> catalogue',
  ],
  'numbers that import': [
    { 'src/abi/records.ts': "import { check } from '../lib/check.ts'\n" },
    'src/abi/records.ts -> src/lib/check.ts: abi imports nothing',
  ],
  'prose that is shipped': [
    { 'src/layers/layers.ts': "import { DOCS } from './dense.docs.ts'\n" },
    'src/layers/layers.ts -> src/layers/dense.docs.ts: prose is for docs/pages.ts only',
  ],
  'a room without a floor': [
    { 'src/attic/old.ts': "import { check } from '../lib/check.ts'\n" },
    'src/attic/old.ts -> src/lib/check.ts: "attic" has no floor; give it one in scripts/check-floors.mjs',
  ],
}
for (const [name, [planted, expected]] of Object.entries(FAULTS)) {
  test(`refused: ${name}`, () => {
    const { status, said } = check(planted)
    assert.is(status, 1)
    assert.equal(
      said.filter((line) => line !== expected),
      [],
    )
    assert.ok(said.includes(expected), said.join('\n'))
  })
}
test.run()
