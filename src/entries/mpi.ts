/** `fourlane/mpi`: distributed training of one model, on one machine or many. */
export { type ConnectOptions, connect, type Mpi } from '../mpi/mpi.ts'
export type { Parallel } from '../training/parallel.ts'
