/** One function called with other variables and other sizes: what was compiled for one call does not serve the next. */
import { expect, test } from "vitest";
import { float32, int32, resource } from "../../src/core/dtype.ts";
import { argument } from "../../src/graph/def/function.ts";
import { addFunction } from "../../src/graph/def/to_function.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { partitionedCallOp, readVariableOp } from "../../src/ops/index.ts";
import { Session } from "../../src/session/session.ts";

test("reads the variable that it is given", async () => {
  const graph = new Graph();
  const body = new Graph();
  const f = body.asDefault(() => {
    const handle = argument(body, "handle", resource, []);
    body.shareLibrary(graph);
    return addFunction(graph, "twice", {
      inputs: [handle],
      outputs: [readVariableOp({ resource: handle, dtype: float32 }).mul(2)],
    });
  });
  await graph.asDefault(async () => {
    const [a, b] = [1, 10].map((value, i) =>
      tf.getVariable(`v${i}`, { initializer: tf.constant(value, tf.float32), useResource: true }),
    ) as [tf.Variable, tf.Variable];
    const [x, y] = [a, b].map((v) => partitionedCallOp({ args: [v.handle], Tout: [float32], f })[0]!);
    const sess = new Session({ graph });
    await sess.run(tf.globalVariablesInitializer());
    for (let i = 0; i < 6; i++) {
      const values = (await sess.run([x!, y!])) as tf.NdArray[];
      expect(values.map((value) => value.item())).toEqual([2, 20]);
    }
    sess.close();
  });
});

test("makes the sizes that it is given", async () => {
  const graph = new Graph();
  const body = new Graph();
  const f = body.asDefault(() => {
    const n = argument(body, "n", int32, []);
    body.shareLibrary(graph);
    return addFunction(graph, "ones", { inputs: [n], outputs: [tf.reduceSum(tf.fill([n, 2], tf.constant(1)))] });
  });
  await graph.asDefault(async () => {
    const n = tf.placeholder(tf.int32, []);
    const y = partitionedCallOp({ args: [n], Tout: [int32], f })[0]!;
    const sess = new Session({ graph });
    for (const size of [3, 3, 4, 4, 3, 0, 3]) {
      expect(Number(await sess.run(y, { feedDict: [[n, size]] }))).toBe(2 * size);
    }
    sess.close();
  });
});
