/**
 * One helper for tests of ops. `checkOp` runs an op on the reference and on WebAssembly, compares both with the expected values, compares
 * the static shape with the shape that came out, and sends the graph through GraphDef and back. `checkGradient` compares with central
 * differences.
 */
import { expect } from "vitest";
import { NdArray } from "../src/core/nd_array.ts";
import { compatible } from "../src/core/shape.ts";
import { createReferenceEngine } from "../src/engine/reference_engine.ts";
import { graphDefinition } from "../src/graph/def/graph_def.ts";
import { importGraphDefinition } from "../src/graph/def/import.ts";
import { Graph } from "../src/graph/graph.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import * as tf from "../src/index.ts";
import { decodeGraphDef, encodeGraphDef } from "../src/proto/graph_def.ts";
import { Session } from "../src/session/session.ts";

type Build = () => Tensor | readonly Tensor[];

const listOf = (made: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(made) ? made : [made as Tensor]);

/** Builds in a fresh graph, runs on both engines and through GraphDef; the values must equal `expected` (nested lists, one for each tensor). */
export async function checkOp(build: Build, expected: readonly unknown[] | unknown, tolerance = 1e-6): Promise<void> {
  const graph = new Graph();
  const tensors = graph.asDefault(() => listOf(build()));
  const wanted = tensors.length === 1 && !Array.isArray(build) ? [expected] : (expected as readonly unknown[]);
  const copy = new Graph();
  importGraphDefinition(decodeGraphDef(encodeGraphDef(graphDefinition(graph))), { name: "", graph: copy });
  const runs: readonly [Graph, ConstructorParameters<typeof Session>[0]][] = [
    [graph, { engine: createReferenceEngine() }],
    [graph, {}],
    [copy, {}],
  ];
  for (const [source, options] of runs) {
    await using sess = new Session({ ...options, graph: source });
    const values = (await sess.run(tensors.map((tensor) => tensor.name))) as NdArray[];
    for (const [i, value] of values.entries()) {
      expectClose(value.toList(), wanted[i], tolerance);
      expect(compatible(tensors[i]!.shape, value.shape)).toBe(true);
      expect(value.dtype).toBe(tensors[i]!.dtype.baseDtype);
    }
  }
}

/** Nested lists are equal, numbers within the tolerance (relative beyond 1). */
export function expectClose(got: unknown, want: unknown, tolerance: number): void {
  if (Array.isArray(want)) {
    expect(Array.isArray(got) ? got.length : got).toBe(want.length);
    for (const [i, item] of want.entries()) expectClose((got as unknown[])[i], item, tolerance);
  } else if (typeof want === "number" && Number.isFinite(want)) {
    expect(Math.abs((got as number) - want)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(want)));
  } else expect(got).toEqual(want);
}

/** The gradient of sum(f(x) * w) with fixed weights w, against central differences in float64; x are float64 values. */
export async function checkGradient(
  f: (...xs: Tensor[]) => Tensor,
  inputs: readonly NdArray[],
  tolerance = 1e-5,
): Promise<void> {
  const graph = new Graph();
  const { xs, loss, gradients } = graph.asDefault(() => {
    const xs = inputs.map((input) => tf.placeholder(tf.float64, input.shape));
    const y = f(...xs);
    const weights = tf.randomUniform(tf.shape(y), { dtype: tf.float64, seed: 7, minval: 0.5, maxval: 1.5 });
    const fixed = tf.placeholderWithDefault(weights, y.shape);
    const loss = tf.reduceSum(tf.multiply(y, fixed));
    return { xs, loss, gradients: tf.gradients(loss, xs), fixed };
  });
  await using sess = new Session({ graph });
  const run = async (values: readonly NdArray[]): Promise<number> => {
    await using fresh = new Session({ graph });
    return +(await fresh.run(loss, { feedDict: xs.map((x, i) => [x, values[i]!] as const) }));
  };
  const got = (await sess.run(gradients as Tensor[], {
    feedDict: xs.map((x, i) => [x, inputs[i]!] as const),
  })) as NdArray[];
  const step = 1e-5;
  for (const [i, input] of inputs.entries()) {
    for (let k = 0; k < input.size; k++) {
      const moved = (by: number): NdArray[] =>
        inputs.map((array, j) => {
          if (j !== i) return array;
          const data = Float64Array.from(array.data as Float64Array);
          data[k]! += by;
          return new NdArray(array.dtype, array.shape, data);
        });
      const slope = ((await run(moved(step))) - (await run(moved(-step)))) / (2 * step);
      const analytic = (got[i]!.data as Float64Array)[k]!;
      expect(Math.abs(analytic - slope)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(slope)));
    }
  }
}
