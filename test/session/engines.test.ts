/** Which engine a session gets, and with how many threads. */

import * as tf from "tsflow";
import { float32, NdArray, Session } from "tsflow";
import { describe, expect, test } from "vitest";
import { engineFor, processEngine } from "../../src/session/default_engine.ts";
import { libraries } from "../engine/native/library.ts";

const line = (n: number): NdArray =>
  new NdArray(
    float32,
    [n, n],
    Float32Array.from({ length: n * n }, (_, i) => ((i * 7) % 11) - 5),
  );

describe("a session's engine", () => {
  test("is chosen by name, and shared by sessions of one choice", () => {
    const graph = new tf.Graph();
    const engines = (["wasm", "reference"] as const).map((engine) => new Session({ graph, engine }).state.engine);
    expect(engines.map(({ name }) => name)).toEqual(["wasm", "reference"]);
    expect(new Session({ graph, engine: "wasm" }).state.engine).toBe(engines[0]);
    expect(new Session({ graph, engine: "wasm", config: { intraOpParallelismThreads: 2 } }).state.engine).not.toBe(
      engines[0],
    );
  });

  test("gives the same product, whichever it is", async () => {
    const n = 90;
    const graph = new tf.Graph();
    const product = graph.asDefault(() => tf.matmul(tf.constant(line(n)), tf.constant(line(n))));
    const names = ["wasm", "reference", "auto", ...(libraries.length > 0 ? (["native"] as const) : [])] as const;
    const results = await Promise.all(
      names.map(async (engine) => {
        await using sess = new Session({ graph, engine });
        return [...((await sess.run(product)).data as Float32Array)];
      }),
    );
    // whole numbers below 2^24: every order of summation gives the same
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
  });
});

describe("engineFor", () => {
  const graphOf = (shape: readonly number[]): tf.Graph => {
    const graph = new tf.Graph();
    graph.asDefault(() => tf.getVariable("w", shape, { initializer: tf.zerosInitializer() }));
    return graph;
  };

  test("takes WebAssembly alone for small variables", () => {
    for (const shape of [[], [10_000], [10, 10], [3, 3, 1, 4]]) {
      expect(engineFor(graphOf(shape), 1)).toBe(processEngine("wasm", 1));
    }
  });

  test("lets a library be looked for at large ones", () => {
    for (const shape of [
      [64, 128],
      [5, 5, 1, 32],
    ]) {
      const engine = engineFor(graphOf(shape), 1);
      expect(engine).toBe(processEngine("auto", 1));
      expect(engine.name.startsWith("native:")).toBe(libraries.length > 0);
    }
  });
});
