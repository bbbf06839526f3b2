/** tf.keras.activations. Written by scripts/api.mjs. */
export {
  deserializeActivation as deserialize,
  elu,
  exponential,
  getActivation as get,
  hardSigmoid,
  linear,
  mish,
  relu,
  selu,
  serializeActivation as serialize,
  sigmoid,
  softmax,
  softplus,
  softsign,
  swish,
  tanh,
} from "../build/keras/activations.ts";
