/** Metadata key for the names of the outputs: a JSON list of strings. */
export const CLASS_NAMES = 'fourlane.classNames'
