/** One number of a distribution, with as many draws as it takes. Source: random_op.cc, random_poisson_op.cc. */
import type { DType } from "../../../core/dtype.ts";
import type { PhiloxState } from "../../../core/philox.ts";
import { logGamma } from "./log_gamma.ts";
import { normalSource, uniformSource } from "./source.ts";

/**
 * Gamma numbers of scale 1 by transformation and rejection; below 1 the parameter is raised by one and the number scaled back.
 * Source: "A simple method for generating gamma variables", Marsaglia and Tsang, 2000.
 */
export function gammaSample(alpha: number): (state: PhiloxState) => number {
  if (alpha === 1) return (state) => -Math.log1p(-uniformSource(state)());
  const isSmall = alpha < 1;
  const d = alpha + (isSmall ? 2 / 3 : -1 / 3);
  const c = 1 / 3 / Math.sqrt(d);
  return (state) => {
    if (Number.isNaN(c)) return Number.NaN;
    // Both take whole blocks of the one state, in the order in which they run dry.
    const normal = normalSource(state);
    const uniform = uniformSource(state);
    for (;;) {
      const x = normal();
      let v = 1 + c * x;
      if (v <= 0) continue;
      v = v * v * v;
      const u = uniform();
      if (u < 1 - 0.0331 * (x * x) * (x * x) || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) {
        const sample = d * v;
        return isSmall ? sample * uniform() ** (1 / alpha) : sample;
      }
    }
  };
}

const highest: Record<string, number> = {
  float16: 65504,
  float32: 3.4028234663852886e38,
  int32: 2 ** 31 - 1,
  int64: 2 ** 63,
};

/**
 * Poisson numbers: by products of uniform numbers for rates below 10 (Knuth), by transformed rejection from there on.
 * Source: "The transformed rejection method for generating Poisson random variables", Hörmann, 1993.
 */
export function poissonSample(rate: number, dtype: DType): (state: PhiloxState) => number {
  const limit = highest[dtype.base] ?? Number.MAX_VALUE;
  if (!(rate >= 0)) return () => (dtype.isInteger ? 0 : Number.NaN);
  if (rate < 10) return (state) => smallPoisson(Math.exp(-rate), limit, state);
  if (rate === Number.POSITIVE_INFINITY) return () => (dtype.isInteger ? limit : rate);
  const logRate = Math.log(rate);
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  return (state) => {
    const uniform = uniformSource(state);
    for (;;) {
      const u = uniform() - 0.5;
      const v = uniform();
      const shifted = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / shifted + b) * u + rate + 0.43);
      if (k > limit) continue;
      if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
      if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
      const s = Math.log((v * inverseAlpha) / (a / (shifted * shifted) + b));
      if (s <= -rate + k * logRate - logGamma(k + 1)) return k;
    }
  };
}

function smallPoisson(threshold: number, limit: number, state: PhiloxState): number {
  const uniform = uniformSource(state);
  let product = 1;
  for (let x = 0; ; x++) {
    product *= uniform();
    if (product <= threshold && x <= limit) return x;
  }
}
