/** Programs over tf.data: graphs and elements equal Python's (test/fixtures/build/data.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OutOfRangeError } from "../../src/core/error.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Operation } from "../../src/graph/operation.ts";
import { SparseTensor as SparseParts } from "../../src/graph/sparse_tensor.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef, fromNodeProto, type GraphDefinition } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue } from "../conformance/values.ts";
import { nodeText } from "./nodes.ts";
import { programs } from "./programs/data.ts";
import { fileSeeds, files } from "./programs/data_files.ts";
import { kindSeeds, kinds } from "./programs/data_kinds.ts";
import { more } from "./programs/data_more.ts";

interface Case {
  readonly graph: string;
  /** Null where only the nodes are compared. */
  readonly steps: readonly (readonly GoldenValue[])[] | null;
}

const casesOf = (file: string): Record<string, Case> =>
  JSON.parse(readFileSync(new URL(`../fixtures/build/${file}.json`, import.meta.url).pathname, "utf8"));

/** Functions are called by numbers that count what a process has made. */
const plain = (text: string): string =>
  text
    .replace(/(__inference_\w+?)_\d+\b/g, "$1")
    .replace(/_make_dataset_\w+/g, "_make_dataset")
    .replace(/(hash_table)_[-0-9a-f]{36}/g, "$1")
    .replace(/"pyfunc_\d+"/g, '"pyfunc"');

const nodesOf = ({ nodes }: GraphDefinition): string[] => nodes.map((node) => plain(nodeText(node)));

/** Functions by name, each with its arguments and its nodes, in no order. */
const functionsOf = ({ library }: GraphDefinition): string[] =>
  (library?.function ?? [])
    .map((source) => {
      const args = (
        list: typeof source.signature extends infer _ ? readonly { name?: string | null; type?: unknown }[] : never,
      ) => list.map(({ name, type }) => `${name}: ${type}`).join(", ");
      const signature = source.signature!;
      const head = `${plain(signature.name!)}(${args((signature.inputArg ?? []) as never)}) -> ${args((signature.outputArg ?? []) as never)}`;
      const returns = Object.entries(source.ret ?? {}).map(([name, from]) => `${name} <- ${from}`);
      const nodes = (source.nodeDef ?? []).map((proto) => plain(nodeText(withoutNotes(fromNodeProto(proto)))));
      return [head, ...returns.sort(), ...nodes.sort()].join("\n");
    })
    .sort();

const withoutNotes = (node: ReturnType<typeof fromNodeProto>) => ({
  ...node,
  inputs: [...node.inputs].sort((a, b) => Number(a.startsWith("^")) - Number(b.startsWith("^"))),
  attrs: new Map([...node.attrs].filter(([name]) => !name.startsWith("_"))),
});

const flat = (value: unknown): Tensor[] => {
  if (value instanceof SparseParts) return [value.indices, value.values, value.denseShape];
  if (value instanceof tf.RaggedTensor) return [value.flatValues, ...value.nestedRowSplits];
  if (Array.isArray(value)) return value.flatMap(flat);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const record = value as Record<string, unknown>;
    return Object.keys(record)
      .sort()
      .flatMap((key) => flat(record[key]));
  }
  return [value as Tensor];
};

function build(graph: Graph, make: () => unknown): { target: Operation | null; fetches: Tensor[] } {
  return graph.asDefault(() => {
    const made = make();
    if (made instanceof tf.data.Dataset) {
      const iterator = made.makeInitializableIterator();
      return { target: iterator.initializer, fetches: flat(iterator.getNext()) };
    }
    if (Array.isArray(made) && made[0] instanceof Operation) return { target: made[0], fetches: flat(made[1]) };
    return { target: null, fetches: flat(made) };
  });
}

const seeds: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  data_kinds: kindSeeds,
  data_files: fileSeeds,
};
const seedOf = (file: string, name: string): number | null => seeds[file]?.[name] ?? null;

describe.each([
  ["data", programs],
  ["data_more", more],
  ["data_kinds", kinds],
  ["data_files", files],
] as const)("tf.%s", (file, makers) => {
  const cases = casesOf(file);
  for (const [name, make] of Object.entries(makers)) {
    const golden = cases[name]!;
    test.skipIf(golden.graph === "")(`${name}: nodes`, () => {
      const graph = new Graph();
      graph.seed = seedOf(file, name);
      build(graph, make);
      const want = decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64")));
      const got = graphDefinition(graph);
      expect(nodesOf(got)).toEqual(nodesOf(want));
      expect(functionsOf(got)).toEqual(functionsOf(want));
    });

    const { steps } = golden;
    if (steps === null) continue;
    test(`${name}: elements`, async () => {
      const graph = new Graph();
      graph.seed = seedOf(file, name);
      const { target, fetches } = build(graph, make);
      const sess = new Session({ graph });
      if (target) await sess.run(target);
      for (const [i, step] of steps.entries()) {
        const values = (await sess.run(fetches as never)) as unknown as NdArray[];
        for (const [k, want] of step.entries()) {
          const different = difference(values[k]!, want, { rtol: 1e-6, atol: 1e-7 });
          expect(different && `element ${i}, component ${k}: ${different}`).toBeNull();
        }
      }
      if (steps.length < 12) await expect(sess.run(fetches as never)).rejects.toThrow(OutOfRangeError);
      sess.close();
    });
  }
});
