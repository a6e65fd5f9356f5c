// Marks what modules compute at top level as free of side effects, so that bundlers drop what an application does not use.
// This holds for all of src/: imports have no side effects there, and a statement that is not a declaration is an error.
import { parseAst } from 'rollup/parseAst'

/** What runs later, if at all. */
const DELAYED = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'MethodDefinition'])
/** What bundlers must take for a side effect: calls, and getters behind a spread or a property. */
const COMPUTED = new Set(['CallExpression', 'NewExpression', 'SpreadElement', 'MemberExpression', 'ImportExpression'])

/** Whether evaluating an expression computes anything. */
function computes(node) {
  if (Array.isArray(node)) return node.some(computes)
  if (typeof node?.type !== 'string') return false
  if (DELAYED.has(node.type) || (node.type === 'PropertyDefinition' && !node.static)) return false
  return COMPUTED.has(node.type) || Object.values(node).some((child) => typeof child === 'object' && computes(child))
}

/**
 * Every computed value of a declaration becomes the result of a call marked pure. The call has no arguments, since those would
 * have to be free of side effects themselves.
 */
export function markPure(code) {
  const places = []
  for (const statement of parseAst(code).body) {
    const declared = statement.declaration ?? statement
    if (!/^(Import|Export|Function|Class|Variable)/.test(declared.type)) {
      throw new Error(`importing must have no effects: ${code.slice(declared.start, declared.start + 80)}`)
    }
    for (const { init } of declared.declarations ?? []) if (computes(init)) places.push(init)
  }
  let marked = code
  for (const { start, end } of places.reverse()) {
    const value = code.slice(start, end)
    const body = value.startsWith('{') ? `(${value})` : value
    marked = `${marked.slice(0, start)}/* @__PURE__ */(()=>${body})()${marked.slice(end)}`
  }
  return marked
}
