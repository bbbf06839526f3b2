/** tf.contrib.losses. Written by scripts/api.mjs. */
export { addLoss, getLosses, getRegularizationLosses, getTotalLoss } from "../build/losses/collection.ts";
export * from "./contrib_losses_and_contrib_slim_losses.ts";
