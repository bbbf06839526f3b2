/** tf.random.experimental. Written by scripts/api.mjs. */
export { createRngState, Generator, getGlobalGenerator, setGlobalGenerator } from "../build/random/generator.ts";
export { Algorithm } from "../ops/compute/random/stateless/algorithm.ts";
export {
  randomFoldIn as statelessFoldIn,
  randomSplit as statelessSplit,
} from "../ops/compute/random/stateless/draws.ts";
export { indexShuffle, statelessShuffle } from "../ops/compute/random/stateless/shuffle.ts";
