/** Names of ranks in messages. */

/** `1`, `1 and 2`, `1, 2 and 5`. */
function list(ranks: readonly number[]): string {
  const [last] = ranks.slice(-1)
  return ranks.length < 2 ? `${last}` : `${ranks.slice(0, -1).join(', ')} and ${last}`
}

/** `rank 1`, `ranks 1 and 2`. */
export const named = (ranks: readonly number[]): string => `rank${ranks.length > 1 ? 's' : ''} ${list(ranks)}`
