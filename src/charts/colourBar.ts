/** Colour bars: the legend of a colour map, with ticks. */
import { type Axis, ROW, verticalTicks, widestLabel } from './axes.ts'
import { AXIS, type Colour } from './colours.ts'
import { type Area, type Figure, MARGIN, TEXT } from './figure.ts'
import { fitText, textWidth } from './text.ts'

const BAR = 14
const GAP = 20
const TICK = 4
const LABEL_GAP = 4

/** A segment of a bar; `from` and `to` are positions between 0 and 1. */
export interface Stretch {
  readonly colour: Colour
  readonly from: number
  readonly to: number
}

export interface ColourBar {
  /** With names if the ticks are at given places, such as the levels of contours. */
  readonly axis: Axis
  readonly stretches: readonly Stretch[]
}

/** A bar with all colours of a map. */
export const continuous = (axis: Axis, colours: readonly Colour[]): ColourBar => ({
  axis,
  stretches: colours.map((colour, i) => ({ colour, from: i / colours.length, to: (i + 1) / colours.length })),
})

/** Width of the bar at the right edge of a figure, in pixels. */
export const barWidth = (figure: Figure, bar: ColourBar): number =>
  GAP + BAR + TICK + LABEL_GAP + widestLabel(verticalTicks(bar.axis, figure.height))

/** Draws a bar at the right of a plot. */
export function drawColourBar(figure: Figure, bar: ColourBar, { top, bottom, right }: Area): void {
  const left = right + GAP
  const place = (position: number) => bottom - position * (bottom - top)
  for (const { colour, from, to } of bar.stretches) {
    figure.rectangle({ left, right: left + BAR, top: place(to), bottom: place(from) }, colour)
  }
  for (const { value, label } of verticalTicks(bar.axis, bottom - top).major) {
    const y = place(bar.axis.scale.at(value))
    figure.line(left + BAR, y, left + BAR + TICK, y, AXIS)
    figure.text(left + BAR + TICK + LABEL_GAP, y, label)
  }
  if (!bar.axis.label) return
  const label = fitText(bar.axis.label, figure.width * 0.4, TEXT)
  const end = figure.width - MARGIN
  // above the bar, or further left if the figure's edge requires it
  figure.text(Math.min(left, end - textWidth(label, TEXT)), top - ROW / 2 - 10, label)
}
