/** `tf.keras.initializers`, with the defaults of TensorFlow 1.x. Source: tf_keras/src/initializers/initializers_v1.py. */
import type { DType } from "../../core/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
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
import {
  byName,
  type Config,
  deserializeObject,
  functionClass,
  getCustomObjects,
  identify,
  isSerialized,
  type Serialized,
  serializeObject,
} from "./config/registry.ts";
import { nameOfKind } from "./state.ts";

export type InitializerName = Initializer | InitializerClass | Serialized | string;

export interface Seeded {
  readonly seed?: number | bigint | null;
}

/** An initializer of one's own: a class with `call`, or a function of shape and options. */
export abstract class InitializerClass {
  abstract call(shape: readonly number[], options: { readonly dtype: DType }): Tensor;
}

const dtype = "float32";
const seedOf = ({ seed = null }: Seeded = {}): Config => ({ seed, dtype });

/** Uniform in [-0.05, 0.05). */
export const RandomUniform = functionClass(
  "RandomUniform",
  (options: Seeded & { readonly minval?: number; readonly maxval?: number } = {}) => {
    const { minval = -0.05, maxval = 0.05, seed = null } = options;
    return randomUniformInitializer(minval, maxval, { seed });
  },
  ({ minval = -0.05, maxval = 0.05, seed = null } = {}) => ({ minval, maxval, seed, dtype }),
);
type Normal = Seeded & { readonly mean?: number; readonly stddev?: number };
const normalConfig = ({ mean = 0, stddev = 0.05, seed = null }: Normal = {}): Config => ({ mean, stddev, seed, dtype });
/** Mean 0, standard deviation 0.05. */
export const RandomNormal = functionClass(
  "RandomNormal",
  ({ mean = 0, stddev = 0.05, seed = null }: Normal = {}) => randomNormalInitializer(mean, stddev, { seed }),
  normalConfig,
);
/** Mean 0, standard deviation 0.05, drawn again beyond two standard deviations. */
export const TruncatedNormal = functionClass(
  "TruncatedNormal",
  ({ mean = 0, stddev = 0.05, seed = null }: Normal = {}) => truncatedNormalInitializer(mean, stddev, { seed }),
  normalConfig,
);
export const Zeros = functionClass("Zeros", zerosInitializer, () => ({ dtype }));
export const Ones = functionClass("Ones", onesInitializer, () => ({ dtype }));
/** A number fills the shape. */
export const Constant = functionClass(
  "Constant",
  constantInitializer,
  (value = 0) => ({ value, dtype }),
  ({ value = 0 }: { readonly value?: number }): [number] => [value],
);
const seeded = (className: string, make: typeof glorotUniformInitializer, config = seedOf) =>
  functionClass(className, make, (options) => config(options as Seeded | undefined));
const seedAlone = ({ seed = null }: Seeded = {}): Config => ({ seed });
export const GlorotUniform = seeded("GlorotUniform", glorotUniformInitializer);
export const GlorotNormal = seeded("GlorotNormal", glorotNormalInitializer);
export const HeNormal = seeded("HeNormal", heNormalOf, seedAlone);
export const HeUniform = seeded("HeUniform", heUniformOf, seedAlone);
export const LecunNormal = seeded("LecunNormal", lecunNormalOf, seedAlone);
export const LecunUniform = seeded("LecunUniform", lecunUniformOf, seedAlone);
export const Orthogonal = functionClass("Orthogonal", orthogonalInitializer, (options = {}) => {
  const { gain = 1, seed = null } = options as Seeded & { readonly gain?: number };
  return { gain, seed, dtype };
});
export const Identity = functionClass("Identity", identityInitializer, (options = {}) => {
  const { gain = 1 } = options as { readonly gain?: number };
  return { gain, dtype };
});
export const VarianceScaling = functionClass("VarianceScaling", varianceScalingInitializer, (options = {}) => {
  const { scale = 1, mode = "fan_in", distribution = "truncated_normal", seed = null } = options;
  return { scale, mode, distribution, seed, dtype };
});

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

interface InitializerMaker {
  (): Initializer;
  fromConfig(config: Config): Initializer;
}

const table = {
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
} as unknown as Readonly<Record<string, InitializerMaker>>;

/** The initializer of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
export function getInitializer(identifier: InitializerName): Initializer {
  if (isSerialized(identifier)) return deserializeInitializer(identifier);
  if (identifier instanceof InitializerClass) {
    return identify(
      (shape, options) => identifier.call(shape, options as { readonly dtype: DType }),
      identifier.constructor.name,
      (identifier as { getConfig?: () => Config }).getConfig?.() ?? {},
    );
  }
  if (typeof identifier !== "string") return identifier;
  const found = byName<object>("initializer", table, identifier);
  const isClass = (found as { prototype?: unknown }).prototype instanceof InitializerClass;
  if (isClass) return getInitializer(new (found as new () => InitializerClass)());
  return found === getCustomObjects().get(identifier) ? (found as Initializer) : (found as InitializerMaker)();
}

export const deserializeInitializer = (given: Serialized): Initializer =>
  getInitializer(deserializeObject("initializer", (name) => table[nameOfKind(name)], given));
export const serializeInitializer = (initializer: InitializerName): unknown => serializeObject(initializer);
