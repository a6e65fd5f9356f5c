// The same through the entry point that only predicts.
import { readFileSync } from 'node:fs'
import { predictorFromBytes } from 'fourlane/predict'

predictorFromBytes(readFileSync(new URL('./digits.safetensors', import.meta.url))).predict(new Float32Array(64))
