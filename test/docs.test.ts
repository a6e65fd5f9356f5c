// The reference pages are what the catalogues say: docs/NAME.md is written by `npm run docs`, from docs/pages.ts.
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pages } from '../docs/pages.ts'
import { ACTIVATION_DOCS } from '../src/catalogue/activations.docs.ts'
import { INITIALIZER_DOCS } from '../src/catalogue/initializers/initializers.docs.ts'
import { LOSS_DOCS } from '../src/catalogue/losses.docs.ts'
import { METRIC_DOCS } from '../src/catalogue/metrics/metrics.docs.ts'
import { REGULARIZER_DOCS } from '../src/catalogue/regularizers.docs.ts'
import { CARRIED_DOCS } from '../src/layers/carried.docs.ts'
import { LAYER_DOCS } from '../src/layers/layers.docs.ts'
import { OPTIMIZER_DOCS } from '../src/optimizers/optimizers.docs.ts'
import { SCHEDULE_DOCS } from '../src/optimizers/schedules/schedules.docs.ts'
import { CALLBACK_DOCS } from '../src/training/callbacks/callbacks.docs.ts'
import * as callbacks from '../src/training/callbacks/callbacks.ts'

const built = import.meta.url.includes('/build/')

for (const [name, page] of Object.entries(pages)) {
  const path = new URL(`${built ? '../../' : '../'}docs/${name}.md`, import.meta.url)
  test(`docs/${name}.md says what the catalogue says`, () => {
    assert.ok(existsSync(path), 'missing; run npm run docs')
    assert.is(readFileSync(path, 'utf8'), page(), 'out of date; run npm run docs')
  })
}

// that every kind has a row is checked by their types
test('no row is left empty', () => {
  const rows: object[] = [ACTIVATION_DOCS, INITIALIZER_DOCS, LOSS_DOCS, METRIC_DOCS, REGULARIZER_DOCS, LAYER_DOCS]
  rows.push(CARRIED_DOCS, OPTIMIZER_DOCS, SCHEDULE_DOCS, CALLBACK_DOCS)
  for (const [kind, row] of rows.flatMap((table) => Object.entries(table))) {
    for (const [name, text] of Object.entries(row)) {
      // an initializer may have no source, and no name elsewhere
      const optional = kind in INITIALIZER_DOCS && ['source', 'pytorch', 'keras'].includes(name)
      assert.ok(text !== '' || optional, `${kind}: ${name}`)
    }
  }
})

test('every callback is in the list of callbacks', () => {
  const made = Object.entries(callbacks).filter(([, value]) => typeof value === 'function')
  const names = made.map(([name]) => name).filter((name) => name !== 'checkCallbacks')
  assert.equal(names.sort(), Object.keys(callbacks.CALLBACKS).sort())
})
test.run()
