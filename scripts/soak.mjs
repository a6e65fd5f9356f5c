// A million steps, thousands of fits, a thousand models, with one thread and two: `npm run soak`; `-- --share 0.02` does a fiftieth.
import './ready.mjs'

await import('../build/test/soak/soak.js')
