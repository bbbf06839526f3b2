/** Sparse updates that add up rows of equal indices themselves, against the same graph run with the nodes in between. */
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const optimizers: Readonly<Record<string, () => tf.train.Optimizer>> = {
  adagrad: () => new tf.train.AdagradOptimizer(0.1),
  momentum: () => new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }),
  ftrl: () => new tf.train.FtrlOptimizer(0.1, { l1RegularizationStrength: 0.01 }),
  rmsProp: () => new tf.train.RMSPropOptimizer(0.1, { momentum: 0.5 }),
};

const batches = [[3, 3, 0, 7], [9], [1, 2, 1, 2, 1], [], [9, 9, 9, 9, 9, 9, 9]];

/** Values of table and slots after training; `watched` fetches what the update could leave out. */
async function trained(make: () => tf.train.Optimizer, watched: boolean): Promise<string> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const ids = tf.placeholder(tf.int32, [null]);
    const start = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
    const table = tf.getVariable("table", { initializer: tf.constant(start, { shape: [10, 3] }) });
    const rows = tf.nn.embeddingLookup(table, ids);
    const loss = tf.reduceSum(tf.square(rows.sub([1, 0, -1])));
    const train = make().minimize(loss);
    const unique = graph.getOperations().filter((op) => op.type === "Unique");
    expect(unique).toHaveLength(1);
    const sess = new tf.Session({ graph });
    await sess.run(tf.globalVariablesInitializer());
    const seen: number[] = [];
    for (const batch of batches) {
      const feedDict = [[ids, new tf.NdArray(tf.int32, [batch.length], Int32Array.from(batch))]] as const;
      if (watched) seen.push((await sess.run([unique[0]!.outputs[0]!, train], { feedDict }))[0]!.size);
      else await sess.run(train, { feedDict });
    }
    if (watched) expect(seen).toEqual([3, 1, 2, 0, 1]);
    const values = await sess.run(tf.globalVariables());
    await sess.close();
    return values.map((value) => [...value.tobytes()].join()).join("\n");
  });
}

describe("sparse updates", () => {
  test.each(Object.entries(optimizers))("%s: equal bits with and without the nodes in between", async (_, make) => {
    expect(await trained(make, false)).toBe(await trained(make, true));
  });

  test("name the offset among the distinct indices", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const ids = tf.placeholder(tf.int64, [null]);
      const table = tf.getVariable("table", [4, 1], { initializer: tf.zerosInitializer() });
      const slices = new tf.IndexedSlices(tf.onesLike(tf.expandDims(tf.cast(ids, tf.float32), 1)), ids);
      const update = new tf.train.AdagradOptimizer(0.1).applyGradients([[slices, table]]);
      const sess = new tf.Session({ graph });
      await sess.run(tf.globalVariablesInitializer());
      await expect(sess.run(update, { feedDict: [[ids, [2, 2, 1, 9]]] })).rejects.toThrow(
        "Index 9 at offset 2 in indices is out of range",
      );
    });
  });
});
