import { describe, expect, test } from "vitest";
import { float32 } from "../../../src/core/dtype.ts";
import { NdArray } from "../../../src/core/nd_array.ts";
import { compileRelaxed, hasRelaxedSimd } from "../../../src/core/wasm/relaxed_simd.ts";
import { ModuleBuilder } from "../../../src/engine/wasm/assembler.ts";
import { multiplyAdd } from "../../../src/engine/wasm/fused.ts";
import { madd } from "../../../src/engine/wasm/instructions.ts";
import { constant } from "../../../src/engine/wasm/lanes.ts";
import * as tf from "../../../src/index.ts";
import { newMemory } from "./harness.ts";

/** (1 + 2^-12)² = 1 + 2^-11 + 2^-24, of which a float32 keeps all but the last. */
const x = 1 + 2 ** -12;
const lost = 2 ** -24;

function relaxedBytes(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const one = constant("f32x4", 1);
  m.function("run", [], null, (f) => f.do(madd(one, one, one)));
  return m.bytes();
}

/** What a multiplication with an addition gives here, by itself. */
function residue(): number {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 65536 });
  m.function(
    "run",
    [],
    null,
    (f) => {
      const factor = f.let(constant("f32x4", x));
      f.store("f32x4", 0, multiplyAdd(factor, factor, f.let(constant("f32x4", -x * x + lost))));
    },
    { export: true },
  );
  const memory = newMemory(1);
  const { run } = new WebAssembly.Instance(compileRelaxed(m.bytes()), { env: { memory } }).exports as { run(): void };
  run();
  return new Float32Array(memory.buffer)[0]!;
}

describe("fused multiplication and addition", () => {
  test("V8's flags are afterwards what they were", () => {
    const before = WebAssembly.validate(relaxedBytes());
    hasRelaxedSimd();
    residue();
    expect(WebAssembly.validate(relaxedBytes())).toBe(before);
  });

  test("is there on every Node that tsflow takes, where the JavaScript engine is V8", () => {
    expect(hasRelaxedSimd()).toBe(true);
  });

  test("every element of a product is rounded alike, in whole tiles and in what is left", async () => {
    const expected = residue();
    for (const [m, n] of [
      [2, 2],
      [4, 8],
      [7, 19],
      [32, 24],
      [9, 70],
    ] as const) {
      const a = new NdArray(
        float32,
        [m, 2],
        Float32Array.from({ length: 2 * m }, (_, i) => (i % 2 ? x : -x * x + lost)),
      );
      const b = new NdArray(
        float32,
        [2, n],
        Float32Array.from({ length: 2 * n }, (_, i) => (i < n ? 1 : x)),
      );
      const graph = new tf.Graph();
      const product = graph.asDefault(() =>
        tf.matmul(tf.placeholder(float32, [m, 2], { name: "a" }), tf.placeholder(float32, [2, n], { name: "b" })),
      );
      const sess = new tf.Session({ graph, engine: "wasm" });
      const value = (await sess.run(product, {
        feedDict: [
          ["a:0", a],
          ["b:0", b],
        ],
      })) as tf.NdArray;
      sess.close();
      expect([...new Set(value.data as Float32Array)]).toEqual([expected]);
    }
    expect([0, lost]).toContain(expected);
  });
});
