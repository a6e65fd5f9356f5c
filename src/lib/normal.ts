/** The standard normal distribution, in float64. */

/** P(Z <= x): a series around 0, a continued fraction in the tails. */
export function normalCdf(x: number): number {
  const size = Math.abs(x)
  const density = Math.exp((-size * size) / 2) / Math.sqrt(2 * Math.PI)
  if (size < 2) {
    // Φ(x) - 1/2 = φ(x) Σ x^(2k+1) / (1 · 3 · … · (2k+1))
    let term = size
    let sum = size
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (size * size) / k
      sum += term
    }
    return x < 0 ? 0.5 - density * sum : 0.5 + density * sum
  }
  let fraction = 0
  for (let k = 120; k > 0; k--) fraction = k / (size + fraction)
  const tail = density / (size + fraction)
  return x < 0 ? tail : 1 - tail
}

/** Horner's rule, the highest power first. */
const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)

/** The x with P(Z <= x) = p, for p in [0, 1]: Wichura 1988, algorithm AS 241 (PPND16), to about 1 part in 10^16. */
export function normalQuantile(p: number): number {
  const q = p - 0.5
  if (Math.abs(q) === 0.5) return q * Number.POSITIVE_INFINITY
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(r, CENTRE[0])) / polynomial(r, CENTRE[1])
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p))
  const [numerator, denominator] = r <= 5 ? SIDES : TAILS
  const at = r <= 5 ? r - 1.6 : r - 5
  return Math.sign(q) * (polynomial(at, numerator) / polynomial(at, denominator))
}

/** Numerator and denominator. */
type Ratio = readonly [readonly number[], readonly number[]]

const CENTRE: Ratio = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
]
const SIDES: Ratio = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
]
const TAILS: Ratio = [
  [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
]
