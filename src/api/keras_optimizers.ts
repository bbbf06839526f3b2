/** tf.keras.optimizers. Written by scripts/api.mjs. */
export {
  deserializeOptimizer as deserialize,
  getOptimizer as get,
  serializeOptimizer as serialize,
} from "../build/keras/optimizers/named.ts";
export * from "./keras_optimizers_and_keras_optimizers_legacy.ts";
export * as legacy from "./keras_optimizers_legacy.ts";
export * as schedules from "./keras_optimizers_schedules.ts";
