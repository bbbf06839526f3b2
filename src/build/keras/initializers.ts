/** `tf.keras.initializers`, with the defaults of TensorFlow 1.x. Source: tf_keras/src/initializers/initializers_v1.py. */
import {
  constantInitializer,
  glorotNormalInitializer,
  glorotUniformInitializer,
  heNormal as heNormalOf,
  heUniform as heUniformOf,
  identityInitializer,
  lecunNormal as lecunNormalOf,
  lecunUniform as lecunUniformOf,
  onesInitializer,
  orthogonalInitializer,
  randomNormalInitializer,
  randomUniformInitializer,
  truncatedNormalInitializer,
  varianceScalingInitializer,
  zerosInitializer,
} from "../initializers.ts";
import type { Initializer } from "../variables/store.ts";
import { byName } from "./named.ts";

export type InitializerName = Initializer | string;

export interface Seeded {
  readonly seed?: number | bigint | null;
}

type Made<A extends readonly unknown[]> = ((...args: A) => Initializer) & (new (...args: A) => Initializer);

/** With `new`, as Python's classes have it in TypeScript, or without. */
const kind = <A extends readonly unknown[]>(make: (...args: A) => Initializer): Made<A> =>
  function initializer(...args: A): Initializer {
    return make(...args);
  } as unknown as Made<A>;

/** Uniform in [-0.05, 0.05). */
export const RandomUniform = kind((options: Seeded & { readonly minval?: number; readonly maxval?: number } = {}) => {
  const { minval = -0.05, maxval = 0.05, seed = null } = options;
  return randomUniformInitializer(minval, maxval, { seed });
});
/** Mean 0, standard deviation 0.05. */
export const RandomNormal = kind((options: Seeded & { readonly mean?: number; readonly stddev?: number } = {}) => {
  const { mean = 0, stddev = 0.05, seed = null } = options;
  return randomNormalInitializer(mean, stddev, { seed });
});
/** Mean 0, standard deviation 0.05, drawn again beyond two standard deviations. */
export const TruncatedNormal = kind((options: Seeded & { readonly mean?: number; readonly stddev?: number } = {}) => {
  const { mean = 0, stddev = 0.05, seed = null } = options;
  return truncatedNormalInitializer(mean, stddev, { seed });
});
export const Zeros = kind(zerosInitializer);
export const Ones = kind(onesInitializer);
/** A number fills the shape. */
export const Constant = kind(constantInitializer);
export const GlorotUniform = kind(glorotUniformInitializer);
export const GlorotNormal = kind(glorotNormalInitializer);
export const HeNormal = kind(heNormalOf);
export const HeUniform = kind(heUniformOf);
export const LecunNormal = kind(lecunNormalOf);
export const LecunUniform = kind(lecunUniformOf);
export const Orthogonal = kind(orthogonalInitializer);
export const Identity = kind(identityInitializer);
export const VarianceScaling = kind(varianceScalingInitializer);

export const zeros = Zeros;
export const ones = Ones;
export const constant = Constant;
export const glorotUniform = GlorotUniform;
export const glorotNormal = GlorotNormal;
export const heNormal = HeNormal;
export const heUniform = HeUniform;
export const lecunNormal = LecunNormal;
export const lecunUniform = LecunUniform;
export const orthogonal = Orthogonal;
export const identity = Identity;
export const randomUniform = RandomUniform;
export const randomNormal = RandomNormal;
export const truncatedNormal = TruncatedNormal;

const table: Readonly<Record<string, () => Initializer>> = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  uniform: RandomUniform,
  random_uniform: RandomUniform,
  normal: RandomNormal,
  random_normal: RandomNormal,
  truncated_normal: TruncatedNormal,
  glorot_uniform: glorotUniformInitializer,
  glorot_normal: glorotNormalInitializer,
  he_normal: heNormalOf,
  he_uniform: heUniformOf,
  lecun_normal: lecunNormalOf,
  lecun_uniform: lecunUniformOf,
  orthogonal: orthogonalInitializer,
  identity: identityInitializer,
  variance_scaling: varianceScalingInitializer,
};

/** The initializer of a name, with its defaults. Throws ValueError for names that Keras has not. */
export const getInitializer = (identifier: InitializerName): Initializer =>
  typeof identifier === "string" ? byName("initializer", table, identifier)() : identifier;
