// The entry points, listed by `exports` and `bin` of package.json: build/dist/NAME.js is built from src/entries/NAME.ts.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

const { exports, bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** Subpath and condition of every file of build/dist: `['.', 'node', 'core.js']`. */
const targets = Object.entries(exports).flatMap(([subpath, conditions]) =>
  Object.entries(conditions)
    .filter(([, path]) => path.startsWith?.('./build/dist/'))
    .map(([condition, path]) => [subpath, condition, basename(path)]),
)

const named = (extension, of = targets) => [
  ...new Set(of.filter(([, , file]) => file.endsWith(extension)).map(([, , file]) => basename(file, extension))),
]

/** Names of the JavaScript files in build/dist that programs import. */
export const ENTRIES = named('.js').filter((name) => !name.includes('.'))

/** Names of those that are commands. */
export const COMMANDS = Object.values(bin).map((path) => basename(path, '.js'))

/** Names of the declaration files there. */
export const TYPES = named('.d.ts')

/** Subpath of the package -> source, for hosts without conditions of their own and for registries of sources. */
export const SOURCES = Object.fromEntries(
  targets
    .filter(([, condition]) => condition === 'default')
    .map(([subpath, , file]) => [subpath, `./src/entries/${basename(file, '.js')}.ts`]),
)
