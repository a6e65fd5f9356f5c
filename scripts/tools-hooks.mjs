// Resolves packages that only a suite needs in the folder FOURLANE_TOOLS. For `node --import`.
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const folder = process.env.FOURLANE_TOOLS

export async function resolve(specifier, context, next) {
  const isTool = /^[\w@]/.test(specifier) && existsSync(join(folder, 'node_modules', specifier))
  return next(specifier, isTool ? { ...context, parentURL: `${pathToFileURL(folder)}/` } : context)
}

if (isMainThread) register(import.meta.url)
