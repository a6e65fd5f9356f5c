/** What `fourlane/mpi` does without MPI: a rank of one, refusals, and the way to a library. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input, sequential } from '../../src/entries/full.ts'
import { connect } from '../../src/entries/mpi.ts'
import { apart } from '../../src/mpi/agreement.ts'
import { dialectOf } from '../../src/mpi/dialects.ts'
import type { NativeLibrary } from '../../src/mpi/library.ts'
import { runLines, source } from '../support/process.ts'
import { refuses } from '../support/refuses.ts'

const small = () => {
  const model = sequential([input(2), dense(3), dense(2, { activation: 'softmax' })], { seed: 3 })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', 'auc'] })
  return model
}
const x = [0, 1, 1, 0, 1, 1, 0, 0, 2, 1]
const y = [0, 1, 1, 0, 1]

test('a process that nobody launched is a rank of one, and trains as without it', async () => {
  const parallel = await connect()
  assert.equal([parallel.rank, parallel.size, parallel.library], [0, 1, undefined])
  const [alone, one] = [small(), small()]
  const history = await alone.fit(x, y, { epochs: 3, batchSize: 2 })
  assert.equal(await one.fit(x, y, { epochs: 3, batchSize: 2, parallel }), history)
  assert.equal(one.getWeights(), alone.getWeights())
  assert.equal(parallel.evaluate(one, x, y), alone.evaluate(x, y))
  assert.equal(parallel.predict(one, x), alone.predict(x))
  assert.equal(parallel.share(7), { first: 0, end: 7 })
  parallel.barrier()
})

test('options are refused by name', async () => {
  const rejects = async (options: object, pattern: RegExp) => {
    const error = await connect(options).then(
      () => undefined,
      (error) => error,
    )
    assert.instance(error, Error)
    assert.match(error.message, pattern)
  }
  await rejects({ syncEvery: 0 }, /connect: "syncEvery" must be .* at least 1/)
  await rejects({ deterministic: 1 }, /connect: "deterministic" must be/)
  await rejects({ overlap: 'yes' }, /connect: "overlap" must be/)
  await rejects({ library: '' }, /connect: "library" must be a path/)
  await rejects({ koffi: {} }, /connect: "koffi" must be the module/)
  await rejects({ timeout: 0 }, /connect: "timeout" must be .* greater than 0/)
  await rejects({ ranks: 2 }, /connect: unknown option "ranks"/)
  const parallel = await connect()
  refuses(() => parallel.share(0), RangeError, /share: "rows"/)
})

test('fit refuses what connect did not make', async () => {
  let message = ''
  await small()
    .fit(x, y, { parallel: { rank: 0, size: 2 } as never })
    .catch((error) => {
      message = `${error}`
    })
  assert.match(message, /^TypeError: fit: "parallel" must be what connect\(\) of fourlane\/mpi gives, got an object/)
})

test('handles are those of the library', () => {
  const library = (symbols: readonly string[]): NativeLibrary => ({
    func: () => () => 0,
    symbol(name) {
      const at = symbols.indexOf(name)
      if (at < 0) throw new Error('no such symbol')
      return BigInt(at + 64)
    },
  })
  const names = ['comm_world', 'float', 'double', 'byte', 'op_sum', 'errors_return'].map((name) => `ompi_mpi_${name}`)
  assert.equal(dialectOf(library(names), 'libmpi.so'), {
    handle: 'intptr_t',
    world: 64n,
    float: 65n,
    double: 66n,
    byte: 67n,
    sum: 68n,
    errorsReturn: 69n,
    inPlace: 1,
  })
  assert.is(dialectOf(library([]), 'libmpi.so.12').world, 0x44000000)
  assert.is(dialectOf(library([]), '/opt/mpi/lib/libmpi_abi.so.0').world, 0x101)
})

/** A process of a launcher, with a koffi of ours in which libraries are not found, or say what `answers` says. */
function launched(env: Record<string, string>, koffi: string) {
  const lines = `
    import { connect } from '${source('entries/mpi')}'
    const koffi = ${koffi}
    connect({ koffi }).then(() => console.log('connected'), (error) => console.log(error.message))`
  return runLines(lines, [], env)
}

test('what is missing is said', () => {
  if (process.platform !== 'linux') return
  const nothing = '{ load: () => ({ func: () => () => 0, symbol() {} }) }'
  const { printed } = launched({ PMI_RANK: '0', PMI_SIZE: '2' }, nothing)
  assert.match(printed, /^connect: found no MPI library, none of libmpich.so.12, .*; install MPICH or Open MPI/)
  const named = launched({ OMPI_COMM_WORLD_RANK: '0', FOURLANE_MPI: '/no/libmpi.so' }, nothing)
  assert.is(named.printed, 'connect: there is no MPI library at "/no/libmpi.so", which FOURLANE_MPI names')
})

test('a library that does not know the launcher is refused', () => {
  if (process.platform !== 'linux') return
  const lonely = `{ load: () => ({
    func: (name) => (...values) => {
      if (name === 'dlopen') return 1
      if (name === 'MPI_Comm_size') values[1][0] = 1
      return 0
    },
    symbol() { throw new Error('none') },
  }) }`
  const { printed } = launched({ PMI_RANK: '1', PMI_SIZE: '4' }, lonely)
  assert.match(
    printed,
    /^connect: mpiexec of MPICH or a kin has started 4 processes, but libmpich.so.12 sees 1: .* FOURLANE_MPI/,
  )
})

test('those are odd who are fewer, and rank 0 is right where none are', () => {
  assert.equal(apart([1, 1, 1]).odd, [])
  assert.equal(apart([2, 1, 1, 3]), { odd: [0, 3], others: [1, 2] })
  assert.equal(apart(['a', 'b']), { odd: [1], others: [0] })
  assert.equal(apart(['b', 'a', 'a', 'b']).odd, [1, 2])
})

test.run()
