/** JSON values that are changed here and there, and texts that JSON.stringify would not write. */
import type { Dice } from './dice.ts'

/** What is written unchanged. */
class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const nested = (depth: number) => new Raw('['.repeat(depth) + ']'.repeat(depth))

/** Values that somebody might have forgotten. */
const HOSTILE: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => 'false',
  () => '',
  () => '7',
  () => 'x'.repeat(100_000),
  () => '\u0000\ud800',
  () => [],
  () => {},
  () => ({}),
  () => [[]],
  () => new Raw('1e999'),
  () => new Raw('-1e999'),
  () => new Raw('-0'),
  () => nested(600),
  () => nested(100_000),
  () => ({ constructor: { name: 'y'.repeat(1000) } }),
  () => ({ length: 2e9 }),
  () => new Raw('{"__proto__":{"kind":"dense"}}'),
]
const NUMBERS = [-1, 0, 1, 2, 3, 0.5, -0.5, 1e-40, 1e39, 1e300, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 7e6, 1.5, 255]

/** Every place of a value: what holds it and under which key, itself included by its holder. */
function places(holder: object): { holder: Record<string, unknown>; key: string }[] {
  return Object.entries(holder).flatMap(([key, value]) => [
    { holder: holder as Record<string, unknown>, key },
    ...(typeof value === 'object' && value !== null && !(value instanceof Raw) ? places(value) : []),
  ])
}

/** Changes one to three places of a value that JSON made, in place. */
export function mutate(dice: Dice, value: object): void {
  for (let times = 1 + dice.below(3); times > 0; times--) {
    const all = places(value)
    if (all.length === 0) return
    const { holder, key } = dice.of(all)
    const other = dice.of(all)
    const current = holder[key]
    switch (dice.below(10)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1)
        else delete holder[key]
        break
      case 1:
      case 2:
        holder[key] = dice.of(HOSTILE)()
        break
      case 3:
      case 4:
        holder[key] = typeof current === 'number' && dice.chance(0.3) ? current + dice.of([-1, 1]) : dice.of(NUMBERS)
        break
      case 5:
        holder[dice.of(['extra', 'kind', 'name', 'trainable', '__metadata__', 'z'.repeat(10_000)])] = dice.of(HOSTILE)()
        break
      case 6:
        holder[key] = copyOf(other.holder[other.key])
        break
      case 7:
        other.holder[other.key] = copyOf(current)
        break
      case 8:
        if (Array.isArray(current)) for (let n = dice.of([1, 2, 100]); n > 0; n--) current.push(...current.slice(-1))
        break
      default:
        if (typeof current === 'string') holder[key] = current.slice(0, dice.below(current.length + 1))
    }
  }
}

/** A copy, so that nothing holds itself; texts that are no JSON are left. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return value
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]))
}

/** The text of a value; null for what JSON does not have. */
export function write(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`)
    .join()}}`
}
