/** Positions of units in the network diagram. */

/** A hidden unit, or an input in layer -1. */
export interface UnitPlace {
  readonly layer: number
  readonly unit: number
}

export interface Tile extends UnitPlace {
  readonly x: number
  readonly y: number
  readonly size: number
}

/**
 * Tiles by column, as large as all have room for.
 * @param counts units by layer, inputs first and outputs last
 * @param scale device pixels of one of CSS: on whole ones, a picture covers exactly what it covered before
 */
export function layOut(counts: readonly number[], width: number, height: number, scale: number): Tile[][] {
  const whole = (length: number) => Math.round(length * scale) / scale
  const most = Math.max(...counts)
  // on large screens larger, while lines keep half of the width
  const pitch = Math.min(Math.max(44, height / 14), (height - 8) / most)
  const size = whole(Math.max(5, Math.min(pitch * 0.84, (width / counts.length) * 0.5)))
  return counts.map((count, column) => {
    const x = whole(((column + 0.5) * width) / counts.length - size / 2)
    const top = (height - count * pitch) / 2 + (pitch - size) / 2
    return Array.from({ length: count }, (_, unit) => ({
      layer: column - 1,
      unit,
      x,
      y: whole(top + unit * pitch),
      size,
    }))
  })
}
