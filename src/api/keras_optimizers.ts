/** tf.keras.optimizers. Written by scripts/api.mjs. */
export { Adam, Adamax, Nadam } from "../build/keras/optimizers/adam.ts";
export {
  deserializeOptimizer as deserialize,
  getOptimizer as get,
  serializeOptimizer as serialize,
} from "../build/keras/optimizers/named.ts";
export { Optimizer } from "../build/keras/optimizers/optimizer.ts";
export { Adadelta, Adagrad, Ftrl, RMSprop, SGD } from "../build/keras/optimizers/optimizers.ts";
export * as legacy from "./keras_optimizers_legacy.ts";
export * as schedules from "./keras_optimizers_schedules.ts";
