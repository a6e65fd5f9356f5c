// Resolves what tests import from build/src to build/dist. For `node --import`; FOURLANE_DIST has the redirections.
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

let redirections = {}

export function initialize(data) {
  redirections = data
}

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const url = redirections[context.parentURL]?.[resolved.url]
  return url ? { ...resolved, url } : resolved
}

if (isMainThread) register(import.meta.url, { data: JSON.parse(process.env.FOURLANE_DIST) })
