// Writes docs/*.md from the catalogues.
import './ready.mjs'
import { writeFileSync } from 'node:fs'

const { pages } = await import('../build/docs/pages.js')
for (const [name, page] of Object.entries(pages)) writeFileSync(`docs/${name}.md`, page())
