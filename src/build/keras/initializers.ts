/** `tf.keras.initializers`, with the defaults of TensorFlow 1.x. Source: tf_keras/src/initializers/initializers_v1.py. */
import type { DType } from "../../core/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Literal } from "../../ops/convert.ts";
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
import { familyOf, functionClass } from "./config/family.ts";
import { type Config, type Serialized, serializeObject } from "./config/registry.ts";

export type InitializerName = Initializer | InitializerClass | Serialized | string;

export interface Seeded {
  readonly seed?: number | bigint | null;
}

/** An initializer of one's own: a class with `call`, or a function of shape and options. */
export abstract class InitializerClass {
  abstract call(shape: readonly number[], options: { readonly dtype: DType }): Tensor;
}

const dtype = "float32";
const seedAlone = ({ seed = null }: Seeded): Config => ({ seed });
const seedOf = (options: Seeded): Config => ({ ...seedAlone(options), dtype });

interface Uniform extends Seeded {
  readonly minval?: number;
  readonly maxval?: number;
}
/** Uniform in [-0.05, 0.05). */
export const RandomUniform = functionClass(
  "RandomUniform",
  ["minval", "maxval", "seed"],
  ({ minval = -0.05, maxval = 0.05, seed = null }: Uniform) => randomUniformInitializer(minval, maxval, { seed }),
  ({ minval = -0.05, maxval = 0.05, seed = null }) => ({ minval, maxval, seed, dtype }),
);

type Normal = Seeded & { readonly mean?: number; readonly stddev?: number };
const normalClass = (className: string, make: typeof randomNormalInitializer) =>
  functionClass(
    className,
    ["mean", "stddev", "seed"],
    ({ mean = 0, stddev = 0.05, seed = null }: Normal) => make(mean, stddev, { seed }),
    ({ mean = 0, stddev = 0.05, seed = null }): Config => ({ mean, stddev, seed, dtype }),
  );
/** Mean 0, standard deviation 0.05. */
export const RandomNormal = normalClass("RandomNormal", randomNormalInitializer);
/** Mean 0, standard deviation 0.05, drawn again beyond two standard deviations. */
export const TruncatedNormal = normalClass("TruncatedNormal", truncatedNormalInitializer);

const filled = (className: string, make: () => Initializer) =>
  functionClass(
    className,
    [],
    (_: object) => make(),
    () => ({ dtype }),
  );
export const Zeros = filled("Zeros", zerosInitializer);
export const Ones = filled("Ones", onesInitializer);
/** A number fills the shape. */
export const Constant = functionClass(
  "Constant",
  ["value"],
  ({ value = 0 }: { readonly value?: Literal }) => constantInitializer(value),
  ({ value = 0 }) => ({ value, dtype }),
);

const seeded = (className: string, make: (options: Seeded) => Initializer, config = seedAlone) =>
  functionClass(className, ["seed"], make, config);
export const GlorotUniform = seeded("GlorotUniform", glorotUniformInitializer, seedOf);
export const GlorotNormal = seeded("GlorotNormal", glorotNormalInitializer, seedOf);
export const HeNormal = seeded("HeNormal", heNormalOf);
export const HeUniform = seeded("HeUniform", heUniformOf);
export const LecunNormal = seeded("LecunNormal", lecunNormalOf);
export const LecunUniform = seeded("LecunUniform", lecunUniformOf);

interface Gain extends Seeded {
  readonly gain?: number;
}
export const Orthogonal = functionClass(
  "Orthogonal",
  ["gain", "seed"],
  ({ gain = 1, seed = null }: Gain) => orthogonalInitializer({ gain, seed }),
  ({ gain = 1, seed = null }) => ({ gain, seed, dtype }),
);
export const Identity = functionClass(
  "Identity",
  ["gain"],
  ({ gain = 1 }: Omit<Gain, "seed">) => identityInitializer({ gain }),
  ({ gain = 1 }) => ({ gain, dtype }),
);
export const VarianceScaling = functionClass(
  "VarianceScaling",
  ["scale", "mode", "distribution", "seed"],
  (options: Parameters<typeof varianceScalingInitializer>[0] & object) => varianceScalingInitializer(options),
  ({ scale = 1, mode = "fan_in", distribution = "truncated_normal", seed = null }) => ({
    scale,
    mode,
    distribution,
    seed,
    dtype,
  }),
);

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
export const uniform = RandomUniform;
export const randomNormal = RandomNormal;
export const normal = RandomNormal;
export const truncatedNormal = TruncatedNormal;

const family = familyOf<Initializer>(
  "initializer",
  {
    zeros: Zeros,
    ones: Ones,
    constant: Constant,
    uniform: RandomUniform,
    random_uniform: RandomUniform,
    normal: RandomNormal,
    random_normal: RandomNormal,
    truncated_normal: TruncatedNormal,
    glorot_uniform: GlorotUniform,
    glorot_normal: GlorotNormal,
    he_normal: HeNormal,
    he_uniform: HeUniform,
    lecun_normal: LecunNormal,
    lecun_uniform: LecunUniform,
    orthogonal: Orthogonal,
    identity: Identity,
    variance_scaling: VarianceScaling,
  },
  {
    base: InitializerClass,
    asFunction: (own: InitializerClass) => (shape, options) => own.call(shape, options as { readonly dtype: DType }),
  },
);

/** The initializer of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
export const getInitializer = (identifier: InitializerName): Initializer => family.get(identifier);
export const deserializeInitializer = (given: Serialized): Initializer => family.deserialize(given);
export const serializeInitializer = (initializer: InitializerName): unknown => serializeObject(initializer);
