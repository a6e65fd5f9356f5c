// What the others are compared with: a script that reads the model and does nothing.
import { readFileSync } from 'node:fs'

readFileSync(new URL('./digits.safetensors', import.meta.url))
