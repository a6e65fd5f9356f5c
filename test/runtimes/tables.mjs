// A table's models where there may be no files: what rows get from `fourlane/table/predict`, and from `fourlane/predict` with the
// encoder beside it. No imports: the caller hands in the packages.

/**
 * @param packages names of `fourlane`, `fourlane/predict`, `fourlane/table/predict`
 * @param models bytes of model files
 * @param rows objects by column
 * @returns of every model, both ways' probabilities
 */
export function answers({ fourlane, predict, tables }, models, rows) {
  const { blend, concatenate, embedding, periodicEmbedding, scale, select } = fourlane
  const custom = { blend, concatenate, embedding, periodicEmbedding, scale, select }
  return models.map((bytes) => {
    const whole = tables.tablePredictorFromBytes(bytes)
    const bare = predict.predictorFromBytes(bytes, { custom })
    const encoder = tables.encoderFromJSON(whole.encoder.toJSON())
    return [whole.probabilities(rows), bare.predict(encoder.transform(rows))].map((values) => Array.from(values))
  })
}
