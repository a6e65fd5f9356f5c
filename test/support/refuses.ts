/** What must be refused: the error's kind, and what its message says: a text that it holds, or an expression that it matches. */
import * as assert from 'uvu/assert'

type Kind = new (...args: never[]) => Error

function examine(error: unknown, kind: Kind, says: string | RegExp): void {
  assert.instance(error, kind)
  const { message } = error as Error
  assert.ok(
    typeof says === 'string' ? message.includes(says) : says.test(message),
    `"${message}" does not say "${says}"`,
  )
}

export function refuses(act: () => unknown, kind: Kind, says: string | RegExp): void {
  try {
    act()
  } catch (error) {
    examine(error, kind, says)
    return
  }
  assert.unreachable(`nothing refused: expected "${says}"`)
}

/** The same for what comes as a promise, or may. */
export async function rejects(
  act: Promise<unknown> | (() => unknown),
  kind: Kind,
  says: string | RegExp,
): Promise<void> {
  try {
    await (typeof act === 'function' ? act() : act)
  } catch (error) {
    examine(error, kind, says)
    return
  }
  assert.unreachable(`nothing refused: expected "${says}"`)
}

/** `refuses`, and nothing else may be in the message. */
export function refusesExactly(act: () => unknown, kind: Kind, message: string): void {
  refuses(act, kind, message)
  assert.throws(act, (error: Error) => error.message === message)
}
