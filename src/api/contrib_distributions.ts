/** tf.contrib.distributions. Written by scripts/api.mjs. */
export * from "./contrib_distributions_and_distributions.ts";
