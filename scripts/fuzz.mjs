// Reads files that are mutated at random: `npm run fuzz -- --cases 5000 --seed 1`; `--only models --case 17` runs one case again.
import './ready.mjs'

await import('../build/test/fuzz/fuzz.js')
