/** Names of tf.keras.optimizers.legacy and tf.keras.optimizers. Written by scripts/api.mjs. */
export { Adam, Adamax, Nadam } from "../build/keras/optimizers/adam.ts";
export { Optimizer } from "../build/keras/optimizers/optimizer.ts";
export { Adadelta, Adagrad, Ftrl, RMSprop, SGD } from "../build/keras/optimizers/optimizers.ts";
