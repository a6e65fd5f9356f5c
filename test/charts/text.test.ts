import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clean, escapeXml, fitText, textWidth } from '../../src/charts/text.ts'
import { contentOf } from '../support/svg.ts'
import { parseXml } from '../support/xml.ts'

/** Any sequence of UTF-16 units, halves of surrogate pairs and control characters included. */
const anyText = fc
  .array(
    fc.oneof(
      fc.nat(0xffff),
      fc.constantFrom(0, 9, 10, 0x1b, 0x26, 0x3c, 0x3e, 0x22, 0x27, 0x5d, 0xd800, 0xdfff, 0xffff),
    ),
  )
  .map((units) => String.fromCharCode(...units))

test('text: whatever comes in, element and attribute hold what is left of it', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 30 }), (text, longest) => {
      const cleaned = clean(text, longest)
      const root = parseXml(`<a b="${escapeXml(cleaned)}">${escapeXml(cleaned)}</a>`)
      assert.is(root.attributes.b, cleaned)
      assert.is(contentOf(root), cleaned)
      assert.ok(Array.from(cleaned).length <= longest)
    }),
    { numRuns: 2000 },
  )
})

test('text: the parser that these tests rely on is strict', () => {
  for (const broken of [
    '<a>',
    '<a></b>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a>&</a>',
    '<a>&nbsp;</a>',
    '<a>\u0001</a>',
    '<a>\ud800</a>',
    '<a/><b/>',
    '<a b="1"c="2"/>',
    '<a>]]></a>',
  ]) {
    assert.throws(() => parseXml(broken), undefined, broken)
  }
  assert.equal(parseXml('<a b="&lt;">x<c/></a>'), {
    name: 'a',
    attributes: { b: '<' },
    children: ['x', { name: 'c', attributes: {}, children: [] }],
  })
})

test('text: what is cut says so, and what is not stays', () => {
  assert.is(clean('loss', 10), 'loss')
  assert.is(clean('  loss\n\tof  all ', 20), 'loss of all')
  assert.is(clean('validation loss', 10), 'validatio…')
  assert.is(clean('x'.repeat(1e6), 5), 'xxxx…')
  assert.is(clean('𝛼𝛽𝛾𝛿', 3), '𝛼𝛽…')
  assert.is(clean(`𝛼${'\ud835'}`, 3), '𝛼')
})

test('text: widths grow with the text, and what is fitted fits', () => {
  fc.assert(
    fc.property(anyText, fc.double({ min: 20, max: 300, noNaN: true }), (text, width) => {
      const cleaned = clean(text, 100)
      const fitted = fitText(cleaned, width, 12)
      assert.ok(textWidth(fitted, 12) <= width || Array.from(fitted).length <= 2)
      assert.ok(textWidth(`${cleaned}a`, 12) > textWidth(cleaned, 12))
    }),
  )
  assert.is(fitText('validation', 200, 12), 'validation')
  assert.match(fitText('validation', 40, 12), /^vali?d?…$/)
  // "0.001" in DejaVu Sans: 4 digits of 0.636 em and a point of 0.318 em
  const dejaVu = 4 * 0.636 + 0.318
  assert.ok(Math.abs(textWidth('0.001', 1) - dejaVu) < 0.06)
})

test.run()
