/** How threads share a step: threads that take turns in any order claim everything once, whoever stops in the middle. */

import { Worker } from 'node:worker_threads'
import { instantiateSync } from '@assemblyscript/loader'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { JOB_SHARES_NOW, THREADS_JOB } from '../../../src/abi/threads.ts'
import { importSharedMemory, sharedMemory } from '../../../src/machine/threads/sharedMemory.ts'
import { compile } from '../../support/compile.ts'

interface Thread extends Record<string, unknown> {
  setThreads(count: number): void
  open(total: number, thread: number): void
  more(): number
  begin(): number
  end(): number
  done(): void
  noteWaiting(step: number, record: number, left: number): void
  left(total: number, thread: number, threads: number): number
  openGrid(rows: number, panels: number, depth: number, thread: number): void
  moreGrid(): number
  row(): number
  rows(): number
  beginGrid(): number
  endGrid(): number
  hammer(steps: number, total: number, thread: number, counts: number): void
}

const module = new WebAssembly.Module(
  importSharedMemory(compile('test/support/assembly/share.ts', ['simd', 'threads'])) as BufferSource,
)

/** Instances on one memory, as if each were a separate thread, and one more to inspect the results. */
function crew(count: number): { threads: Thread[]; onlooker: Thread; memory: WebAssembly.Memory } {
  const memory = sharedMemory(64)
  const instance = () => instantiateSync<Thread>(module, { env: { memory } }).exports
  const threads = Array.from({ length: count }, instance)
  for (const thread of threads) thread.setThreads(count)
  return { threads, onlooker: instance(), memory }
}

/** Whose turn it is: numbers that are used up in order, then round and round. */
function* turns(order: readonly number[], count: number): Generator<number> {
  for (const number of order) yield number % count
  for (let i = 0; ; i++) yield i % count
}

const counts = fc.integer({ min: 1, max: 9 })
const totals = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 5000 }))
const orders = fc.array(fc.nat(1000), { maxLength: 200 })

test('every unit is given once, whoever is fast or slow, step after step', () => {
  fc.assert(
    fc.property(counts, fc.array(totals, { minLength: 1, maxLength: 4 }), orders, (count, steps, order) => {
      const { threads } = crew(count)
      const turn = turns(order, count)
      for (const total of steps) {
        const given = new Uint8Array(total)
        const opened = new Set<number>()
        const working = new Set(threads.keys())
        while (working.size) {
          const thread = turn.next().value as number
          if (!working.has(thread)) continue
          if (!opened.has(thread)) threads[thread].open(total, thread)
          opened.add(thread)
          if (!threads[thread].more()) working.delete(thread)
          else for (let i = threads[thread].begin(); i < threads[thread].end(); i++) given[i]++
        }
        assert.ok(
          given.every((times) => times === 1),
          `${total} units on ${count} threads`,
        )
      }
    }),
    { numRuns: 60 },
  )
})

test('a matrix is covered once by rows and panels', () => {
  fc.assert(
    fc.property(
      counts,
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 3000 }),
      orders,
      (count, rows, panels, depth, order) => {
        const { threads } = crew(count)
        const turn = turns(order, count)
        const given = new Uint8Array(rows * panels)
        for (const [thread, instance] of threads.entries()) instance.openGrid(rows, panels, depth, thread)
        const working = new Set(threads.keys())
        while (working.size) {
          const thread = turn.next().value as number
          if (!working.has(thread)) continue
          const instance = threads[thread]
          if (!instance.moreGrid()) working.delete(thread)
          else {
            const [row, end] = [instance.row(), instance.row() + instance.rows()]
            // short parts would take other kernels
            assert.ok(end - row >= Math.min(rows, 9), `${end - row} of ${rows} rows`)
            for (let r = row; r < end; r++)
              for (let p = instance.beginGrid(); p < instance.endGrid(); p++) given[r * panels + p]++
          }
        }
        assert.ok(
          given.every((times) => times === 1),
          `${rows} rows, ${panels} panels, ${depth} deep on ${count} threads`,
        )
      },
    ),
    { numRuns: 100 },
  )
})

test('a thread that stops costs the others what it has in hand, and that is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), totals, fc.nat(12), orders, (count, total, last, order) => {
      const { threads, onlooker, memory } = crew(count)
      const turn = turns(order, count)
      const given = new Uint8Array(total)
      const finished = new Uint8Array(total)
      for (const [thread, instance] of threads.entries()) instance.open(total, thread)
      const working = new Set(threads.keys())
      let claims = 0
      let dead = false
      while (working.size) {
        const thread = turn.next().value as number
        if (!working.has(thread)) continue
        const instance = threads[thread]
        if (!instance.more()) {
          working.delete(thread)
          continue
        }
        const dies: boolean = thread === 1 && !dead && claims++ === last
        for (let i = instance.begin(); i < instance.end(); i++) {
          given[i]++
          if (!dies) finished[i]++
        }
        if (dies) working.delete(thread)
        else instance.done()
        dead ||= dies
      }
      assert.ok(given.every((times) => times === 1))
      threads[0].noteWaiting(0, 0, 0)
      assert.is(new BigInt64Array(memory.buffer)[(THREADS_JOB + 4 * JOB_SHARES_NOW) / 8], 1n)
      for (let thread = 0; thread < count; thread++) {
        const found = onlooker.left(total, thread, count) !== 0
        assert.is(found, dead && thread === 1)
        if (found) for (let i = onlooker.begin(); i < onlooker.end(); i++) finished[i]++
      }
      assert.ok(finished.every((times) => times === 1))
    }),
    { numRuns: 60 },
  )
})

test('threads that run at the same time leave no unit out and take none twice', async () => {
  const COUNTS = 65536
  const script = `
    const { workerData: { module, memory, threads, thread, steps, total } } = require('node:worker_threads')
    const { setThreads, hammer } = new WebAssembly.Instance(module, { env: { memory } }).exports
    setThreads(threads)
    const ready = new Int32Array(memory.buffer)
    Atomics.add(ready, 0, 1)
    while (Atomics.load(ready, 0) < threads);
    hammer(steps, total, thread, ${COUNTS})`
  for (const [threads, total] of [
    [2, 16],
    [3, 16],
    [3, 5],
    [4, 300],
  ]) {
    const steps = Math.round(200_000 / total)
    const memory = sharedMemory(64)
    const workers = Array.from({ length: threads }, (_, thread) => {
      const workerData = { module, memory, threads, thread, steps, total }
      return new Promise((resolve, reject) => {
        new Worker(script, { eval: true, workerData }).on('exit', resolve).on('error', reject)
      })
    })
    await Promise.all(workers)
    const counts = new Int32Array(memory.buffer, COUNTS, total)
    assert.ok(
      counts.every((count) => count === steps),
      `${threads} threads, ${steps} steps: ${counts}`,
    )
  }
})

test.run()
