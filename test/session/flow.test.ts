/** Loops and branches: compiled as regions, and node by node where they are not regular. Both give the same. */
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import type { Operation } from "../../src/graph/operation.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { enterOp, exitOp } from "../../src/ops/flow.ts";
import { runFlow } from "../../src/session/plan/flow/executor.ts";
import { planFlow } from "../../src/session/plan/flow/program.ts";
import { prune } from "../../src/session/plan/order.ts";
import type { Plan } from "../../src/session/plan/plan.ts";
import { Session } from "../../src/session/session.ts";

type Fetch = Tensor | readonly Tensor[];

const nodesOf = (fetches: readonly Tensor[]): Operation[] =>
  [
    ...prune(
      fetches.map(({ op }) => op),
      new Set(),
    ).nodes,
  ].sort((a, b) => a.id - b.id);

const isRegular = (sess: Session, ...fetches: Tensor[]): boolean =>
  planFlow({ nodes: nodesOf(fetches), feeds: [], fetches, state: sess.state }) !== null;

/** The values as the executor of nodes gives them. */
async function nodeByNode(sess: Session, fetches: readonly Tensor[]): Promise<number[][]> {
  const environment = {
    state: sess.state,
    signal: new AbortController().signal,
    call: () => {
      throw new Error("bug: no function here");
    },
    releases: [],
    owner: undefined as unknown as Plan,
    holder: null,
  };
  const values = await runFlow({ nodes: nodesOf(fetches), fed: new Set() }, new Map(), fetches, environment);
  return values.map((value) => Array.from((value as tf.NdArray).data as Float32Array));
}

async function inSession<R>(body: (sess: Session) => Promise<R>): Promise<R> {
  const graph = new Graph();
  return graph.asDefault(async () => {
    const sess = new Session({ graph });
    try {
      return await body(sess);
    } finally {
      sess.close();
    }
  });
}

const data = (values: readonly tf.NdArray[]): number[][] => values.map(({ data }) => Array.from(data as Float32Array));
const loop: (...args: Parameters<typeof tf.whileLoop>) => Tensor[] = tf.whileLoop as never;

const programs: Record<string, () => Fetch> = {
  "a counter": () =>
    loop(
      (i: Tensor) => i.less(7),
      (i: Tensor) => [i.add(1)],
      [tf.constant(0)],
      { returnSameStructure: true },
    ),
  "variables that change places": () =>
    loop(
      (i: Tensor) => i.less(9),
      (i: Tensor, a: Tensor, b: Tensor) => [i.add(1), b, a.add(b)],
      [tf.constant(0), tf.constant(1), tf.constant(1)],
    ),
  "a variable that stays": () =>
    loop(
      (i: Tensor) => i.less(5),
      (i: Tensor, a: Tensor, b: Tensor) => [i.add(1), a, b.mul(a)],
      [tf.constant(0), tf.constant(1.5), tf.constant([1, 2], tf.float32)],
    ),
  "no iteration": () =>
    loop(
      (i: Tensor) => i.less(0),
      (i: Tensor) => [i.add(1)],
      [tf.constant(3)],
      { returnSameStructure: true },
    ),
  "a shape that grows": () => {
    const [, x] = loop(
      (i: Tensor) => i.less(12),
      (i: Tensor, x: Tensor) => [i.add(1), tf.concat([x, tf.fill([1], i)], 0)],
      [tf.constant(0), tf.constant([7])],
      { shapeInvariants: [[], [null]] },
    );
    return x!;
  },
  "a slice at the counter": () => {
    const x = tf.constant([3, 1, 4, 1, 5, 9, 2, 6], tf.float32);
    return loop(
      (i: Tensor) => i.less(8),
      (i: Tensor, sum: Tensor) => [i.add(1), sum.add(x.at(i)).add(tf.reduceSum(tf.slice(x, [0], tf.stack([i]))))],
      [tf.constant(0), tf.constant(0, tf.float32)],
    );
  },
  "a part of a product, at a constant from outside": () => {
    const [x, begin] = [tf.fill([4, 4], tf.constant(0.5)), tf.constant([1, 2])];
    return loop(
      (i: Tensor) => i.less(6),
      (i: Tensor, y: Tensor) => [i.add(1), tf.tile(tf.slice(tf.matmul(x, y), begin, [2, 2]), [2, 2])],
      [tf.constant(0), tf.reshape(tf.cast(tf.range(16), tf.float32), [4, 4])],
    );
  },
  "a branch in a loop": () =>
    loop(
      (i: Tensor) => i.less(10),
      (i: Tensor, x: Tensor) => [
        i.add(1),
        tf.cond(
          tf.equal(tf.floormod(i, 3), 0),
          () => x.mul(2),
          () =>
            tf.cond(
              x.greater(40),
              () => x.sub(7),
              () => x.add(tf.cast(i, tf.float32)),
            ),
        ) as Tensor,
      ],
      [tf.constant(0), tf.constant(1, tf.float32)],
    ),
  "a loop in a branch": () => {
    const picked = (n: number): Tensor =>
      tf.cond(
        tf.constant(n).greater(5),
        () =>
          loop(
            (i: Tensor) => i.less(n),
            (i: Tensor) => [i.add(2)],
            [tf.constant(0)],
            { returnSameStructure: true },
          )[0]!,
        () => tf.constant(-1),
      ) as Tensor;
    return [picked(3), picked(8)];
  },
  "a loop in a loop, with its gradient": () => {
    const x = tf.constant([0.5, 1.5], tf.float32);
    const [, y] = loop(
      (i: Tensor) => i.less(3),
      (i: Tensor, y: Tensor) => {
        const [, z] = loop(
          (j: Tensor) => j.less(i),
          (j: Tensor, z: Tensor) => [j.add(1), z.mul(x).add(1)],
          [tf.constant(0), y],
        );
        return [i.add(1), tf.sin(z!)];
      },
      [tf.constant(0), x],
    );
    return [y!, tf.gradients([y!], [x])[0] as Tensor];
  },
  "an array in a loop": () => {
    const [, array] = tf.whileLoop(
      (i: Tensor) => i.less(6),
      (i: Tensor, array: tf.TensorArray) => [i.add(1), array.write(i, tf.fill([2], tf.cast(i, tf.float32)))],
      [tf.constant(0), new tf.TensorArray(tf.float32, { size: 6 })],
    ) as unknown as [Tensor, tf.TensorArray];
    return array.stack();
  },
};

describe("a graph with control flow", () => {
  test.each(Object.entries(programs))("gives the same compiled and node by node: %s", (_, build) =>
    inSession(async (sess) => {
      const built = build();
      const fetches = (Array.isArray(built) ? built : [built]) as Tensor[];
      expect(isRegular(sess, ...fetches)).toBe(true);
      const first = data((await sess.run(fetches)) as never);
      expect(data((await sess.run(fetches)) as never)).toEqual(first);
      expect(await nodeByNode(sess, fetches)).toEqual(first);
    }),
  );

  test("runs node by node where a loop is not as while_loop writes it", () =>
    inSession(async (sess) => {
      const enter = enterOp({ data: tf.constant(5), frame_name: "f" });
      const left = exitOp({ data: enter });
      expect(isRegular(sess, left)).toBe(false);
      expect(((await sess.run(left)) as tf.NdArray).item()).toBe(5);
    }));

  test("runs a million iterations in the memory of a few, and lets timers run", () =>
    inSession(async (sess) => {
      const [i, sum] = loop(
        (i: Tensor) => i.less(1_000_000),
        (i: Tensor, sum: Tensor) => [i.add(1), sum.add(0.5)],
        [tf.constant(0), tf.constant(0, tf.float32)],
      ) as [Tensor, Tensor];
      await sess.run([i, sum]);
      const { bytes } = sess.state.engine.usage;
      expect(data((await sess.run([i, sum])) as never)).toEqual([[1_000_000], [500_000]]);
      expect(sess.state.engine.usage.bytes).toBe(bytes);
      expect(data(sess.runSync([i, sum]) as never)).toEqual([[1_000_000], [500_000]]);
    }));

  test("stops a loop without end when the run is cancelled", () =>
    inSession(async (sess) => {
      const [i] = loop(
        (i: Tensor) => i.greaterEqual(0),
        (i: Tensor) => [i.mul(1)],
        [tf.constant(0)],
        { returnSameStructure: true },
      );
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), 20);
      await expect(sess.run(i!, { signal: controller.signal })).rejects.toThrow("enough");
    }));

  test("names the node of an error inside a loop", () =>
    inSession(async (sess) => {
      const x = tf.constant([1, 2, 3]);
      const [, y] = loop(
        (i: Tensor) => i.less(5),
        (i: Tensor, y: Tensor) => [i.add(1), y.add(tf.gather(x, i, { name: "row" }))],
        [tf.constant(0), tf.constant(0)],
      );
      await expect(sess.run(y!)).rejects.toThrow("indices = 3 is not in [0, 3)");
      await expect(sess.run(y!)).rejects.toThrow("{{node while/row}}");
    }));

  test("takes what is fed for a constant outside of the loop", () =>
    inSession(async (sess) => {
      const step = tf.constant(2);
      const [, y] = loop(
        (i: Tensor) => i.less(5),
        (i: Tensor, y: Tensor) => [i.add(1), y.add(tf.negative(step))],
        [tf.constant(0), tf.constant(0)],
      );
      const fed = (value: number) => sess.run(y!, { feedDict: [[step, value]] });
      expect(Number(await sess.run(y!))).toBe(-10);
      expect(Number(await fed(3))).toBe(-15);
      expect(Number(await fed(4))).toBe(-20);
    }));

  test("changes variables in the order of the iterations", () =>
    inSession(async (sess) => {
      const v = new tf.Variable(1, { dtype: tf.float32 });
      const [i] = loop(
        (i: Tensor) => i.less(6),
        (i: Tensor) => [tf.controlDependencies([tf.assignAdd(v, tf.cast(i, tf.float32))], () => i.add(1))],
        [tf.constant(0)],
        { returnSameStructure: true },
      );
      await sess.run(tf.globalVariablesInitializer());
      await sess.run(i!);
      expect(((await sess.run(v)) as tf.NdArray).item()).toBe(16);
    }));
});
