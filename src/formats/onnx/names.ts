/** Metadata key of what the outputs stand for: a JSON list of texts. */
export const CLASS_NAMES = 'fourlane.classNames'
