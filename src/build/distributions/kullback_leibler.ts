/** Divergences between distributions, by the classes of both. Source: kullback_leibler.py. */
import { NotImplementedError, TypeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import * as tf from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import type { Distribution } from "./distribution.ts";

// biome-ignore lint/suspicious/noExplicitAny: each class has parameters of its own
type DistributionClass = abstract new (...given: any) => Distribution;
// biome-ignore lint/suspicious/noExplicitAny: a function knows the classes it is registered for
type Divergence = (a: any, b: any, name?: string) => Tensor;

const divergences = new Map<unknown, Map<unknown, Divergence>>();

/** A class and those it extends, itself first. */
function* lineage(start: unknown): Generator<unknown> {
  for (let each = start; typeof each === "function" && each !== Function.prototype; each = Object.getPrototypeOf(each))
    yield each;
}

/** The function whose classes are the nearest to these. */
function registered(a: Distribution, b: Distribution): Divergence | undefined {
  let found: Divergence | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, classA] of [...lineage(a.constructor)].entries()) {
    for (const [j, classB] of [...lineage(b.constructor)].entries()) {
      const fn = divergences.get(classA)?.get(classB);
      if (!fn || i + j >= least) continue;
      found = fn;
      least = i + j;
    }
  }
  return found;
}

export interface DivergenceOptions {
  /** False: an operation fails when the divergence is not a number. */
  readonly allowNanStats?: boolean | undefined;
  readonly name?: string | undefined;
}

const places = ["allowNanStats", "name"] as const;

/** KL(a || b), [batch]. Throws NotImplementedError when nothing is registered for the classes of both. */
export function klDivergence(
  distributionA: Distribution,
  distributionB: Distribution,
  ...rest: Rest<DivergenceOptions, typeof places>
): Tensor {
  const { allowNanStats = true, name } = byName<DivergenceOptions>(rest, places);
  const fn = registered(distributionA, distributionB);
  if (!fn) {
    const [a, b] = [distributionA.constructor.name, distributionB.constructor.name];
    throw new NotImplementedError(
      `No KL(distribution_a || distribution_b) registered for distribution_a type ${a} and distribution_b type ${b}`,
    );
  }
  return getDefaultGraph().nameScope("KullbackLeibler", () => {
    const given = fn(distributionA, distributionB, name);
    if (allowNanStats) return given;
    const divergence = tf.identity(given, "kl");
    const words =
      `KL calculation between ${distributionA.name} and ${distributionB.name} returned NaN values ` +
      "(and was called with allow_nan_stats=False). Values:";
    const check = assertThat(tf.logicalNot(tf.reduceAny(tf.isNan(divergence))), [words, divergence]);
    return getDefaultGraph().controlDependencies([check], () => tf.identity(divergence, "checked_kl"));
  });
}

/** The entropy of `ref` and its divergence from `other`, [batch]. */
export const crossEntropy = (ref: Distribution, other: Distribution, allowNanStats: boolean): Tensor =>
  getDefaultGraph().nameScope("cross_entropy", () => ref.entropy().add(klDivergence(ref, other, { allowNanStats })));

/** `RegisterKL(A, B)(fn)`: fn(a, b, name) is the divergence of these classes. Throws ValueError when they have one already. */
export const RegisterKL =
  (distClsA: DistributionClass, distClsB: DistributionClass) =>
  <F extends Divergence>(klFn: F): F => {
    if (typeof klFn !== "function") throw new TypeError(`kl_fn must be callable, received: ${String(klFn)}`);
    const ofA = divergences.get(distClsA) ?? new Map<unknown, Divergence>();
    const before = ofA.get(distClsB);
    if (before) {
      throw new ValueError(
        `KL(${distClsA.name} || ${distClsB.name}) has already been registered to: ${before.name || "a function"}`,
      );
    }
    divergences.set(distClsA, ofA.set(distClsB, klFn));
    return klFn;
  };
