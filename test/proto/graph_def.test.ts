import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  checkGraph,
  currentVersions,
  decodeGraphDef,
  encodeGraphDef,
  type GraphDefinition,
  parseInput,
} from "../../src/proto/graph_def.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";
import { parseText, printText } from "../../src/proto/text_format.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";

const graphOf = (...nodes: [name: string, ...inputs: string[]][]): GraphDefinition => ({
  nodes: nodes.map(([name, ...inputs]) => ({ name, op: "NoOp", inputs, device: "", attrs: new Map() })),
  versions: currentVersions,
  library: null,
});

describe("GraphDef", () => {
  test("is written as formats.md shows an Add node", () => {
    const add: GraphDefinition = {
      ...graphOf(),
      nodes: [
        {
          name: "add",
          op: "AddV2",
          inputs: ["a", "b:1", "^c"],
          device: "",
          attrs: new Map([["T", { kind: "int", value: 2 }]]),
        },
      ],
    };

    const hex = Buffer.from(encodeGraphDef(add)).toString("hex");

    expect(hex).toContain("0a0361646412054164645632" + "1a0161" + "1a03623a31" + "1a025e63" + "2a070a0154");
  });

  test("accepts names and inputs of TensorFlow", () => {
    checkGraph(graphOf(["a/b-c.d\\e>f_1"], ["x", "a/b-c.d\\e>f_1:3", "^a/b-c.d\\e>f_1"]));
    checkGraph(graphOf(["y", "known:1"]), new Set(["known"]));
    expect(parseInput("a:12")).toEqual({ node: "a", output: 12 });
    expect(parseInput("^a")).toEqual({ node: "a", output: -1 });
  });

  test.each([
    ["a name with a blank", graphOf(["a b"]), "Node 'a b': Node name contains invalid characters"],
    ["an empty name", graphOf([""]), "Node '': Node name contains invalid characters"],
    ["a name twice", graphOf(["a"], ["a"]), "Node 'a' is not unique"],
    ["an input that is not there", graphOf(["a", "b:1"]), "Node 'a': Unknown input node 'b:1'"],
    [
      "data after control",
      graphOf(["b"], ["a", "^b", "b"]),
      "Node 'a': Control dependencies must come after regular dependencies",
    ],
  ])("refuses %s", (_, graph, message) => {
    expect(() => checkGraph(graph)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });

  test("refuses a graph for newer readers", () => {
    const bytes = encode(pb.GraphDef, { versions: { producer: 99999, minConsumer: 99999 } });

    expect(() => decodeGraphDef(bytes)).toThrow(
      "GraphDef min consumer version 99999 above current version 2474 for TensorFlow 2.21.0.",
    );
  });

  test("names the node whose attribute is broken", () => {
    const bytes = encode(pb.GraphDef, {
      node: [{ name: "c", attr: { value: { tensor: { dtype: 9999 as pb.DataType } } } }],
    });

    expect(() => decodeGraphDef(bytes)).toThrow("Node 'c': Cannot parse tensor from proto: dtype 9999 is unknown");
  });
});

describe.skipIf(!hasGoldens)("TensorFlow's graphs", () => {
  const programs = ["linear_scalar", "linear_scopes", "softmax_classifier", "shared_filters", "flow_and_queue"];
  const file = (name: string, part: string) => new Uint8Array(readFileSync(goldenPath("seeds", name, part)));
  /** Python writes map entries in any order; the text has one order. */
  const sameMessage = (type: string, a: Uint8Array, b: Uint8Array) =>
    expect(printText(type, a)).toBe(printText(type, b));

  test.each(programs)("%s keeps every node, attribute and version", (name) => {
    const bytes = file(name, "graph.pb");

    const graph = decodeGraphDef(bytes);

    checkGraph(graph);
    expect(graph.nodes.map((n) => n.name)).toEqual(
      readGolden<{ nodes: { name: string }[] }>("seeds", name, "expected.json").nodes.map((n) => n.name),
    );
    expect(encodeGraphDef(graph).length).toBe(bytes.length);
    sameMessage("GraphDef", encodeGraphDef(graph), bytes);
  });

  test.each(programs)("%s prints as Python's text_format", (name) => {
    expect(printText("GraphDef", file(name, "graph.pb"))).toBe(
      readFileSync(goldenPath("seeds", name, "graph.pbtxt"), "utf8"),
    );
  });

  test.each(programs)("%s is read from text", (name) => {
    const parsed = parseText("GraphDef", readFileSync(goldenPath("seeds", name, "graph.pbtxt"), "utf8"));

    sameMessage("GraphDef", parsed, file(name, "graph.pb"));
    expect(parsed.length).toBe(file(name, "graph.pb").length);
  });

  test.each(programs)("the MetaGraphDef of %s comes back from message and text", (name) => {
    const bytes = file(name, "graph.meta");

    sameMessage("MetaGraphDef", encode(pb.MetaGraphDef, decode(pb.MetaGraphDef, bytes)), bytes);
    sameMessage("MetaGraphDef", parseText("MetaGraphDef", printText("MetaGraphDef", bytes)), bytes);
  });

  test("every graph of the op cases comes back the same", () => {
    const { families } = { families: ["array", "nn", "flow", "state", "queue", "string", "files"] };
    let graphs = 0;
    for (const family of families) {
      for (const { graph, error } of readGolden<{ cases: { graph: string; error?: unknown }[] }>(
        "ops",
        `${family}.json`,
      ).cases) {
        if (error) continue;
        const bytes = new Uint8Array(Buffer.from(graph, "base64"));
        sameMessage("GraphDef", encodeGraphDef(decodeGraphDef(bytes)), bytes);
        graphs++;
      }
    }
    expect(graphs).toBeGreaterThan(200);
  });
});
