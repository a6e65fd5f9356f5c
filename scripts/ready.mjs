// Makes a fresh clone ready: installs the packages when they are missing, builds when a source is newer than the build.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

if (!existsSync('node_modules/typescript') || !existsSync('node_modules/esbuild')) {
  console.log('installing packages ...')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit', shell: process.platform === 'win32' })
}

if (!process.argv.includes('--install')) {
  // what the build makes last but one
  const built = 'build/dist/core.js'
  const sources = ['assembly', 'src', 'test', 'bench', 'docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`),
  )
  const newest = Math.max(...[...sources, 'asconfig.json', 'tsconfig.json'].map((file) => statSync(file).mtimeMs))
  if (!existsSync(built) || statSync(built).mtimeMs < newest) {
    console.log('building ...')
    execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
  }
}
