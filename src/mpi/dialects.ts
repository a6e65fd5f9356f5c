/** The ABI of each MPI, which is in its C header but not in its library: how handles are passed, and the constants we need. */
import type { NativeLibrary } from './library.ts'

type Handle = number | bigint

export interface Dialect {
  /** C type of a handle. */
  readonly handle: 'int' | 'intptr_t'
  readonly world: Handle
  readonly float: Handle
  readonly double: Handle
  readonly byte: Handle
  readonly sum: Handle
  /** The error handler that returns error codes to the caller. */
  readonly errorsReturn: Handle
  /** MPI_IN_PLACE: passed as the send buffer to use the receive buffer for both. */
  readonly inPlace: number
}

/** MPICH and ABI-compatible implementations: Intel MPI, MVAPICH, Cray's. */
const MPICH: Dialect = {
  handle: 'int',
  world: 0x44000000,
  float: 0x4c00040a,
  double: 0x4c00080b,
  byte: 0x4c00010d,
  sum: 0x58000003,
  errorsReturn: 0x54000001,
  inPlace: -1,
}

/** The ABI of MPI 5.0. */
const STANDARD: Dialect = {
  handle: 'intptr_t',
  world: 0x101,
  float: 0x210,
  double: 0x214,
  byte: 0x247,
  sum: 0x21,
  errorsReturn: 0x143,
  inPlace: 1,
}

/** Open MPI's handles are addresses of global objects in the library. */
function openMpi(library: NativeLibrary): Dialect {
  const at = (name: string): bigint => library.symbol(`ompi_mpi_${name}`)
  return {
    handle: 'intptr_t',
    world: at('comm_world'),
    float: at('float'),
    double: at('double'),
    byte: at('byte'),
    sum: at('op_sum'),
    errorsReturn: at('errors_return'),
    inPlace: 1,
  }
}

/** The ABI of a loaded library. */
export function dialectOf(library: NativeLibrary, path: string): Dialect {
  try {
    return openMpi(library)
  } catch {
    // not Open MPI
  }
  return /mpi_abi/.test(path) ? STANDARD : MPICH
}
