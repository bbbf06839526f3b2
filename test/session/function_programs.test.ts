/** Training programs that Python wrote with functions in their graphs, run here: test/fixtures/op_cases/function/programs.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMetaGraphDef } from "../../src/build/meta_graph/export.ts";
import { importMetaGraphDef } from "../../src/build/meta_graph/import.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";
import { Session } from "../../src/session/session.ts";
import { type GoldenValue, toArray } from "../conformance/values.ts";

interface Program {
  readonly meta_graph: string;
  readonly loss: string;
  readonly train: string;
  readonly init: string;
  readonly losses: readonly number[];
  readonly variables: readonly string[];
  readonly gradients: readonly (readonly number[])[];
  readonly feeds: Readonly<Record<string, GoldenValue>>;
}

const programs: Record<string, Program> = JSON.parse(
  readFileSync(new URL("../fixtures/op_cases/function/programs.json", import.meta.url), "utf8"),
);

const imported = (bytes: Uint8Array): Graph => {
  const graph = new Graph();
  graph.asDefault(() => importMetaGraphDef(decode(pb.MetaGraphDef, bytes)));
  return graph;
};

const feedsOf = (program: Program): [string, NdArray][] =>
  Object.entries(program.feeds).map(([name, value]) => [name, toArray(value)]);

async function lossesOf(graph: Graph, program: Program): Promise<number[]> {
  const sess = new Session({ graph });
  const losses: number[] = [];
  await sess.run(graph.getOperationByName(program.init));
  for (const _ of program.losses) {
    const fetches = [graph.getTensorByName(program.loss), graph.getOperationByName(program.train)] as const;
    const [loss] = await sess.run(fetches, { feedDict: feedsOf(program) });
    losses.push(Number(loss.item()));
  }
  sess.close();
  return losses;
}

const near = (got: readonly number[], wanted: readonly number[], tolerance: number): void => {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of got.entries())
    expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted[i]!)));
};

describe.each(Object.entries(programs))("%s", (_, program) => {
  const bytes = new Uint8Array(Buffer.from(program.meta_graph, "base64"));

  test("trains as in TensorFlow", async () => {
    near(await lossesOf(imported(bytes), program), program.losses, 1e-4);
  });

  test("trains on after export and import", async () => {
    const graph = imported(bytes);
    const again = encode(pb.MetaGraphDef, createMetaGraphDef({ graph }));
    near(await lossesOf(imported(again), program), program.losses, 1e-4);
  });

  test("has TensorFlow's gradients when they are built here", async () => {
    const graph = imported(bytes);
    const sess = new Session({ graph });
    const variables = graph.asDefault(() => tf.trainableVariables());
    const wanted = program.variables.map((name) => variables.find((variable) => variable.name === name)!);
    const found = graph.asDefault(() =>
      tf
        .gradients(graph.getTensorByName(program.loss), wanted)
        .map((gradient) => tf.convertToTensor(gradient as tf.Tensor)),
    );
    await sess.run(graph.getOperationByName(program.init));
    const values = await sess.run(found, { feedDict: feedsOf(program) });
    for (const [i, value] of values.entries()) near([...(value.data as Float32Array)], program.gradients[i]!, 1e-4);
    sess.close();
  });
});
