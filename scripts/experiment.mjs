// Runs experiments and writes their pages in docs/experiments: `npm run experiment -- NAME`.
import './ready.mjs'

const { main } = await import('../build/examples/experiments/frame/main.js')
await main(process.argv.slice(2))
