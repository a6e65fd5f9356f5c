/** Detects the launcher of this process by environment variables. */
import { environment } from '#runtime'

export interface Launcher {
  readonly name: string
  readonly isOpenMpi: boolean
  /** Number of processes, if the launcher states it. */
  readonly size: number | undefined
}

/** Variables that only launched processes have, and the one with the number of processes. */
const LAUNCHERS = [
  { sign: 'OMPI_COMM_WORLD_RANK', size: 'OMPI_COMM_WORLD_SIZE', name: 'mpirun of Open MPI', isOpenMpi: true },
  { sign: 'PMI_RANK', size: 'PMI_SIZE', name: 'mpiexec of MPICH or a kin', isOpenMpi: false },
  { sign: 'PMI_FD', size: 'PMI_SIZE', name: 'mpiexec of MPICH or a kin', isOpenMpi: false },
  { sign: 'PALS_RANKID', size: undefined, name: 'PALS', isOpenMpi: false },
  { sign: 'PMIX_RANK', size: undefined, name: 'a PMIx launcher', isOpenMpi: true },
] as const

/** Undefined without a launcher. */
export function findLauncher(): Launcher | undefined {
  for (const { sign, size, ...launcher } of LAUNCHERS) {
    if (environment(sign) === undefined) continue
    const count = Number(size && environment(size))
    return { ...launcher, size: Number.isInteger(count) && count > 0 ? count : undefined }
  }
  // srun steps with several tasks may have no PMI variables
  const tasks = Number(environment('SLURM_STEP_NUM_TASKS'))
  if (environment('SLURM_PROCID') === undefined || !(tasks > 1)) return undefined
  return { name: 'srun', isOpenMpi: false, size: tasks }
}
