// Time from a fresh process to the first prediction: load a saved model, predict one row.
import { readFileSync } from 'node:fs'
import { modelFromBytes } from 'fourlane'

modelFromBytes(readFileSync(new URL('./digits.safetensors', import.meta.url))).predict(new Float32Array(64))
