// Marks what modules compute at their top level as free of effects, so that bundlers drop what an application does not use.
// True of all of src/: importing has no effects there, and an expression that stands by itself is refused.

/** What runs later, if at all. */
const DELAYED = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'MethodDefinition'])

/** Calls that run while the module is evaluated. */
function* callsIn(node) {
  if (Array.isArray(node)) for (const child of node) yield* callsIn(child)
  else if (typeof node?.type === 'string') {
    if (DELAYED.has(node.type) || (node.type === 'PropertyDefinition' && !node.static)) return
    if (node.type === 'CallExpression' || node.type === 'NewExpression') yield node
    for (const child of Object.values(node)) if (typeof child === 'object') yield* callsIn(child)
  }
}

/** A Rollup plugin. */
export const annotatePure = {
  name: 'pure',
  transform(code) {
    const { body } = this.parse(code)
    for (const { type, start } of body) {
      if (type === 'ExpressionStatement') this.error('importing must have no effects', start)
    }
    const places = [...callsIn(body)].map(({ start }) => start).sort((a, b) => a - b)
    const pieces = places.map((start, i) => `/* @__PURE__ */ ${code.slice(start, places[i + 1])}`)
    return { code: code.slice(0, places[0]) + pieces.join(''), map: null }
  },
}
