/** The shortest decimal with the same float32 value: files store 0.01 as 0.009999999776482582. */
export function tidy(value: number): number {
  const single = Math.fround(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === single) return short
  }
  return value
}
