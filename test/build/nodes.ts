/** Compares graphs node for node: name, op, inputs, device, attrs. */
import { readFileSync } from "node:fs";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { attrText } from "../../src/graph/def/node_text.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { decodeGraphDef, type NodeDefinition } from "../../src/proto/graph_def.ts";

/** `name = Op(inputs) {attrs} @device`, the attrs as error messages print them. */
export const nodeText = ({ name, op, inputs, device, attrs }: NodeDefinition): string => {
  const list = [...attrs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${attrText(value)}`);
  return `${name} = ${op}(${inputs.join(", ")}) {${list.join(", ")}}${device ? ` @${device}` : ""}`;
};

export const textsOf = (graph: Graph): string[] => graphDefinition(graph).nodes.map(nodeText);

export const goldenTexts = (bytes: Uint8Array): string[] => decodeGraphDef(bytes).nodes.map(nodeText);

export const base64Texts = (base64: string): string[] => goldenTexts(new Uint8Array(Buffer.from(base64, "base64")));

export const fileTexts = (path: string): string[] => goldenTexts(new Uint8Array(readFileSync(path)));
