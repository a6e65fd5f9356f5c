/** Metrics of several labels, a row and a label at a time. */

/** scikit-learn's scores of several labels, written out: y_true and scores are rows of `cols`. */
export class Labels {
  readonly t: readonly boolean[][]
  readonly y: readonly number[][]
  readonly w: readonly number[]
  readonly threshold: number

  constructor(targets: ArrayLike<number>, outputs: ArrayLike<number>, cols: number, threshold = 0.5, w?: number[]) {
    const columns = <T>(values: ArrayLike<number>, map: (value: number) => T) =>
      Array.from({ length: cols }, (_, c) =>
        Array.from({ length: values.length / cols }, (_, r) => map(values[r * cols + c])),
      )
    this.t = columns(targets, (value) => value > 0.5)
    this.y = columns(outputs, Number)
    this.w = w ?? this.t[0].map(() => 1)
    this.threshold = threshold
  }

  #sum(c: number, counts: (t: boolean, p: boolean) => boolean): number {
    return this.w.reduce((sum, w, r) => sum + (counts(this.t[c][r], this.y[c][r] > this.threshold) ? w : 0), 0)
  }

  /** accuracy_score over all labels together. */
  accuracy(): number {
    const right = this.t.reduce((sum, _, c) => sum + this.#sum(c, (t, p) => t === p), 0)
    return right / (this.t.length * this.w.reduce((a, b) => a + b))
  }

  /** precision_recall_fscore_support(zero_division=0) */
  prf(name: 'precision' | 'recall' | 'f1Score', average: 'macro' | 'micro' | 'weighted'): number {
    const of = (tp: number, fp: number, fn: number) => {
      const [a, b] = { precision: [tp, tp + fp], recall: [tp, tp + fn], f1Score: [2 * tp, 2 * tp + fp + fn] }[name]
      return b === 0 ? 0 : a / b
    }
    const counts = this.t.map((_, c) => [
      this.#sum(c, (t, p) => t && p),
      this.#sum(c, (t, p) => !t && p),
      this.#sum(c, (t, p) => t && !p),
    ])
    if (average === 'micro') {
      const [tp, fp, fn] = [0, 1, 2].map((i) => counts.reduce((sum, count) => sum + count[i], 0))
      return of(tp, fp, fn)
    }
    const shares = counts.map(([tp, , fn]) => (average === 'macro' ? 1 : tp + fn))
    const total = shares.reduce((a, b) => a + b)
    if (total === 0) return 0
    return counts.reduce((sum, [tp, fp, fn], c) => sum + shares[c] * of(tp, fp, fn), 0) / total
  }

  /** roc_auc_score(average='macro') over the labels that have both */
  auc(): number {
    const areas = this.t.map((t, c) => {
      let ordered = 0
      let pairs = 0
      t.forEach((yes, i) => {
        t.forEach((other, j) => {
          if (!yes || other) return
          const w = this.w[i] * this.w[j]
          pairs += w
          ordered += w * (this.y[c][i] > this.y[c][j] ? 1 : this.y[c][i] === this.y[c][j] ? 0.5 : 0)
        })
      })
      return ordered / pairs
    })
    const known = areas.filter((area) => !Number.isNaN(area))
    return known.reduce((a, b) => a + b, 0) / known.length
  }

  /** The mean over labels of log_loss */
  logLoss(probability = (y: number) => y): number {
    let sum = 0
    this.t.forEach((t, c) => {
      t.forEach((yes, r) => {
        const p = Math.min(Math.max(probability(this.y[c][r]), 2 ** -23), 1 - 2 ** -23)
        sum -= this.w[r] * Math.log(yes ? p : 1 - p)
      })
    })
    return sum / (this.t.length * this.w.reduce((a, b) => a + b))
  }
}
