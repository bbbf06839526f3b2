/** Calls of functions that only compute are lowered in place: they must give, and complain of, what calls do. */
import { expect, test } from "vitest";
import { asFunction } from "../../src/build/functions/function.ts";
import * as tf from "../../src/index.ts";

/** Runs in a fresh graph; gives what the plan runs outside of segments, too. */
async function inGraph<R>(fn: (sess: tf.Session) => Promise<R>): Promise<R> {
  const graph = new tf.Graph();
  return graph.asDefault(() => tf.withSession({ graph }, fn));
}

const hostTypes = (sess: tf.Session, fetches: tf.Tensor[], feeds: tf.Tensor[] = []): string[] =>
  sess.plan(fetches, feeds).hostNodes.map((op) => op.type);

test("a call in a chain of nodes is part of their segment", () =>
  inGraph(async (sess) => {
    const half = asFunction((x: tf.Tensor) => tf.tanh(x).mul(0.5));
    const twice = asFunction((x: tf.Tensor) => half(half(x)));
    const x = tf.placeholder(tf.float32, [null, 3]);
    const y = twice(x.add(1)).sub(1);
    const [dx] = tf.gradients([y], [x]) as [tf.Tensor];
    expect(hostTypes(sess, [y], [x])).toEqual([]);
    for (const rows of [2, 5, 2]) {
      const fed = new tf.NdArray(
        tf.float32,
        [rows, 3],
        Float32Array.from({ length: 3 * rows }, (_, i) => i / 7),
      );
      const [got, slope] = await sess.run([y, dx], { feedDict: [[x, fed]] });
      for (let i = 0; i < 3 * rows; i++) {
        const inner = Math.tanh(i / 7 + 1);
        const outer = Math.tanh(0.5 * inner);
        expect(got.data[i]).toBeCloseTo(0.5 * outer - 1, 5);
        expect(slope.data[i]).toBeCloseTo(0.25 * (1 - outer * outer) * (1 - inner * inner), 5);
      }
    }
  }));

test("reads a variable before the update that nothing orders, and after one that comes first", () =>
  inGraph(async (sess) => {
    const w = tf.getVariable("w", [2], { initializer: tf.onesInitializer(), useResource: true });
    const scaled = asFunction((x: tf.Tensor) => tf.multiply(w, x));
    const x = tf.placeholder(tf.float32, [2]);
    const before = scaled(x);
    const update = w.assignAdd([1, 2]);
    const after = tf.getDefaultGraph().controlDependencies([update as tf.Tensor], () => scaled(tf.identity(x)));
    await sess.run(tf.globalVariablesInitializer());
    for (let i = 0; i < 4; i++) {
      const [a, b] = await sess.run([before, after], { feedDict: [[x, [10, 100]]] });
      expect(a.toList()).toEqual([10 * (1 + i), 100 * (1 + 2 * i)]);
      expect(b.toList()).toEqual([10 * (2 + i), 100 * (3 + 2 * i)]);
    }
  }));

test("functions that change, draw, or look at values stay calls", () =>
  inGraph(async (sess) => {
    const w = tf.getVariable("w", [], { initializer: tf.zerosInitializer(), useResource: true });
    const counts = asFunction((x: tf.Tensor) => tf.add(w.assignAdd(1) as tf.Tensor, x));
    const draws = asFunction((x: tf.Tensor) => tf.add(tf.randomUniform([], { seed: 3 }), x));
    const repeats = asFunction((x: tf.Tensor, n: tf.Tensor) => tf.fill([n as never], x));
    const [x, n] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])];
    const fetches = [counts(x), draws(x), repeats(x, n)];
    expect(hostTypes(sess, fetches, [x, n]).length).toBe(3);
    await sess.run(tf.globalVariablesInitializer());
    const drawn = new Set<number>();
    for (let i = 1; i < 5; i++) {
      const [count, draw, list] = await sess.run(fetches, {
        feedDict: [
          [x, 0],
          [n, i],
        ],
      });
      expect(+count!).toBe(i);
      drawn.add(+draw!);
      expect(list!.shape).toEqual([i]);
    }
    expect(drawn.size).toBe(4);
  }));

test("an error inside names the node of the function and the call", () =>
  inGraph(async (sess) => {
    const picks = asFunction((x: tf.Tensor, i: tf.Tensor) => tf.gather(x, i, { name: "pick" }), { name: "picks" });
    const [x, i] = [tf.placeholder(tf.float32, [3]), tf.placeholder(tf.int32, [])];
    const y = picks(x, i);
    expect(hostTypes(sess, [y], [x, i])).toEqual([]);
    const at = (k: number): Promise<tf.NdArray> =>
      sess.run(y, {
        feedDict: [
          [x, [1, 2, 3]],
          [i, k],
        ],
      });
    expect(+(await at(2))).toBe(3);
    for (let k = 0; k < 4; k++) {
      const error = await at(7).then(
        () => null,
        (caught: Error) => caught,
      );
      expect(error?.message).toContain("indices = 7 is not in [0, 3)\n\t [[{{node pick");
      expect(error?.message).toContain(`\n\t [[${y.op.name}]]`);
    }
  }));

test("a call inside a loop's body is a part of it", () =>
  inGraph(async (sess) => {
    const next = asFunction((x: tf.Tensor) => x.mul(0.5).add(1));
    const x = tf.placeholder(tf.float32, []);
    const loop = tf.whileLoop(
      (i: tf.Tensor) => tf.less(i, 30),
      (i: tf.Tensor, v: tf.Tensor) => [i.add(1), next(v)] as const,
      [tf.constant(0), x] as const,
    ) as readonly tf.Tensor[];
    for (let k = 0; k < 3; k++) expect(+(await sess.run(loop[1]!, { feedDict: [[x, 8 * k]] }))).toBeCloseTo(2, 5);
  }));
