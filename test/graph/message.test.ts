import { describe, expect, test } from "vitest";
import { ValueError } from "../../src/core/error.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import type { ImportGraphDefOptions } from "../../src/graph/def/message.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { encodeGraphDef } from "../../src/proto/graph_def.ts";

const inGraph = <R>(fn: (graph: Graph) => R): R => {
  const graph = new Graph();
  return graph.asDefault(() => fn(graph));
};

/** c = a + b with a = 1 and b a placeholder. */
const sum = (): tf.GraphDef =>
  inGraph((graph) => {
    tf.add(tf.constant(1, { name: "a" }), tf.placeholder(tf.int32, [], { name: "b" }), { name: "c" });
    return graph.asGraphDef();
  });

const importedNames = (options?: ImportGraphDefOptions, times = 1): string[] =>
  inGraph((graph) => {
    for (let i = 0; i < times; i++) tf.importGraphDef(sum(), options);
    return graph.operations.map((op) => op.name);
  });

describe("GraphDef", () => {
  test("lists nodes, and prints them as protobuf's text", () => {
    const graphDef = sum();
    expect(graphDef.node.map(({ name, op, input }) => [name, op, input])).toEqual([
      ["a", "Const", []],
      ["b", "Placeholder", []],
      ["c", "AddV2", ["a", "b"]],
    ]);
    expect(String(graphDef)).toContain('node {\n  name: "c"\n  op: "AddV2"\n  input: "a"\n  input: "b"\n');
  });

  test("is the same bytes as the graph's own, constants of 64 bits included", () => {
    inGraph((graph) => {
      tf.constant([2n ** 40n, -1n], { dtype: tf.int64, name: "wide" });
      tf.train.getOrCreateGlobalStep();
      expect(graph.asGraphDef().serializeToString()).toEqual(encodeGraphDef(graphDefinition(graph)));
    });
  });

  test("comes back from its bytes and from its text", () => {
    const graphDef = sum();
    expect(String(tf.GraphDef.fromString(graphDef.serializeToString()))).toBe(String(graphDef));
    expect(tf.GraphDef.fromText(String(graphDef)).serializeToString()).toEqual(graphDef.serializeToString());
  });
});

describe("importGraphDef", () => {
  test("puts nodes under import by default, under no scope for an empty name", () => {
    expect(importedNames()).toEqual(["import/a", "import/b", "import/c"]);
    expect(importedNames({ name: "" })).toEqual(["a", "b", "c"]);
  });

  test("gives names in use a suffix", () => {
    expect(importedNames({ name: "" }, 2)).toEqual(["a", "b", "c", "a_1", "b_1", "c_1"]);
    expect(importedNames({ name: "x" }, 2)).toEqual(["x/a", "x/b", "x/c", "x_1/a", "x_1/b", "x_1/c"]);
  });

  test("joins the graph through its input map, and gives back elements", async () => {
    const value = await inGraph(async () => {
      const [c] = tf.importGraphDef(sum(), { inputMap: { b: tf.constant(5) }, returnElements: ["c:0"] })!;
      return tf.withSession(async (sess) => sess.run(c as tf.Tensor));
    });
    expect(value.item()).toBe(6);
  });

  test.each([
    [{ returnElements: ["z:0"] }, "Requested return tensor 'z:0' not found in graph def"],
    [{ returnElements: ["z"] }, "Requested return node 'z' not found in graph def"],
    [{ returnElements: ["c:4"] }, "Invalid return output 4 of node 'c', which has 1 output(s)"],
  ])("refuses %j in Python's words", (options, message) => {
    expect(() => importedNames(options)).toThrow(new ValueError(message));
  });

  test("refuses to map what the graph does not take", () => {
    const map = () => inGraph(() => tf.importGraphDef(sum(), { inputMap: { z: tf.constant(1) } }));
    expect(map).toThrow(new ValueError("Attempted to map inputs that were not found in graph_def: [z:0]"));
  });
});
