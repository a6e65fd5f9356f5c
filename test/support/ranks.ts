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

/** What makes ranks speak TCP with each other through a device. */
const overTcp = (launcher: Launcher, device: string): { flags: string[]; env: NodeJS.ProcessEnv } =>
  launcher === 'mpich'
    ? { flags: [], env: { UCX_TLS: 'tcp,self', UCX_NET_DEVICES: device } }
    : {
        flags: ['btl self,tcp', `btl_tcp_if_include ${device}`, `oob_tcp_if_include ${device}`].flatMap((set) => [
          '--mca',
          ...set.split(' '),
        ]),
        // ranks reach their launcher from another network too
        env: { PMIX_MCA_ptl_tcp_remote_connections: '1', PMIX_MCA_ptl_tcp_if_include: device },
      }

/** A network that nobody else uses: the loopback of one machine, or a cable between two. */
export interface Network {
  /** Whether there are two, joined by a cable; on the second is the second rank. */
  readonly cable?: boolean
  /** Arguments of `tc qdisc add dev DEVICE root`, such as `netem delay 2ms`; none: as fast as it is. */
  readonly queue?: string
}

const deviceOf = ({ cable }: Network): string => (cable ? 'cable' : 'lo')

/** The second network lives as long as the process that this script becomes; UCX looks for devices in /sys, which shows those of who mounts it. */
const LAY_CABLE = `
mount -t sysfs sysfs /sys
unshare --net --mount sh -ec 'mount -t sysfs sysfs /sys; ip link set lo up; while kill -0 '$$' 2> /dev/null; do sleep 0.2; done' > /dev/null 2>&1 &
export BEYOND=$!
until nsenter -t $BEYOND --net ip link show lo 2> /dev/null | grep -q ',UP'; do kill -0 $BEYOND; sleep 0.02; done
ip link add cable type veth peer name end
ip link set end netns $BEYOND
ip addr add 10.99.0.1/24 dev cable
ip link set cable up
nsenter -t $BEYOND --net sh -ec 'ip link set end name cable; ip addr add 10.99.0.2/24 dev cable; ip link set cable up'
`
/** What a command on the second network begins with. */
const BEYOND = ['sh', '-c', 'exec nsenter -t $BEYOND --net --mount "$@"', 'sh']

/** The command that runs another in a network of its own. */
export function within(network: Network): [string, string[]] {
  const { cable, queue } = network
  const slow = queue ? `tc qdisc add dev ${deviceOf(network)} root ${queue}` : ''
  const script = `ip link set lo up\n${cable ? LAY_CABLE : ''}\n${slow}\nexec "$@"`
  return ['unshare', ['--net', ...(cable ? ['--mount'] : []), 'sh', '-e', '-c', script, 'sh']]
}

const program = fileURLToPath(new URL('../mpi/rank.js', import.meta.url))

/** A launcher's arguments for two ranks, of which the second is on the second network. */
function beyond(given: readonly string[]): string[] {
  const at = given.indexOf(process.execPath)
  const [flags, rank] = [given.slice(0, at - 2), given.slice(at)]
  return [...flags, '-n', '1', ...rank, ':', '-n', '1', ...BEYOND, ...rank]
}

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
  const { flags, env } = overTcp(launcher, network ? deviceOf(network) : '')
  let command = [starter, ...given]
  if (network) {
    const [wrapper, wrapped] = within(network)
    const ranks = network.cable ? beyond(given) : given
    command = [wrapper, ...wrapped, starter, ...flags, ...ranks]
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
