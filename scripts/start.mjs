// `npm start`: installs and builds what is missing, then trains on the digits.
import './ready.mjs'

await import('../build/examples/digits.js')
