/** The first values of a model's parameters. */
import { fillInitial } from '../catalogue/initializers/distribution.ts'
import { readSlot, type Slot, valuesOf, writeSlot } from '../compiler/parameterLayout.ts'
import type { Random } from '../lib/random.ts'
import type { Arena } from '../machine/arena.ts'

/** Fills every parameter by its initializer, in the order of the layers. */
export function initialize(arena: Arena, address: number, slots: readonly Slot[], random: Random): void {
  for (const slot of slots) {
    const values = new Float32Array(valuesOf(slot))
    const [fanIn, fanOut] = fans(slot, slots)
    fillInitial(slot.initializer, values, fanIn, fanOut, random)
    writeSlot(arena, address, slot, values)
  }
  for (const slot of slots) {
    const { derived } = slot
    const source = derived && slots.find(({ layer, name }) => layer === slot.layer && name === derived.from)
    if (source) writeSlot(arena, address, slot, derived.values(readSlot(arena, address, source)))
  }
}

/** Inputs and outputs of the parameter's unit; a bias takes those of its layer's kernel. */
function fans(slot: Slot, slots: readonly Slot[]): [number, number] {
  const owner = (path: string) => path.slice(0, path.lastIndexOf('.'))
  const kernel = slots.find(({ path, layout }) => owner(path) === owner(slot.path) && layout === 'panels') ?? slot
  return [kernel.shape[0], kernel.shape[kernel.shape.length - 1]]
}
