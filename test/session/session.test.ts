import { describe, expect, test } from "vitest";
import { InvalidArgumentError, RuntimeError, TypeError, ValueError } from "../../src/core/error.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";

async function withGraph(fn: (sess: Session) => Promise<void>): Promise<void> {
  const graph = new Graph();
  await graph.asDefault(async () => {
    await using sess = new Session({ graph });
    await fn(sess);
  });
}

describe("fetches", () => {
  test("keep their structure", () =>
    withGraph(async (sess) => {
      const a = tf.constant(2);
      const b = tf.constant([1.5, 2.5]);
      const result = await sess.run({ pair: [a, b], op: a.op, deep: { b } });
      expect(+result.pair[0]).toBe(2);
      expect(result.pair[1].toList()).toEqual([1.5, 2.5]);
      expect(result.op).toBeNull();
      expect(result.deep.b.toList()).toEqual([1.5, 2.5]);
    }));

  test("may be names", () =>
    withGraph(async (sess) => {
      tf.constant(7, { name: "seven" });
      expect(String(await sess.run("seven:0"))).toBe("7");
      expect(await sess.run("seven")).toBeNull();
    }));

  test("of another graph are refused in Python's words", () =>
    withGraph(async (sess) => {
      tf.constant(1);
      const stranger = new Graph().asDefault(() => tf.constant(2, { name: "c" }));
      await expect(sess.run(stranger)).rejects.toThrow(
        'Argument `fetch` = Tensor("c:0", shape=(), dtype=int32) cannot be interpreted as a Tensor. (Tensor Tensor("c:0", shape=(), dtype=int32) is not an element of this graph.)',
      );
    }));

  test("nodes made after the first run work", () =>
    withGraph(async (sess) => {
      const a = tf.constant(2);
      await sess.run(a);
      expect(+(await sess.run(tf.multiply(a, 3)))).toBe(6);
    }));
});

describe("feeds", () => {
  test("replace any feedable tensor for one run", () =>
    withGraph(async (sess) => {
      const a = tf.constant(2);
      const b = tf.multiply(a, 10);
      expect(+(await sess.run(b, { feedDict: [[a, 5]] }))).toBe(50);
      expect(+(await sess.run(b))).toBe(20);
      expect(+(await sess.run(tf.add(b, 1), { feedDict: new Map([[b, 1]]) }))).toBe(2);
    }));

  test("a missing one names the placeholder", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [null, 3], { name: "input" });
      const error = await sess.run(tf.square(x)).catch((caught) => caught);
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error.message).toBe(
        "You must feed a value for placeholder tensor 'input' with dtype float and shape [?,3]\n\t [[{{node input}}]]",
      );
      expect(error.op).toEqual({ name: "input", type: "Placeholder" });
      expect(error.madeAt).toMatch(/session\.test\.ts:\d+$/);
    }));

  test("of the wrong shape, of tensors, of words are refused", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [2, 3], { name: "x" });
      const y = tf.square(x);
      const run = (value: unknown) => sess.run(y, { feedDict: [[x, value]] });
      await expect(run([[1, 2]])).rejects.toThrow(
        "Cannot feed value of shape (1, 2) for Tensor x:0, which has shape (2, 3)",
      );
      await expect(run(tf.constant(1))).rejects.toThrow(TypeError);
      await expect(run("abc")).rejects.toThrow("could not convert string to float: np.str_('abc')");
      await expect(run([[1, 2], [3]])).rejects.toThrow(ValueError);
      const n = tf.placeholder(tf.int32, [null]);
      await expect(sess.run(n, { feedDict: [[n, [1, null]]] })).rejects.toThrow("a real number, not 'NoneType'");
      expect(() => tf.nn.softmaxCrossEntropyWithLogits({ labels: y } as never)).toThrow("Received: labels=Tensor(");
    }));

  test("a plan serves several shapes", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [null]);
      const y = tf.reduceSum(tf.square(x));
      for (const n of [1, 3, 1, 5]) {
        expect(+(await sess.run(y, { feedDict: [[x, Array.from({ length: n }, () => 2)]] }))).toBe(4 * n);
      }
    }));

  test("a fed size decides a shape", () =>
    withGraph(async (sess) => {
      const n = tf.placeholder(tf.int32, []);
      const zeros = tf.fill([n, 2], 1.5);
      expect((await sess.run(zeros, { feedDict: [[n, 2]] })).shape).toEqual([2, 2]);
      expect((await sess.run(zeros, { feedDict: [[n, 3]] })).shape).toEqual([3, 2]);
    }));

  test("a computed size decides a shape", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [null]);
      const n = tf.cast(tf.reduceSum(x), tf.int32);
      const filled = tf.fill([n], 2.5);
      const total = tf.reduceSum(filled);
      expect(+(await sess.run(total, { feedDict: [[x, [1, 2]]] }))).toBe(7.5);
      expect(+(await sess.run(total, { feedDict: [[x, [2, 2]]] }))).toBe(10);
    }));
});

describe("lifetime", () => {
  test("a closed session says so", async () => {
    const graph = new Graph();
    const a = graph.asDefault(() => tf.constant(1));
    const sess = new Session({ graph });
    sess.close();
    await expect(sess.run(a)).rejects.toThrow(new RuntimeError("Attempted to use a closed Session."));
  });

  test("an empty graph says so", async () => {
    await using sess = new Session({ graph: new Graph() });
    await expect(sess.run("x:0")).rejects.toThrow("The Session graph is empty.");
  });

  test("withSession makes it the default across awaits", async () => {
    const graph = new Graph();
    const a = graph.asDefault(() => tf.constant(3));
    const value = await tf.withSession({ graph }, async () => {
      await Promise.resolve();
      return a.eval();
    });
    expect(+value).toBe(3);
    expect(() => a.eval()).toThrow("Cannot evaluate tensor using `eval()`: No default session is registered.");
  });

  test("fetched arrays stay valid", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, [2]);
      const y = tf.square(x);
      const first = await sess.run(y, { feedDict: [[x, [1, 2]]] });
      await sess.run(y, { feedDict: [[x, [5, 6]]] });
      expect(first.toList()).toEqual([1, 4]);
    }));
});

describe("makeCallable", () => {
  test("runs the same fetches without feeds by name", () =>
    withGraph(async (sess) => {
      const x = tf.placeholder(tf.float32, []);
      const call = sess.makeCallable(tf.square(x), [x]);
      expect(+(call(3) as tf.NdArray)).toBe(9);
      expect(() => call()).toThrow("Expected 1 feed values");
    }));
});

describe("devices", () => {
  test("a GPU that is not there is refused, unless placement is soft", async () => {
    const graph = new Graph();
    const c = graph.asDefault(() => graph.device("/device:GPU:7", () => tf.constant(1, { name: "c" })));
    await using strict = new Session({ graph });
    await expect(strict.run(c)).rejects.toThrow(
      "Cannot assign a device for operation c: {{node c}} was explicitly assigned to /device:GPU:7",
    );
    await using soft = new Session({ graph, config: { allowSoftPlacement: true } });
    expect(+(await soft.run(c))).toBe(1);
  });
});

describe("traces", () => {
  test("a full trace times every node", () =>
    withGraph(async (sess) => {
      const metadata = new tf.RunMetadata();
      const y = tf.square(tf.constant(3.5, { name: "x" }), { name: "y" });
      await sess.run(y, { options: { traceLevel: "FULL_TRACE" }, runMetadata: metadata });
      const names = metadata.stepStats.devStats[0]!.nodeStats.map((stats) => stats.nodeName);
      expect(names).toEqual(expect.arrayContaining(["x", "y"]));
    }));
});

test("a run that waits longer than its limit ends with DEADLINE_EXCEEDED", async () => {
  const graph = new tf.Graph();
  await graph.asDefault(async () => {
    const queue = new tf.FIFOQueue(1, [tf.float32], { shapes: [[]] });
    const [next, put] = [queue.dequeue(), queue.enqueue([7])];
    const message = "Timed out waiting for notification";
    const sess = new tf.Session({ graph });
    const options = new tf.RunOptions({ timeoutInMs: 20 });
    await expect(sess.run(next as tf.Tensor, { options })).rejects.toThrow(tf.errors.DeadlineExceededError);
    await expect(sess.run(next as tf.Tensor, { options })).rejects.toThrow(message);
    await sess.run(put);
    expect(Number(await sess.run(next as tf.Tensor, { options }))).toBe(7);
    await sess.close();
    const limited = new tf.Session({ graph, config: new tf.ConfigProto({ operationTimeoutInMs: 20 }) });
    await expect(limited.run(next as tf.Tensor)).rejects.toThrow(message);
    await limited.close();
  });
});
