import { describe, expect, test } from "vitest";
import { float32, int32 } from "../../src/core/dtype.ts";
import { KeyError, RuntimeError, ValueError } from "../../src/core/error.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";

const inGraph = <R>(fn: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => fn(graph));
};

describe("names", () => {
  test("a second node of a name gets a suffix", () => {
    const names = inGraph(() =>
      [tf.constant(1, { name: "answer" }), tf.constant(2, { name: "answer" }), tf.constant(3)].map((t) => t.name),
    );
    expect(names).toEqual(["answer:0", "answer_1:0", "Const:0"]);
  });

  test("names differ in more than case", () => {
    const names = inGraph(() =>
      [tf.constant(1, { name: "Const" }), tf.constant(2, { name: "const" })].map((t) => t.name),
    );
    expect(names).toEqual(["Const:0", "const_1:0"]);
  });

  test("a name scope goes before, and opens anew with a suffix", () => {
    const names = inGraph((graph) => [
      graph.nameScope("hidden", () => tf.constant(1).name),
      graph.nameScope("hidden", (scope) => `${scope}|${tf.constant(1).name}`),
      graph.nameScope("hidden/", () => tf.constant(1).name),
    ]);
    expect(names).toEqual(["hidden/Const:0", "hidden_1/|hidden_1/Const:0", "hidden/Const_1:0"]);
  });

  test("a scope stays open while its callback waits", async () => {
    const name = await inGraph((graph) =>
      graph.nameScope("outer", async () => {
        await Promise.resolve();
        return graph.asDefault(() => tf.constant(1).name);
      }),
    );
    expect(name).toBe("outer/Const:0");
  });

  test("scopes that close out of order name both", async () => {
    const graph = new Graph();
    let release = (): void => {};
    const first = graph.nameScope(
      "first",
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const second = graph.nameScope("second", () => new Promise<void>(() => {}));
    release();
    await expect(first).rejects.toThrow(/"first" closes while "first\/second" is innermost/);
    expect(second).toBeInstanceOf(Promise);
  });
});

describe("printed forms", () => {
  test("tensors print name, shape and dtype", () => {
    expect(inGraph(() => String(tf.constant(2)))).toBe('Tensor("Const:0", shape=(), dtype=int32)');
    expect(inGraph(() => String(tf.placeholder(tf.float32, [null, 784])))).toBe(
      'Tensor("Placeholder:0", shape=(?, 784), dtype=float32)',
    );
    expect(inGraph(() => String(tf.placeholder(tf.float32)))).toBe('Tensor("Placeholder:0", dtype=float32)');
  });

  test("an operation prints as its NodeDef", () => {
    const text = inGraph(() => String(tf.constant(2, { name: "two" }).op));
    expect(text).toContain('name: "two"\nop: "Const"\nattr {\n  key: "value"');
  });
});

describe("literals", () => {
  test("whole numbers are int32, others float32", () => {
    inGraph(() => {
      expect(tf.constant(2).dtype).toBe(int32);
      expect(tf.constant([1, 2.5]).dtype).toBe(float32);
      expect(tf.constant(3, tf.float32).dtype).toBe(float32);
    });
  });

  test("the other operand decides", () => {
    inGraph(() => {
      const x = tf.placeholder(tf.float32, [2]);
      expect(tf.multiply(x, 2).dtype).toBe(float32);
      expect(tf.multiply(2, x).dtype).toBe(float32);
    });
  });

  test("ragged lists are refused", () => {
    inGraph(() => expect(() => tf.constant([[1, 2], [3]])).toThrow(ValueError));
  });
});

describe("look-up", () => {
  test("a missing operation is a KeyError in Python's words", () => {
    inGraph((graph) => {
      expect(() => graph.getOperationByName("c")).toThrow(KeyError);
      expect(() => graph.getTensorByName("c:0")).toThrow(
        "\"The name 'c:0' refers to a Tensor which does not exist. The operation, 'c', does not exist in the graph.\"",
      );
    });
  });

  test("a finalized graph does not change", () => {
    inGraph((graph) => {
      graph.finalize();
      expect(() => tf.constant(1)).toThrow(RuntimeError);
    });
  });

  test("nodes of two graphs do not mix", () => {
    const stranger = inGraph(() => tf.constant([[1.5]]));
    inGraph(() => expect(() => tf.matmul(stranger, [[1.5]])).toThrow(ValueError));
  });
});

describe("control dependencies", () => {
  test("new nodes wait for the given ones, but not twice", () => {
    inGraph((graph) => {
      const a = tf.constant(1.5, { name: "a" });
      const [b, c] = graph.controlDependencies([a], () => [
        tf.constant(2.5, { name: "b" }),
        tf.multiply(a, a, { name: "c" }),
      ]);
      expect(b.op.controlInputs.map((op) => op.name)).toEqual(["a"]);
      expect(c.op.controlInputs).toEqual([]);
    });
  });
});

describe("devices", () => {
  test("scopes merge and names become canonical", () => {
    inGraph((graph) => {
      const device = graph.device("/job:worker/task:1", () => graph.device("/cpu:0", () => tf.constant(1).op.device));
      expect(device).toBe("/job:worker/task:1/device:CPU:0");
    });
  });
});
