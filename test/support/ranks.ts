/** Processes under a launcher of MPI: a program for all of them, and what each of them printed. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './folder.ts'

/** The launchers there are, with what they need to start more ranks than there are cores, by whomever. */
const LAUNCHERS = {
  mpich: ['mpirun.mpich'],
  openmpi: ['mpirun.openmpi', '--allow-run-as-root', '--oversubscribe'],
} as const
export type Launcher = keyof typeof LAUNCHERS

const isThere = (launcher: Launcher) => spawnSync(LAUNCHERS[launcher][0], ['--version']).status === 0

/** A job of this age hangs, and is ended. */
const MOST_MILLISECONDS = 120_000

export const launchers = (Object.keys(LAUNCHERS) as Launcher[]).filter(isThere)

/** What a rank says: JSON in a file of its own, for launchers mix up what several print. */
export type Said = { readonly rank: number } & Record<string, unknown>

export interface Ending {
  readonly code: number | null
  readonly said: Said[]
  readonly printed: string
  readonly complained: string
}

/** The launcher's command for so many ranks of a script. */
export function commandOf(launcher: Launcher, size: number, script: readonly string[]): [string, string[]] {
  const [command, ...flags] = LAUNCHERS[launcher]
  return [command, [...flags, '-n', `${size}`, process.execPath, ...script]]
}

/** What makes ranks speak TCP with each other on one machine. */
const OVER_TCP = {
  mpich: { flags: [], env: { UCX_TLS: 'tcp,self', UCX_NET_DEVICES: 'lo' } },
  openmpi: {
    flags: ['btl self,tcp', 'btl_tcp_if_include lo', 'oob_tcp_if_include lo'].flatMap((set) => [
      '--mca',
      ...set.split(' '),
    ]),
    env: {},
  },
} as const

/** A network of one machine, which nobody else uses: its loopback, with what `tc` is to make of it. */
export interface Network {
  /** Arguments of `tc qdisc add dev lo root`, such as `netem delay 2ms`; none: as fast as it is. */
  readonly queue?: string
}

/** The command that runs another in a network of its own. */
export const within = ({ queue }: Network): [string, string[]] => [
  'unshare',
  [
    '--net',
    'sh',
    '-e',
    '-c',
    `ip link set lo up; ${queue ? `tc qdisc add dev lo root ${queue};` : ''} exec "$@"`,
    'sh',
  ],
]

const program = fileURLToPath(new URL('../mpi/rank.js', import.meta.url))

function readSaid(folder: string, size: number): Said[] {
  const files = Array.from({ length: size }, (_, rank) => `${folder}/${rank}.json`)
  return files.filter((file) => existsSync(file)).map((file) => JSON.parse(readFileSync(file, 'utf8')))
}

/** Starts `size` ranks at a scenario of mpi/rank.ts. `began` gets the folder of what they say. With a network, they use that. */
export function runRanks(
  launcher: Launcher,
  size: number,
  scenario: string,
  options: object = {},
  began: (folder: string) => void = () => {},
  network?: Network,
): Promise<Ending> {
  const folder = temporaryFolder()
  const [starter, given] = commandOf(launcher, size, [program, folder, scenario, JSON.stringify(options)])
  const { flags, env } = OVER_TCP[launcher]
  let command = [starter, ...given]
  if (network) {
    const [wrapper, wrapped] = within(network)
    command = [wrapper, ...wrapped, starter, ...flags, ...given]
  }
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(network && env) },
  })
  let printed = ''
  let complained = ''
  child.stdout.on('data', (bytes) => {
    printed += bytes
  })
  child.stderr.on('data', (bytes) => {
    complained += bytes
  })
  const timer = setTimeout(() => {
    complained += `\nit hangs: ended after ${MOST_MILLISECONDS / 1000} s`
    // launchers pass it on to the ranks
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 5000).unref()
  }, MOST_MILLISECONDS)
  began(folder)
  return new Promise((resolve) => {
    // not 'close': a rank that outlives its launcher keeps the pipes
    child.on('exit', (code) => {
      clearTimeout(timer)
      setTimeout(() => resolve({ code, complained, printed, said: readSaid(folder, size) }), 100)
    })
  })
}
