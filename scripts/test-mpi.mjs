// Distributed runs: ranks under every MPI on this machine, workers on a queue. `npm run test:mpi`, or `npm run test:mpi
// -- PATTERN`. What is missing is installed: MPICH, Open MPI and Redis from Debian if permitted, npm packages into a separate
// folder.
import './ready.mjs'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { installTools } from './tools.mjs'

const PROGRAMS = { 'mpirun.mpich': 'mpich', 'mpirun.openmpi': 'openmpi-bin', 'redis-server': 'redis-server' }

function installDebian() {
  const missing = Object.keys(PROGRAMS).filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const packages = missing.map((program) => PROGRAMS[program])
  console.log(`installing ${packages.join(', ')} ...`)
  // daemons started by an installation may keep its output open
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore', timeout: 180_000 }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
}

installDebian()
const folder = installTools('fourlane-mpi', { bullmq: '^5.0.0', ioredis: '^5.0.0', koffi: '^3.3.0' })
const env = {
  ...process.env,
  FOURLANE_TOOLS: folder,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${new URL('tools-hooks.mjs', import.meta.url)}`.trim(),
}
const pattern = `(${process.argv[2] ?? ''}).*\\.mpi\\.js$`
try {
  execFileSync(process.execPath, ['node_modules/uvu/bin.js', 'build/test', pattern], { stdio: 'inherit', env })
} catch {
  process.exit(1)
}
