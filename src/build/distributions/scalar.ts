/** Distributions of numbers, and what the built-in ones begin with. Source: distribution.py. */
import { createHash } from "node:crypto";
import { float32 } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isSymbolic, type Literal, literalToArray, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { byName } from "../../ops/options.ts";
import { assertLess } from "../checks/compare.ts";
import { assertSameFloatDtype } from "../checks/ranks.ts";
import { broadcastStaticShape } from "../tensors/convert.ts";
import type { Seed } from "./computed.ts";
import { type CommonOptions, Distribution } from "./distribution.ts";

/** A parameter that is no tensor: numbers are float32. */
function floats(value: TensorLike): TensorLike {
  const isPacked = Array.isArray(value) && value.flat(Number.POSITIVE_INFINITY).some(isSymbolic);
  return isSymbolic(value) || isPacked ? value : literalToArray(value as Literal, undefined, float32);
}

/** An Identity of each parameter under its name, after the checks. Throws ValueError unless they are of one floating dtype. */
export function held<N extends string>(
  parameters: Readonly<Record<N, TensorLike>>,
  checks: (given: Readonly<Record<N, TensorLike>>) => readonly Operation[],
): Record<N, Tensor> {
  const entries = (Object.entries(parameters) as [N, TensorLike][]).map(
    ([name, value]) => [name, floats(value)] as const,
  );
  const given = Object.fromEntries(entries) as Record<N, TensorLike>;
  return getDefaultGraph().controlDependencies(checks(given), () => {
    const tensors = entries.map(([name, value]) => [name, tf.identityOp({ input: value }, name)] as const);
    assertSameFloatDtype(tensors.map(([, tensor]) => tensor));
    return Object.fromEntries(tensors) as Record<N, Tensor>;
  });
}

/** The arguments of a constructor, with what it takes by default. */
export function argumentsOf<O extends CommonOptions>(
  given: readonly unknown[],
  places: readonly (keyof O)[],
  defaults: Partial<O> & { readonly name: string },
): O & Required<CommonOptions> {
  const named = Object.entries(byName<O>(given, places)).filter(([, value]) => value !== undefined);
  return { validateArgs: false, allowNanStats: true, ...defaults, ...Object.fromEntries(named) } as O &
    Required<CommonOptions>;
}

/** What `make` makes in the scope of a distribution, and the name of the scope: `Normal/`. */
export const inNamed = <R>(name: string, make: (scope: string) => R): R & { readonly name: string } =>
  getDefaultGraph().nameScope(name, (scope) => ({ ...make(scope), name: scope }));

/** Events are numbers; the batch is what the parameters broadcast to. */
export abstract class ScalarDistribution extends Distribution {
  /** Tensors whose shapes, together, are the batch's. */
  protected abstract batchParts(): readonly Tensor[];

  protected override staticBatchShape(): Shape {
    return this.batchParts()
      .map(({ shape }) => shape)
      .reduce(broadcastStaticShape);
  }

  protected override dynamicBatchShape(): Tensor {
    const together = ([first, ...others]: readonly Tensor[]): Tensor => {
      const shape = tf.shape(first!);
      return others.length === 0 ? shape : tf.broadcastDynamicShape(shape, together(others));
    };
    return together(this.batchParts());
  }

  protected override staticEventShape(): Shape {
    return [];
  }

  /** [n, ...batch]. */
  protected drawShape(n: TensorLike, batch: Tensor = this.batchShapeTensor()): Tensor {
    return tf.concat([[n], batch], 0);
  }
}

/** A seed for a second draw with the same seed; null without one. */
export const derivedSeed = (seed: Seed, salt: string): number | null =>
  seed === undefined || seed === null
    ? null
    : Number.parseInt(createHash("md5").update(`${seed}${salt}`).digest("hex").slice(0, 8), 16) & 0x7fffffff;

/** The mode, which is defined where these parameters are above 1: elsewhere NaN, or the run fails with one of the messages. */
export function definedMode(
  { allowNanStats, dtype }: Distribution,
  mode: Tensor,
  above: readonly Tensor[],
  messages: readonly string[],
  shape: () => Tensor,
): Tensor {
  if (!allowNanStats) {
    const check = (each: Tensor, i: number) => assertLess(tf.ones([], dtype), each, { message: messages[i] });
    return tf.withDependencies(above.map(check), mode);
  }
  const nan = tf.fill(shape(), literalToArray(Number.NaN, dtype.baseDtype), "nan");
  const [first, second] = above.map((each) => each.greater(1));
  return tf.whereV2(second ? tf.logicalAnd(first!, second) : first!, mode, nan);
}
