/** tf.distributions. Written by scripts/api.mjs. */
export { Normal } from "../build/distributions/continuous/normal.ts";
export { Uniform } from "../build/distributions/continuous/uniform.ts";
export { Bernoulli } from "../build/distributions/discrete/bernoulli.ts";
export { Categorical } from "../build/distributions/discrete/categorical.ts";
export {
  Distribution,
  FULLY_REPARAMETERIZED,
  NOT_REPARAMETERIZED,
  ReparameterizationType,
} from "../build/distributions/distribution.ts";
export { klDivergence, RegisterKL } from "../build/distributions/kullback_leibler.ts";
