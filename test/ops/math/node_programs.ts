/** Compares the nodes that programs make with those of Python TensorFlow: names, inputs, attrs, devices, one by one, in order. */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { gradients } from "../../../src/build/gradients/gradients.ts";
import { bool, float32, int32 } from "../../../src/core/dtype.ts";
import type { Shape } from "../../../src/core/shape.ts";
import { graphDefinition } from "../../../src/graph/def/graph_def.ts";
import { attrText } from "../../../src/graph/def/node_text.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { placeholder } from "../../../src/ops/index.ts";
import { decodeGraphDef, type GraphDefinition } from "../../../src/proto/graph_def.ts";
import { installFolder } from "../../../src/session/fold.ts";

installFolder();

type Dims = readonly (number | null)[];

export const f = (...dims: Dims): Tensor => placeholder(float32, dims);
export const ofShape = (shape: Shape): Tensor => placeholder(float32, shape);
export const ids = (...dims: Dims): Tensor => placeholder(int32, dims);
export const truths = (...dims: Dims): Tensor => placeholder(bool, dims);
export const anyRank = (): Tensor => placeholder(float32, null);
export const grad = (y: Tensor | null, ...xs: Tensor[]) => gradients(y!, xs);

const nodesOf = (graph: GraphDefinition): string[] =>
  graph.nodes.map(
    (node) =>
      `${node.name} = ${node.op}(${node.inputs.join(", ")}) {${[...node.attrs]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, attr]) => `${name}=${attrText(attr)}`)
        .join(", ")}}${node.device ? ` @${node.device}` : ""}`,
  );

/** One test for each program of a family in test/fixtures/math_nodes/nodes.json. */
export function testPrograms(family: string, programs: Readonly<Record<string, () => void>>): void {
  const text = readFileSync(new URL("../../fixtures/math_nodes/nodes.json", import.meta.url), "utf8");
  const expected = (JSON.parse(text) as Record<string, Record<string, string>>)[family]!;
  it("has a program for each", () => {
    expect(Object.keys(programs)).toEqual(Object.keys(expected));
  });
  it.each(Object.entries(expected))("%s", (name, base64) => {
    const graph = new Graph();
    graph.asDefault(programs[name]!);
    const bytes = inflateSync(Buffer.from(base64, "base64"));
    expect(nodesOf(graphDefinition(graph))).toEqual(nodesOf(decodeGraphDef(new Uint8Array(bytes))));
  });
}
