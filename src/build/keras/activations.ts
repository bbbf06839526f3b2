/** `tf.keras.activations`. Source: tf_keras/src/activations.py. */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  add,
  clipByValue,
  elu as eluOf,
  exp,
  logSoftmax as logSoftmaxOf,
  multiply,
  relu as reluOf,
  selu as seluOf,
  sigmoid as sigmoidOf,
  softmax as softmaxOf,
  softplus as softplusOf,
  softsign as softsignOf,
  tanh as tanhOf,
  where,
} from "../../ops/index.ts";
import { byName, serializeObject } from "./config/registry.ts";

export type Activation = (x: Tensor) => Tensor;
/** A function, one of Keras' names, or null for none. */
export type ActivationLike = Activation | string | null;

const logits = new WeakMap<Tensor, Tensor>();
/** What a softmax or a sigmoid of this module was made from: losses take it instead of the probabilities. */
export const keptLogits = (probabilities: Tensor): Tensor | null => logits.get(probabilities) ?? null;
function withLogits(probabilities: Tensor, x: Tensor): Tensor {
  logits.set(probabilities, x);
  return probabilities;
}

export const linear: Activation = (x) => x;
export const elu: Activation = (x) => eluOf(x);
export const exponential: Activation = (x) => exp(x);
/** 0 below -2.5, 1 above 2.5, 0.2 x + 0.5 between. */
export const hardSigmoid: Activation = (x) => clipByValue(add(multiply(x, 0.2), 0.5), 0, 1);
/** max(x, 0). */
export const relu: Activation = (x) => reluOf(x);
export const selu: Activation = (x) => seluOf(x);
export const sigmoid: Activation = (x) => withLogits(sigmoidOf(x), x);
/** Softmax over the last axis. */
export const softmax: Activation = (x) => withLogits(softmaxOf(x), x);
export const logSoftmax: Activation = (x) => logSoftmaxOf(x);
export const softplus: Activation = (x) => softplusOf(x);
export const softsign: Activation = (x) => softsignOf(x);
/** x · sigmoid(x). */
export const swish: Activation = (x) => multiply(x, sigmoidOf(x));
/** x · tanh(softplus(x)). */
export const mish: Activation = (x) => multiply(x, tanhOf(softplusOf(x)));
export const tanh: Activation = (x) => tanhOf(x);

/** alpha · x below 0, x above. */
export const leaky = (x: TensorLike, alpha: TensorLike): Tensor => {
  const given = convertToTensor(x);
  return where(given.greater(0), given, multiply(alpha, given)) as Tensor;
};

const table: Readonly<Record<string, Activation>> = {
  linear,
  elu,
  exponential,
  hard_sigmoid: hardSigmoid,
  relu,
  selu,
  sigmoid,
  softmax,
  log_softmax: logSoftmax,
  softplus,
  softsign,
  swish,
  mish,
  tanh,
};

for (const [name, fn] of Object.entries(table)) Object.defineProperty(fn, "name", { value: name });

/** The activation of a name; null is linear. Throws ValueError for names that Keras has not. */
export const getActivation = (identifier: ActivationLike | undefined): Activation =>
  identifier === null || identifier === undefined ? linear : byName("activation function", table, identifier);
export const deserializeActivation = getActivation;
/** The name of an activation. */
export const serializeActivation = (activation: ActivationLike): unknown => serializeObject(getActivation(activation));
