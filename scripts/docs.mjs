// Writes docs/*.md from the catalogues.
import './ready.mjs'

process.env.FOURLANE_WRITE_DOCS = '1'
await import('../build/test/docs.test.js')
