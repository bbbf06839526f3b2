/** `tf.keras.regularizers`. Source: tf_keras/src/regularizers.py. */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import { abs, add, multiply, reduceSum, square } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Regularizer } from "../variables/store.ts";
import { familyOf, functionClass } from "./config/family.ts";
import { type Serialized, serializeObject } from "./config/registry.ts";

export type RegularizerName = Regularizer | RegularizerClass | Serialized | string | null;

/** A regularizer of one's own: a class with `call`, or a function of a variable. */
export abstract class RegularizerClass {
  abstract call(x: Tensor): Tensor;
}

const penalty =
  (l1: number, l2: number): Regularizer =>
  (x) => {
    const parts: Tensor[] = [];
    if (l1) parts.push(multiply(l1, reduceSum(abs(convertToTensor(x)) as Tensor)));
    if (l2) parts.push(multiply(l2, reduceSum(square(convertToTensor(x)))));
    return parts.length ? parts.reduce((a, b) => add(a, b)) : convertToTensor(0, { dtype: convertToTensor(x).dtype });
  };

interface Rates {
  readonly l1?: number | undefined;
  readonly l2?: number | undefined;
}
/** l1 · Σ|x| + l2 · Σx². */
export const L1L2 = functionClass(
  "L1L2",
  ["l1", "l2"],
  ({ l1: a = 0, l2: b = 0 }: Rates) => penalty(a, b),
  ({ l1: a = 0, l2: b = 0 }) => ({ l1: Math.fround(a), l2: Math.fround(b) }),
);
/** rate · Σ|x|. */
export const L1 = functionClass(
  "L1",
  ["l1"],
  ({ l1: rate = 0.01 }: Pick<Rates, "l1">) => penalty(rate, 0),
  ({ l1: rate = 0.01 }) => ({ l1: Math.fround(rate) }),
);
/** rate · Σx². */
export const L2 = functionClass(
  "L2",
  ["l2"],
  ({ l2: rate = 0.01 }: Pick<Rates, "l2">) => penalty(0, rate),
  ({ l2: rate = 0.01 }) => ({ l2: Math.fround(rate) }),
);
/** L1L2 with 0.01 for a rate that is left out. */
export const l1L2 = (...rest: Rest<Rates, ["l1", "l2"]>): Regularizer => {
  const { l1: a = 0.01, l2: b = 0.01 } = byName<Rates>(rest, ["l1", "l2"]);
  return L1L2(a, b);
};
export const l1 = L1;
export const l2 = L2;

const both = Object.assign(() => l1L2(), { fromConfig: L1L2.fromConfig });
const family = familyOf<Regularizer>(
  "regularizer",
  { l1: L1, l2: L2, l1_l2: both, l1l2: both },
  { base: RegularizerClass, asFunction: (own: RegularizerClass) => (x) => own.call(convertToTensor(x)) },
);

/** The regularizer of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
export const getRegularizer = (identifier: RegularizerName | undefined): Regularizer | null =>
  identifier === null || identifier === undefined ? null : family.get(identifier);
export const deserializeRegularizer = (given: Serialized): Regularizer => family.deserialize(given);
export const serializeRegularizer = (regularizer: RegularizerName): unknown => serializeObject(regularizer);
