/** Loops of functions that only compute run as one program: they must give what calls give, and let others have their turn. */
import { expect, test } from "vitest";
import { FunctionBody } from "../../src/build/functions/body.ts";
import type { FunctionRef } from "../../src/graph/attr.ts";
import { argument } from "../../src/graph/def/function.ts";
import { addFunction } from "../../src/graph/def/to_function.ts";
import * as tf from "../../src/index.ts";
import { whileOp } from "../../src/ops/function/loop.ts";

type Fn = (...args: tf.Tensor[]) => tf.Tensor[];

/** A function of the default graph's library for arguments of these dtypes, of any shape. */
function define(name: string, dtypes: readonly tf.DType[], fn: Fn): FunctionRef {
  const outer = tf.getDefaultGraph();
  const body = new FunctionBody(outer);
  return body.asDefault(() => {
    const inputs = dtypes.map((dtype, k) => argument(body, `arg_${k}`, dtype, null));
    return addFunction(outer, name, { inputs, outputs: fn(...inputs) });
  });
}

function loop(input: tf.Tensor[], cond: (...args: tf.Tensor[]) => tf.Tensor, body: Fn): tf.Tensor[] {
  const dtypes = input.map(({ dtype }) => dtype);
  return whileOp({
    input,
    cond: define("cond", dtypes, (...args) => [cond(...args)]),
    body: define("body", dtypes, body),
  }) as tf.Tensor[];
}

async function inGraph<R>(fn: (sess: tf.Session) => Promise<R>, engine: "wasm" | "reference" = "wasm"): Promise<R> {
  const graph = new tf.Graph();
  return graph.asDefault(() => tf.withSession({ graph, engine }, fn));
}

for (const engine of ["wasm", "reference"] as const) {
  test(`values change, stay and change places (${engine})`, () =>
    inGraph(async (sess) => {
      const [x, y] = [tf.placeholder(tf.float32, [null]), tf.placeholder(tf.float32, [null])];
      const n = tf.placeholder(tf.int32, []);
      const results = loop(
        [tf.constant(0), n, x, y],
        (i, limit) => tf.less(i!, limit!),
        (i, limit, a, b) => [i!.add(1), limit!, b!, a!.add(1)],
      );
      for (const count of [0, 1, 2, 3, 4, 5, 9, 40]) {
        const feedDict = [
          [x, [1, 2]],
          [y, [10, 20]],
          [n, count],
        ] as const;
        const [i, , a, b] = await sess.run(results, { feedDict });
        let [wantA, wantB] = [
          [1, 2],
          [10, 20],
        ];
        for (let k = 0; k < count; k++) [wantA, wantB] = [wantB, wantA.map((v) => v + 1)];
        expect(+i!).toBe(count);
        expect(a!.toList()).toEqual(wantA);
        expect(b!.toList()).toEqual(wantB);
      }
    }, engine));
}

test("shapes that grow, and a variable that is read", () =>
  inGraph(async (sess) => {
    const w = tf.getVariable("w", [], { initializer: tf.constantInitializer(2), useResource: true });
    const grown = loop(
      [tf.constant(0), tf.constant([1], { dtype: tf.float32 })],
      (i) => tf.less(i!, 6),
      (i, v) => [i!.add(1), tf.concat([v!, v!.mul(2)], 0)],
    );
    const scaled = loop(
      [tf.constant(0), tf.constant(1, { dtype: tf.float32 }), w.handle],
      (i) => tf.less(i!, 10),
      (i, v, handle) => [
        i!.add(1),
        v!.mul(tf.rawOps.ReadVariableOp!({ resource: handle!, dtype: tf.float32 })),
        handle!,
      ],
    );
    await sess.run(tf.globalVariablesInitializer());
    for (const value of [2, 3]) {
      await sess.run(w.assign(value) as tf.Tensor);
      const [list, product] = await sess.run([grown[1]!, scaled[1]!]);
      expect(list.shape).toEqual([64]);
      expect(list.data[63]).toBe(64);
      expect(+product).toBe(value ** 10);
    }
  }));

test("an error in a late iteration names node and loop", () =>
  inGraph(async (sess) => {
    const x = tf.placeholder(tf.float32, [5]);
    const results = loop(
      [tf.constant(0), x],
      (i) => tf.less(i!, 9),
      (i, v) => [i!.add(1), v!.add(tf.gather(v!, i!, { name: "pick" }))],
    );
    for (let k = 0; k < 3; k++) {
      const error = await sess.run(results, { feedDict: [[x, [1, 2, 3, 4, 5]]] }).then(
        () => null,
        (caught: Error) => caught,
      );
      expect(error?.message).toMatch(/indices = 5 is not in \[0, 5\)\n\t \[\[\{\{node pick.*\n\t \[\[While\]\]/);
    }
  }));

test("a long loop lets timers run, and gives the same in little memory", () =>
  inGraph(async (sess) => {
    const n = tf.placeholder(tf.int32, []);
    const results = loop(
      [tf.constant(0), n, tf.constant(0, { dtype: tf.float64 })],
      (i, limit) => tf.less(i!, limit!),
      (i, limit, v) => [i!.add(1), limit!, v!.add(tf.cast(i!, tf.float64))],
    );
    await sess.run(results[2]!, { feedDict: [[n, 100]] });
    const { usage } = sess.state.engine;
    const before = usage.peakBytes;
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    // A loop shorter than two pauses may end before a timer is due: longer ones until one was.
    for (let count = 1_000_000; turns === 0 && count <= 64_000_000; count *= 4) {
      const sum = await sess.run(results[2]!, { feedDict: [[n, count]] });
      expect(+sum).toBe((count * (count - 1)) / 2);
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(usage.peakBytes - before).toBeLessThan(65536);
  }));
