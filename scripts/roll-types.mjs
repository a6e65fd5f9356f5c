// One declaration file per entry point: what its public names need of tsc's output, module by module, and nothing else.
// Reads only what tsc writes, whose shape is regular: a statement begins in the first column, whatever continues it is indented
// or begins with a closing brace.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const DECLARED = /^(export )?(?:declare )?(interface|type|class|const|function) ([\w$]+)/
const TYPES = new Set(['interface', 'type', 'class'])

/** Statements of a file, each with the comment before it. */
function statementsOf(code) {
  const statements = []
  let comment = ''
  let inComment = false
  for (const line of code.split('\n')) {
    if (line.startsWith('/**')) comment = ''
    if (line.startsWith('/**') || inComment) {
      comment += `${line}\n`
      inComment = !line.endsWith('*/')
    } else if (/^[\s}]/.test(line)) statements.at(-1).text += `\n${line}`
    else if (line !== '') {
      statements.push({ comment, text: line })
      comment = ''
    }
  }
  return statements
}

/** `{ type A, B as C }` as pairs [outer name, inner name]; what is imported is outer as in `inner as outer`. */
const namesIn = (list) =>
  list
    .split(',')
    .map((item) => item.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map((item) => item.split(' as ').reverse())
    .map(([outer, inner = outer]) => [outer, inner])

/** A file's own declarations, and where its other names come from. */
class Module {
  static #known = new Map()
  static at(path) {
    if (!Module.#known.has(path)) Module.#known.set(path, new Module(path))
    return Module.#known.get(path)
  }

  /** Overloads have one name. @type {Map<string, { module: Module, name: string, kind: string, statements: object[] }>} */
  declarations = new Map()
  /** Name here -> [file, name there]. */
  imports = new Map()
  exports = new Map()
  /** Files of `export *`. */
  stars = []

  constructor(path) {
    const file = (specifier) => join(dirname(path), specifier.replace(/\.(ts|js)$/, '.d.ts'))
    for (const statement of statementsOf(readFileSync(path, 'utf8'))) {
      const [, kind, list, specifier] =
        /^(import|export)(?: type)? (\{[^}]*\}|\*)(?: from '(\.[^']+)')?;$/s.exec(statement.text) ?? []
      const declared = DECLARED.exec(statement.text)
      if (declared) this.#declare(declared, statement)
      else if (list === '*') this.stars.push(file(specifier))
      else if (list === '{}') continue
      else if (list && specifier) {
        const names = kind === 'import' ? this.imports : this.exports
        for (const [outer, inner] of namesIn(list.slice(1, -1))) names.set(outer, [file(specifier), inner])
      } else throw new Error(`${path}: cannot roll up "${statement.text}"`)
    }
  }

  #declare([, exported, kind, name], statement) {
    const known = this.declarations.get(name)
    if (known) known.statements.push(statement)
    else this.declarations.set(name, { module: this, name, kind, statements: [statement] })
    if (exported) this.exports.set(name, undefined)
  }

  /** All public names with their declarations. */
  surface() {
    const own = [...this.exports.keys()].map((name) => [name, this.find(name)])
    return new Map([...this.stars.flatMap((path) => [...Module.at(path).surface()]), ...own])
  }

  /** The declaration behind a name, if there is one. */
  find(name) {
    const own = this.declarations.get(name)
    if (own) return own
    const from = this.imports.get(name) ?? this.exports.get(name)
    if (from) return Module.at(from[0]).find(from[1])
    for (const path of this.stars) {
      const found = Module.at(path).find(name)
      if (found) return found
    }
    return undefined
  }
}

/** Replaces every reference in a declaration; types by name, values after `typeof`. Comments and texts refer to nothing. */
function mapReferences({ module }, text, replace) {
  const token =
    /\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![\w$.#])(typeof )?([A-Za-z_$][\w$]*)(?![\w$]|\??:|\()/g
  return text.replace(token, (all, typeOf, word) => {
    const found = word && module.find(word)
    if (!found || TYPES.has(found.kind) === Boolean(typeOf)) return all
    return `${typeOf ?? ''}${replace(found)}`
  })
}

/** Rolls up an entry; `known` are declarations of another file, by the names it gives them. */
function roll(entry, known, specifier) {
  const surface = Module.at(entry).surface()
  const names = new Map([...surface].map(([name, declaration]) => [declaration, name]))
  const needed = new Map()
  const borrowed = new Map()
  const visit = (declaration) => {
    if (needed.has(declaration) || borrowed.has(declaration)) return
    if (known.has(declaration)) {
      borrowed.set(declaration, known.get(declaration))
      return
    }
    needed.set(declaration, names.get(declaration) ?? declaration.name)
    for (const { text } of declaration.statements) {
      mapReferences(declaration, text, (found) => {
        visit(found)
        return found.name
      })
    }
  }
  for (const declaration of surface.values()) visit(declaration)

  const owners = new Map()
  for (const [declaration, name] of needed) {
    if (owners.has(name))
      throw new Error(`${entry}: two declarations are named "${name}"; rename one that is not public`)
    owners.set(name, declaration)
  }
  const nameOf = (declaration) => needed.get(declaration) ?? borrowed.get(declaration)
  const lines = [...needed].flatMap(([declaration, name]) =>
    declaration.statements.map(({ comment, text }) => {
      const body = mapReferences(declaration, text, nameOf)
      const head = `${names.has(declaration) ? 'export ' : ''}${TYPES.has(declaration.kind) && declaration.kind !== 'class' ? '' : 'declare '}`
      return comment + body.replace(DECLARED, `${head}${declaration.kind} ${name}`)
    }),
  )
  const list = (isPublic) =>
    [...borrowed]
      .filter(([declaration]) => names.has(declaration) === isPublic)
      .map(([{ kind }, name]) => (/interface|type/.test(kind) ? `type ${name}` : name))
      .join(', ')
  const [imported, reexported] = [list(false), list(true)]
  const links = [
    imported && `import { ${imported} } from '${specifier}';`,
    // also keeps what is not marked as exported from being so
    reexported ? `export { ${reexported} } from '${specifier}';` : 'export {};',
  ]
  const code = [...links.filter(Boolean), ...lines].join('\n')
  // a tab is the shortest indentation; trailing commas and spaces mean nothing
  const tabbed = code.replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4))
  return { code: `${tabbed}\n`, exported: new Map([...needed].filter(([declaration]) => names.has(declaration))) }
}

/** Replaces the entries' declarations in `folder` by rolled ones; those of `shared` are told once, there. */
export function rollTypes(folder, shared, others) {
  const path = (name) => join(folder, `${name}.d.ts`)
  const first = roll(path(shared), new Map())
  const rest = others.map((name) => [name, roll(path(name), first.exported, `./${shared}.js`).code])
  for (const [name, code] of [[shared, first.code], ...rest]) writeFileSync(path(name), code)
}
