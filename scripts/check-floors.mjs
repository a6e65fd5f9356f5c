// Checks the layering: imports go down, never up, and never in a cycle, type-only ones included. Part of `npm run check`;
// `node scripts/check-floors.mjs FOLDER` checks another checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import ts from '@typescript/typescript6'

/** From top to bottom. Folders of one floor may import one another, unless that makes a cycle. */
const FLOORS = [
  ['entries', 'cli'],
  ['tables', 'landscape', 'mpi', 'exchange'],
  ['model'],
  ['training'],
  ['engine'],
  ['compiler'],
  ['formats'],
  ['layers', 'optimizers', 'catalogue'],
  ['machine'],
  ['data', 'charts'],
  ['runtime'],
  ['lib'],
  ['abi'],
]
/** Specifiers resolved by import conditions; all of their candidates are in one folder. */
const CONDITIONAL = /^#(runtime|modules\/\w+)$/
const CHOSEN = 'src/runtime/host.ts'

const root = process.argv[2] ?? '.'

/** Files of src/ and assembly/ and the files that each imports, as paths from the root. */
function readImports() {
  const files = ['src', 'assembly'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  )
  const resolve = (from, name) => {
    if (CONDITIONAL.test(name)) return CHOSEN
    const path = normalize(join(dirname(from), name))
    // AssemblyScript imports have no extension
    const found = [path, `${path}.ts`, `${path}/index.ts`].find((candidate) => files.includes(candidate))
    if (!found && name.endsWith('.ts') && !existsSync(join(root, path)))
      throw new Error(`${from} imports ${name}: no such file`)
    return found
  }
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
      const names = importedFiles.map(({ fileName }) => fileName).filter((name) => /^[.#]/.test(name))
      return [file, [...new Set(names.map((name) => resolve(file, name)).filter(Boolean))]]
    }),
  )
}

const roomOf = (file) => (file.startsWith('src/') ? relative('src', dirname(file)).split('/')[0] : undefined)
const floorOf = (room) => FLOORS.findIndex((rooms) => rooms.includes(room))

/** What is wrong with a single import. */
function faultOf(from, to) {
  const [room, target] = [roomOf(from), roomOf(to)]
  if (to.endsWith('.docs.ts')) return 'prose is for docs/pages.ts only'
  if (room === undefined) return target === undefined || target === 'abi' ? undefined : 'assembly imports only src/abi'
  if (target === undefined) return 'src does not import assembly'
  if (room === target) return undefined
  if (room === 'abi') return 'abi imports nothing'
  for (const name of [room, target])
    if (floorOf(name) < 0) return `"${name}" has no floor; give it one in scripts/check-floors.mjs`
  return floorOf(target) < floorOf(room) ? `${target} is above ${room}` : undefined
}

/** The cycles of a graph, each once, starting at its first node in the order of the graph. */
function circles(graph) {
  const found = new Map()
  const done = new Set()
  const path = []
  const visit = (node) => {
    const at = path.indexOf(node)
    if (at >= 0) {
      const circle = path.slice(at)
      found.set([...circle].sort().join(), [...circle, node])
    } else if (!done.has(node)) {
      path.push(node)
      for (const next of graph.get(node) ?? []) visit(next)
      path.pop()
      done.add(node)
    }
  }
  for (const node of graph.keys()) visit(node)
  return [...found.values()]
}

const imports = readImports()
const faults = [...imports].flatMap(([from, targets]) =>
  targets.map((to) => [from, to, faultOf(from, to)]).filter(([, , fault]) => fault !== undefined),
)
const rooms = new Map()
for (const [from, targets] of imports) {
  const room = roomOf(from)
  if (room === undefined || room === '') continue
  const list = rooms.get(room) ?? rooms.set(room, new Set()).get(room)
  // between floors the rule is stricter
  for (const to of targets.map(roomOf)) if (to !== room && floorOf(to) === floorOf(room)) list.add(to)
}
const lines = [
  ...faults.map(([from, to, fault]) => `${from} -> ${to}: ${fault}`),
  ...circles(imports).map((circle) => `circle: ${circle.join(' -> ')}`),
  ...circles(rooms).map((circle) => `circle of rooms: ${circle.join(' -> ')}`),
]
for (const line of lines) console.error(line)
console.log(`${imports.size} files, ${lines.length} imports against the law of floors`)
process.exit(lines.length === 0 ? 0 : 1)
