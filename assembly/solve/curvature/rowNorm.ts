// Tangents of row normalization: each group of a row's columns separately. With s = 1 / spread, the tangent of s is
// -s² mean(n tx), whether or not the mean is subtracted.
import {
  NORM_BETA_TANGENT,
  NORM_COLS,
  NORM_DY,
  NORM_DY_TANGENT,
  NORM_GAMMA,
  NORM_GAMMA_TANGENT,
  NORM_NORMALIZED_TANGENT,
  NORM_STRIDE,
  NORM_TO,
  NORM_X_TANGENT,
  ROW_CURVE_CENTERED,
  ROW_CURVE_GROUP,
  ROW_CURVE_INVERSE,
  ROW_CURVE_MOVED,
  ROW_CURVE_NORMALIZED,
} from '../../../src/abi/curvature'
import { Group } from '../../layers/rowNorm'
import { Lanes } from '../../math/lanes'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

class Upstream {
  /** tu = gamma tdy + tgamma dy */
  @inline static tangent(dy: v128, tdy: v128, gamma: v128, gammaTangent: v128): v128 {
    return F4.flush(F4.fma(gamma, tdy, f32x4.mul(gammaTangent, dy)))
  }
}

/** tn = s (tx - mean tx - n mean(n tx)), without mean tx unless centered; to = gamma tn + tgamma n + tbeta, on rows [begin, end). */
export function rowNormTangent(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, NORM_STRIDE)
  const cols = Word.int(step, NORM_COLS)
  const size = Word.int(step, ROW_CURVE_GROUP)
  const gammas = Word.address(step, NORM_GAMMA)
  const gammaTangents = Word.address(step, NORM_GAMMA_TANGENT)
  const betaTangents = Word.address(step, NORM_BETA_TANGENT)
  const tangents = Word.address(step, NORM_X_TANGENT)
  const groups = cols / size
  const share: f32 = <f32>1 / <f32>size
  const zero = f32x4.splat(0)
  const one = F4.one()
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const tx = tangents + skip
    const n = Word.address(step, ROW_CURVE_NORMALIZED) + skip
    const tn = Word.address(step, NORM_NORMALIZED_TANGENT) + skip
    const to = Word.address(step, NORM_TO) + skip
    for (let g = 0; g < groups; g++) {
      const first = (<usize>(g * size)) << 2
      const at = (<usize>(r * groups + g)) << 2
      const scale = f32x4.splat(load<f32>(Word.address(step, ROW_CURVE_INVERSE) + at))
      let sum = zero
      let dot = zero
      if (tangents) {
        for (let left = size, c = first; left > 0; left -= 4, c += 16) {
          const t = Lanes.load(tx + c, left)
          sum = f32x4.add(sum, t)
          dot = F4.fma(t, Lanes.load(n + c, left), dot)
        }
      }
      const center = f32x4.splat(Word.int(step, ROW_CURVE_CENTERED) ? F4.sum(sum) * share : 0)
      const moved = F4.flush(f32x4.splat(F4.sum(dot) * share))
      store<f32>(Word.address(step, ROW_CURVE_MOVED) + at, f32x4.extract_lane(moved, 0))
      for (let left = size, c = first; left > 0; left -= 4, c += 16) {
        const normalized = Lanes.load(n + c, left)
        let t = zero
        if (tangents) {
          t = F4.mulFlush(scale, F4.flush(F4.nfma(moved, normalized, f32x4.sub(Lanes.load(tx + c, left), center))))
        }
        Group.store(tn + c, t, left)
        const turned = F4.fma(
          Group.load(gammaTangents, c, left, zero),
          normalized,
          Group.load(betaTangents, c, left, zero),
        )
        Group.store(to + c, F4.flush(F4.fma(Group.load(gammas, c, left, one), t, turned)), left)
      }
    }
    Group.clearPadding(tn, cols)
    Group.clearPadding(to, cols)
  }
}

/** The tangent of dx = s (u - mean u - n mean(u n)), u = gamma dy, without mean u unless centered, on rows [begin, end). */
export function rowNormCurve(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, NORM_STRIDE)
  const cols = Word.int(step, NORM_COLS)
  const size = Word.int(step, ROW_CURVE_GROUP)
  const gammas = Word.address(step, NORM_GAMMA)
  const gammaTangents = Word.address(step, NORM_GAMMA_TANGENT)
  const centered = Word.int(step, ROW_CURVE_CENTERED)
  const groups = cols / size
  const share: f32 = <f32>1 / <f32>size
  const zero = f32x4.splat(0)
  const one = F4.one()
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const dy = Word.address(step, NORM_DY) + skip
    const tdy = Word.address(step, NORM_DY_TANGENT) + skip
    const n = Word.address(step, ROW_CURVE_NORMALIZED) + skip
    const tn = Word.address(step, NORM_NORMALIZED_TANGENT) + skip
    const to = Word.address(step, NORM_TO) + skip
    for (let g = 0; g < groups; g++) {
      const first = (<usize>(g * size)) << 2
      const at = (<usize>(r * groups + g)) << 2
      const scale: f32 = load<f32>(Word.address(step, ROW_CURVE_INVERSE) + at)
      const moved: f32 = load<f32>(Word.address(step, ROW_CURVE_MOVED) + at)
      let sum = zero
      let dot = zero
      let sumTangent = zero
      let dotTangent = zero
      for (let left = size, c = first; left > 0; left -= 4, c += 16) {
        const gamma = Group.load(gammas, c, left, one)
        const old = Lanes.load(dy + c, left)
        const u = F4.mulFlush(old, gamma)
        const tu = Upstream.tangent(old, Lanes.load(tdy + c, left), gamma, Group.load(gammaTangents, c, left, zero))
        const normalized = Lanes.load(n + c, left)
        sum = f32x4.add(sum, u)
        dot = F4.fma(u, normalized, dot)
        sumTangent = f32x4.add(sumTangent, tu)
        dotTangent = F4.fma(tu, normalized, F4.fma(u, Lanes.load(tn + c, left), dotTangent))
      }
      const mean = f32x4.splat(centered ? F4.sum(sum) * share : 0)
      const meanTangent = f32x4.splat(centered ? F4.sum(sumTangent) * share : 0)
      const slope = F4.flush(f32x4.splat(F4.sum(dot) * share))
      const slopeTangent = F4.flush(f32x4.splat(F4.sum(dotTangent) * share))
      const factor = f32x4.splat(scale)
      const factorTangent = F4.flush(f32x4.splat(-scale * scale * moved))
      for (let left = size, c = first; left > 0; left -= 4, c += 16) {
        const gamma = Group.load(gammas, c, left, one)
        const old = Lanes.load(dy + c, left)
        const u = F4.mulFlush(old, gamma)
        const tu = Upstream.tangent(old, Lanes.load(tdy + c, left), gamma, Group.load(gammaTangents, c, left, zero))
        const normalized = Lanes.load(n + c, left)
        const rest = F4.flush(F4.nfma(slope, normalized, f32x4.sub(u, mean)))
        const turned = F4.nfma(slope, Lanes.load(tn + c, left), f32x4.sub(tu, meanTangent))
        const restTangent = F4.flush(F4.nfma(slopeTangent, normalized, turned))
        Group.store(to + c, F4.flush(F4.fma(factorTangent, rest, f32x4.mul(factor, restTangent))), left)
      }
    }
    Group.clearPadding(to, cols)
  }
}
