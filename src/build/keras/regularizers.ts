/** `tf.keras.regularizers`. Source: tf_keras/src/regularizers.py. */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import { abs, add, multiply, reduceSum, square } from "../../ops/index.ts";
import type { Regularizer } from "../variables/store.ts";
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
  ({ l1: a = 0, l2: b = 0 }: Rates = {}) => penalty(a, b),
  ({ l1: a = 0, l2: b = 0 } = {}) => ({ l1: Math.fround(a), l2: Math.fround(b) }),
);
/** rate · Σ|x|. */
export const L1 = functionClass(
  "L1",
  (rate = 0.01) => penalty(rate, 0),
  (rate = 0.01) => ({ l1: Math.fround(rate) }),
  ({ l1: rate = 0.01 }: Rates): [number] => [rate],
);
/** rate · Σx². */
export const L2 = functionClass(
  "L2",
  (rate = 0.01) => penalty(0, rate),
  (rate = 0.01) => ({ l2: Math.fround(rate) }),
  ({ l2: rate = 0.01 }: Rates): [number] => [rate],
);
export const l1L2 = (rates: Rates = {}): Regularizer => {
  const { l1: a = 0.01, l2: b = 0.01 } = rates;
  return L1L2("l1" in rates || "l2" in rates ? rates : { l1: a, l2: b });
};
export const l1 = L1;
export const l2 = L2;

interface RegularizerMaker {
  (): Regularizer;
  fromConfig(config: Config): Regularizer;
}
const regularizers = {
  l1: L1,
  l2: L2,
  l1_l2: Object.assign(() => L1L2({ l1: 0.01, l2: 0.01 }), { fromConfig: L1L2.fromConfig }),
} as unknown as Readonly<Record<string, RegularizerMaker>>;
const byClass: Readonly<Record<string, RegularizerMaker>> = {
  ...regularizers,
  L1: regularizers.l1!,
  L2: regularizers.l2!,
  L1L2: regularizers.l1_l2!,
};

/** The regularizer of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
export function getRegularizer(identifier: RegularizerName | undefined): Regularizer | null {
  if (identifier === null || identifier === undefined) return null;
  if (isSerialized(identifier)) return deserializeRegularizer(identifier);
  if (identifier instanceof RegularizerClass) {
    const config = (identifier as { getConfig?: () => Config }).getConfig?.() ?? {};
    return identify((x) => identifier.call(convertToTensor(x)), identifier.constructor.name, config);
  }
  if (typeof identifier !== "string") return identifier;
  const found = byName<object>("regularizer", byClass, identifier);
  return found === getCustomObjects().get(identifier) ? (found as Regularizer) : (found as RegularizerMaker)();
}
export const deserializeRegularizer = (given: Serialized): Regularizer | null =>
  getRegularizer(deserializeObject("regularizer", (name) => byClass[name], given));
export const serializeRegularizer = (regularizer: RegularizerName): unknown => serializeObject(regularizer);
