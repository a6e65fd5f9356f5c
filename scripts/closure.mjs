// The transitive imports of a module, to decide which output file contains it.

const known = new Map()

/** The ids of a module and of all that it imports, as Rollup's `getModuleInfo` knows them. */
export function closureOf(entry, getModuleInfo) {
  const found = known.get(entry) ?? new Set()
  const visit = (id) => {
    if (found.has(id) || !getModuleInfo(id)?.code) return
    found.add(id)
    getModuleInfo(id).importedIds.forEach(visit)
  }
  visit(entry)
  known.set(entry, found)
  return found
}
