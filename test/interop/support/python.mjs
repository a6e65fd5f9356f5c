// Runs what Python programs read: with the interpreter that FOURLANE_PYTHON names, else `python3`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sequential } from '../../src/entries/full.js'

const python = process.env.FOURLANE_PYTHON ?? 'python3'

export const wave = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) * 1.5)

/** A model of these layers, its parameters not their defaults, and rows with what it predicts for them. */
export function settled(layers) {
  const model = sequential(layers, { seed: 1 })
  for (const [i, parameter] of model.parameters.entries()) {
    const positive = /runningVariance|runningDeviation|scale|batches/.test(parameter.name)
    parameter.set(wave(parameter.size, i).map((value) => (positive ? Math.ceil(Math.abs(value)) : value * 0.5)))
  }
  const x = Array.from({ length: 4 }, (_, row) => [...wave(layers[0].size, row)])
  return { model, case: { x, y: [...model.predict(x)] } }
}

/**
 * Writes files to a folder of its own and lets `read_NAME.py` read them, where Python has all of the packages.
 * @param files contents by name.
 */
export function readByPython(name, packages, files) {
  const folder = fileURLToPath(new URL(`../${name}`, import.meta.url))
  mkdirSync(folder, { recursive: true })
  for (const [file, content] of Object.entries(files)) writeFileSync(`${folder}/${file}`, content)
  const missing = packages.filter(
    (module) => spawnSync(python, ['-c', `import importlib.util as u; assert u.find_spec('${module}')`]).status !== 0,
  )
  if (missing.length > 0) {
    console.log(`skipped  ${name}: ${python} has no ${missing.join(', ')}; FOURLANE_PYTHON names another one`)
    return
  }
  const script = fileURLToPath(new URL(`../read_${name}.py`, import.meta.url))
  if (spawnSync(python, [script, folder], { stdio: 'inherit' }).status !== 0) process.exitCode = 1
}
