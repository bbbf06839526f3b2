/** tf.random. Written by scripts/api.mjs. */
export { setRandomSeed } from "../build/scopes.ts";
export {
  randomNormal as normal,
  randomShuffle as shuffle,
  randomUniform as uniform,
  truncatedNormal,
} from "../ops/compute/random/draws.ts";
export { randomGamma as gamma, randomPoisson as poisson } from "../ops/compute/random/gamma.ts";
export { categorical, multinomial } from "../ops/compute/random/multinomial.ts";
export {
  allCandidateSampler,
  learnedUnigramCandidateSampler,
  logUniformCandidateSampler,
  uniformCandidateSampler,
} from "../ops/compute/random/sampling/candidates.ts";
export { statelessBinomial } from "../ops/compute/random/stateless/binomial.ts";
export {
  randomFoldIn as foldIn,
  randomSplit as split,
  statelessCategorical,
  statelessGamma,
  statelessMultinomial,
  statelessNormal,
  statelessPoisson,
  statelessTruncatedNormal,
  statelessUniform,
} from "../ops/compute/random/stateless/draws.ts";
export { fixedUnigramCandidateSampler } from "../ops/host/fixed_unigram.ts";
