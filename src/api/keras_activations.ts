/** tf.keras.activations. Written by scripts/api.mjs. */
export {
  elu,
  exponential,
  hardSigmoid,
  linear,
  mish,
  relu,
  selu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  swish,
  tanh,
} from "../build/keras/activations.ts";
