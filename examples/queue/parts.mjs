// What the three programs agree on: the queue, the parts of the rows, and where their outputs go.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const QUEUE = 'score'

/** Where Redis is. Requests wait for it as long as it takes: it may be restarting. */
export const connection = () => {
  const { hostname, port } = new URL(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null, retryStrategy: () => 200 }
}

/** Rows [first, end) of part `index` of `count`. */
export const rowsOf = (index, count, rows) => ({
  first: Math.floor((rows * index) / count),
  end: Math.floor((rows * (index + 1)) / count),
})

export const pathOf = (folder, index, count) => {
  const digits = String(count - 1).length
  return join(folder, `part-${String(index).padStart(digits, '0')}-of-${count}.npy`)
}

export const isDone = (path) => existsSync(path)

/** All or nothing: whoever sees the file sees all of it, and a worker that dies while it writes leaves none under this name. */
export function writeWhole(path, bytes) {
  mkdirSync(join(path, '..'), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, bytes, { flush: true })
  renameSync(temporary, path)
}
