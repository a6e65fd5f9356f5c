// Puts the parts of a file's rows into the queue: `node enqueue.mjs rows.npy OUTPUT-FOLDER [PARTS]`. Again does no harm: a part is in the
// queue once, whatever its state.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Queue } from 'bullmq'
import { readNpy } from 'fourlane/formats'
import { connection, QUEUE, rowsOf } from './parts.mjs'

const [, , data, folder, parts = '100'] = process.argv
const count = Number(parts)
const [rows] = readNpy(readFileSync(data)).shape
const queue = new Queue(QUEUE, { connection: connection() })
await queue.addBulk(
  Array.from({ length: count }, (_, index) => ({
    name: 'part',
    data: { data: resolve(data), folder: resolve(folder), index, count, ...rowsOf(index, count, rows) },
    opts: { jobId: `${resolve(folder)}#${index}`, attempts: 10, backoff: { type: 'exponential', delay: 200 } },
  })),
)
console.log(`${count} parts of ${rows} rows are in the queue`)
await queue.close()
