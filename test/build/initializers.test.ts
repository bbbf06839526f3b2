import { describe, expect, test } from "vitest";
import type { Initializer } from "../../src/build/variables/store.ts";
import { dtypeOf } from "../../src/core/dtype.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue } from "../conformance/values.ts";
import { hasGoldens, readGolden } from "../golden.ts";
import { base64Texts, textsOf } from "./nodes.ts";

interface Case {
  readonly name: string;
  readonly initializer: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly op_seed: number | null;
  readonly graph_seed: number | null;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly graph: string;
  readonly value: GoldenValue;
  readonly value_of_second_init_run: GoldenValue;
  readonly tol?: { readonly rtol: number; readonly atol: number };
}

type Options = Readonly<Record<string, never>>;

const makers: Readonly<Record<string, (options: Options) => Initializer>> = {
  zeros: () => tf.zerosInitializer(),
  ones: () => tf.onesInitializer(),
  constant: (options) => tf.constantInitializer((options as unknown as { value: number }).value),
  random_normal: (options) => tf.randomNormalInitializer(options),
  random_uniform: (options) => tf.randomUniformInitializer(options),
  truncated_normal: (options) => tf.truncatedNormalInitializer(options),
  glorot_uniform: (options) => tf.glorotUniformInitializer(options),
  glorot_normal: (options) => tf.glorotNormalInitializer(options),
  variance_scaling: (options) => tf.varianceScalingInitializer(options),
  he_normal: (options) => tf.initializers.heNormal(options),
  he_uniform: (options) => tf.initializers.heUniform(options),
  lecun_normal: (options) => tf.initializers.lecunNormal(options),
  lecun_uniform: (options) => tf.initializers.lecunUniform(options),
  uniform_unit_scaling: (options) => tf.uniformUnitScalingInitializer(options),
  orthogonal: (options) => tf.orthogonalInitializer(options),
  identity: (options) => tf.initializers.identity(options),
};

/** Logarithms and sines of single precision differ in the last bits. */
const close = { rtol: 1e-5, atol: 2e-6 };
const cases = hasGoldens ? readGolden<{ cases: readonly Case[] }>("initializers", "initializers.json").cases : [];

describe.skipIf(!hasGoldens).each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
  test("has TensorFlow's nodes and values", async () => {
    const graph = new Graph();
    if (golden.graph_seed !== null) graph.seed = golden.graph_seed;
    await graph.asDefault(async () => {
      const seed = golden.op_seed === null ? {} : { seed: golden.op_seed };
      const options = { ...golden.args, ...seed } as unknown as Options;
      const variable = tf.variableScope("layer", () =>
        tf.getVariable("w", {
          shape: [...golden.shape],
          dtype: dtypeOf(golden.dtype),
          initializer: makers[golden.initializer]?.(options) ?? null,
        }),
      );
      expect(textsOf(graph)).toEqual(base64Texts(golden.graph));
      await using sess = new Session({ graph });
      for (const want of [golden.value, golden.value_of_second_init_run]) {
        await sess.run(variable.initializer);
        expect(difference(await sess.run(variable), want, golden.tol ?? close)).toBeNull();
      }
    });
  });
});

describe("an initializer's arguments", () => {
  const values = (initializer: Initializer): Promise<tf.NdArray> =>
    new Graph().asDefault(() => {
      tf.setRandomSeed(7);
      const variable = tf.getVariable("v", [3], { initializer });
      return tf.withSession(async (sess) => {
        await sess.run(variable.initializer);
        return sess.run(variable);
      });
    });

  test("stand by position or by name", async () => {
    const named = await values(tf.randomUniformInitializer({ minval: -1, maxval: 0 }));
    expect(await values(tf.randomUniformInitializer(-1, 0))).toEqual(named);
    expect((named.toList() as number[]).every((x) => x < 0)).toBe(true);
  });

  test("are the standard ones where it stands uncalled", async () => {
    const uncalled = tf.randomNormalInitializer as unknown as Initializer;
    expect(await values(uncalled)).toEqual(await values(tf.randomNormalInitializer()));
  });
});
