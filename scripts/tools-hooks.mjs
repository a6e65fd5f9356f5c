// Resolves packages that only one suite needs in the folder FOURLANE_TOOLS, and fourlane itself for examples that have their own
// package.json. For `node --import`.
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const folder = process.env.FOURLANE_TOOLS
const root = new URL('../', import.meta.url).href

export async function resolve(specifier, context, next) {
  if (/^fourlane(\/|$)/.test(specifier)) return next(specifier, { ...context, parentURL: root })
  const isTool = /^[\w@]/.test(specifier) && existsSync(join(folder, 'node_modules', specifier))
  return next(specifier, isTool ? { ...context, parentURL: `${pathToFileURL(folder)}/` } : context)
}

if (isMainThread) register(import.meta.url)
