/** tf.random. Written by scripts/api.mjs. */
export { createRngState, Generator, getGlobalGenerator, setGlobalGenerator } from "../build/random/generator.ts";
export { getSeed, setRandomSeed } from "../build/scopes.ts";
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
export { Algorithm } from "../ops/compute/random/stateless/algorithm.ts";
export { statelessBinomial } from "../ops/compute/random/stateless/binomial.ts";
export {
  randomFoldIn as foldIn,
  randomSplit as split,
  statelessCategorical,
  statelessGamma,
  statelessMultinomial,
  statelessNormal,
  statelessParameterizedTruncatedNormal,
  statelessPoisson,
  statelessTruncatedNormal,
  statelessUniform,
} from "../ops/compute/random/stateless/draws.ts";
export { fixedUnigramCandidateSampler } from "../ops/host/fixed_unigram.ts";
export * as experimental from "./random_experimental.ts";
