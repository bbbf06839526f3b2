/** tf.random. Written by scripts/api.mjs. */
export { setRandomSeed } from "../build/scopes.ts";
export { shuffle } from "../core/philox.ts";
export { split } from "../ops/compute/array/join/split.ts";
export { truncatedNormal } from "../ops/compute/random/draws.ts";
export { categorical, multinomial } from "../ops/compute/random/multinomial.ts";
export {
  allCandidateSampler,
  learnedUnigramCandidateSampler,
  logUniformCandidateSampler,
  uniformCandidateSampler,
} from "../ops/compute/random/sampling/candidates.ts";
export { fixedUnigramCandidateSampler } from "../ops/host/fixed_unigram.ts";
