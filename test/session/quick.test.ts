/** The second and later runs of a plan take the short way: they must give what the first one gives, and complain in the same words. */
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

async function inGraph<R>(fn: (sess: tf.Session) => Promise<R>): Promise<R> {
  const graph = new tf.Graph();
  return graph.asDefault(() => tf.withSession({ graph }, fn));
}

describe("a run like the one before", () => {
  test("gives values of its own", () =>
    inGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [null]);
      const [sum, twice] = [tf.reduceSum(x), x.mul(2)];
      const results = [];
      for (const n of [3, 3, 3, 5, 3, 5, 40, 40]) {
        const value = Array.from({ length: n }, (_, i) => i + results.length);
        const fed = new tf.NdArray(tf.float32, [n], Float32Array.from(value));
        results.push({ value, got: await sess.run([sum, twice], { feedDict: [[x, fed]] }) });
      }
      for (const { value, got } of results) {
        expect(+got[0]).toBe(value.reduce((a, b) => a + b, 0));
        expect(got[1].toList()).toEqual(value.map((v) => 2 * v));
        expect(got[1].shape).toEqual([value.length]);
      }
    }));

  test("takes numbers, arrays, lists and maps in turn", () =>
    inGraph(async (sess) => {
      const a = tf.placeholder(tf.float32, []);
      const b = tf.placeholder(tf.int32, []);
      const c = tf.placeholder(tf.float32);
      const y = a.add(tf.cast(b, tf.float32)).mul(c);
      const scalar = (v: number): tf.NdArray => new tf.NdArray(tf.float32, [], Float32Array.of(v));
      for (let i = 0; i < 4; i++) {
        expect(
          +(await sess.run(y, {
            feedDict: [
              [a, 1.5],
              [b, 2],
              [c, 3],
            ],
          })),
        ).toBe(10.5);
        expect(
          +(await sess.run(y, {
            feedDict: [
              [c, scalar(3)],
              [b, 2],
              [a, scalar(1.5)],
            ],
          })),
        ).toBe(10.5);
        expect(
          +(await sess.run(y, {
            feedDict: new Map<tf.Tensor, number>([
              [a, 0.5],
              [b, 2.7],
              [c, 2],
            ]),
          })),
        ).toBe(5);
        expect(
          (
            await sess.run(y, {
              feedDict: [
                [a, 1],
                [b, 1],
                [c, [1, 2]],
              ],
            })
          ).toList(),
        ).toEqual([2, 4]);
        expect(
          (
            await sess.run(y, {
              feedDict: [
                [a, 1],
                [b, 1],
                [c, [[1], [2]]],
              ],
            })
          ).toList(),
        ).toEqual([[2], [4]]);
        expect(
          +(await sess.run(y, {
            feedDict: [
              [a, Number.NaN],
              [b, 1],
              [c, 1],
            ],
          })),
        ).toBeNaN();
      }
    }));

  test("complains of feeds in the words of the first", () =>
    inGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [2], { name: "x" });
      const s = tf.placeholder(tf.float32, [], { name: "s" });
      const y = x.mul(s);
      const good = (): Promise<tf.NdArray> =>
        sess.run(y, {
          feedDict: [
            [x, [1, 2]],
            [s, 2],
          ],
        });
      for (let i = 0; i < 4; i++) {
        expect((await good()).toList()).toEqual([2, 4]);
        await expect(
          sess.run(y, {
            feedDict: [
              [x, [1, 2, 3]],
              [s, 2],
            ],
          }),
        ).rejects.toThrow("Cannot feed value of shape (3,) for Tensor x:0, which has shape (2,)");
        const wrong = new tf.NdArray(tf.float32, [3], new Float32Array(3));
        await expect(
          sess.run(y, {
            feedDict: [
              [x, wrong],
              [s, 2],
            ],
          }),
        ).rejects.toThrow("Cannot feed value of shape (3,)");
        await expect(
          sess.run(y, {
            feedDict: [
              [x, [1, 2]],
              [s, "one" as never],
            ],
          }),
        ).rejects.toThrow("could not convert string to float");
        await expect(
          sess.run(y, {
            feedDict: [
              [x, [1, 2]],
              [s, y as never],
            ],
          }),
        ).rejects.toThrow("The value of a feed cannot be a tf.Tensor object");
        await expect(sess.run(y, { feedDict: [[s, 2]] })).rejects.toThrow(
          "You must feed a value for placeholder tensor",
        );
        expect((await good()).toList()).toEqual([2, 4]);
      }
    }));

  test("sees variables that change, go and come back", () =>
    inGraph(async (sess) => {
      const v = tf.getVariable("v", [], { initializer: tf.constantInitializer(1) });
      const x = tf.placeholder(tf.float32, []);
      const step = tf.assignAdd(v, x);
      const add = sess.makeCallable([step], [x]);
      await expect(sess.run(step, { feedDict: [[x, 1]] })).rejects.toThrow("Attempting to use uninitialized value v");
      for (let round = 0; round < 3; round++) {
        await sess.run(tf.globalVariablesInitializer());
        for (let i = 1; i < 5; i++) {
          expect(+(await sess.run(step, { feedDict: [[x, 1]] }))).toBe(2 * i);
          expect(+((await add(1)) as readonly tf.NdArray[])[0]!).toBe(2 * i + 1);
        }
      }
      sess.close();
      expect(() => add(1)).toThrow("Session has been closed");
      await expect(sess.run(step, { feedDict: [[x, 1]] })).rejects.toThrow("Attempted to use a closed Session.");
    }));

  test("reports what a node finds wrong, and goes on", () =>
    inGraph(async (sess) => {
      const [x, i] = [tf.placeholder(tf.float32, [3]), tf.placeholder(tf.int32, [])];
      const y = tf.gather(x, i);
      const at = (k: number): Promise<tf.NdArray> =>
        sess.run(y, {
          feedDict: [
            [x, [1, 2, 3]],
            [i, k],
          ],
        });
      for (let k = 0; k < 6; k++) {
        expect(+(await at(k % 3))).toBe((k % 3) + 1);
        await expect(at(7)).rejects.toThrow("indices = 7 is not in [0, 3)");
      }
    }));

  test("a tensor whose static shape becomes more specific takes no other values", () =>
    inGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [null], { name: "later" });
      const y = x.add(1);
      const three = new tf.NdArray(tf.float32, [3], new Float32Array(3));
      for (let i = 0; i < 3; i++) await sess.run(y, { feedDict: [[x, three]] });
      x.setShape([2]);
      await expect(sess.run(y, { feedDict: [[x, three]] })).rejects.toThrow("Cannot feed value of shape (3,)");
    }));
});

describe("a list of fetches", () => {
  test("is an array of its own kind that prints as Python's", () =>
    inGraph(async (sess) => {
      const list = await sess.run([tf.constant(2), tf.constant([1, 2]), tf.noOp()]);
      expect(String(list)).toBe("[2, array([1, 2], dtype=int32), None]");
      expect(Array.isArray(list)).toBe(true);
      expect(list.length).toBe(3);
      expect(String(list.map((_, i) => i))).toBe("0,1,2");
      expect(list.slice(1).constructor).toBe(Array);
      expect(Object.keys(list)).toEqual(["0", "1", "2"]);
    }));
});
