/** `v.at(…).assign(x)`: the numbers are those of numpy's assignments to slices. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";

test.each([false, true])("a part of a variable takes a value, as a resource %s", async (useResource) => {
  await new tf.Graph().asDefault(async () => {
    const start = tf.constant([0, 1, 2, 3, 4, 5], { shape: [2, 3], dtype: tf.float32 });
    const v = new tf.Variable(start, { useResource });
    const row = v.at(1).assign([7, 8, 9]);
    const column = v.at(":", { start: 2 }).assign([[5], [6]]);
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());
    await sess.run(row as tf.Tensor);
    expect((await sess.run(v)).toList()).toEqual([
      [0, 1, 2],
      [7, 8, 9],
    ]);
    await sess.run(column as tf.Tensor);
    expect((await sess.run(v)).toList()).toEqual([
      [0, 1, 5],
      [7, 8, 6],
    ]);
  });
});
