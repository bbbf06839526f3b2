import { describe, expect, test } from "vitest";
import { bool, type DType, float32, int32, int64 } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef, type GraphDefinition } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";
import { type OpCase, readFamily } from "../conformance/ops.ts";
import { difference, toArray } from "../conformance/values.ts";
import { goldenPath, hasGoldens } from "../golden.ts";
import { nodeText, textsOf } from "./nodes.ts";

/** Builds the program of one case of make/ops_flow.py. */
class Program {
  readonly #golden: GraphDefinition;
  #losses = 0;

  constructor(golden: GraphDefinition) {
    this.#golden = golden;
  }

  #attr(name: string, attr: string): unknown {
    return (this.#golden.nodes.find((node) => node.name === name)!.attrs.get(attr) as { value: unknown }).value;
  }

  /** With the shape that the golden has. */
  placeholder(name: string, dtype: DType = float32): Tensor {
    return tf.placeholder(dtype, this.#attr(name, "shape") as number[], { name });
  }

  /** A constant of the golden: which numbers were drawn is no part of the program. */
  constantOf(name: string): NdArray {
    return this.#attr(name, "value") as NdArray;
  }

  gradients(ys: readonly Tensor[], xs: readonly Tensor[]): void {
    const terms = ys.map((y) => {
      const w = tf.constant(this.constantOf(`loss_w${this.#losses ? `_${this.#losses}` : ""}`), { name: "loss_w" });
      this.#losses++;
      return tf.reduceSum(tf.multiply(y, w, { name: "loss_mul" }), { name: "loss_sum" });
    });
    const loss = terms.length > 1 ? tf.addN(terms, { name: "loss" }) : tf.identity(terms[0]!, { name: "loss" });
    this.afterwards = () => tf.gradients([loss], xs);
  }

  afterwards: () => unknown = () => {};
}

const y = (value: unknown): Tensor => tf.identity(value as Tensor, { name: "y" });

const programs: Record<string, (p: Program) => void> = {
  cond(p) {
    const [x, q] = [p.placeholder("x"), p.placeholder("q", bool)];
    const result = y(
      tf.cond(
        q,
        () => x.mul(2).add(1),
        () => tf.square(x),
      ),
    );
    p.gradients([result], [x]);
  },
  cond_nested(p) {
    const [x, q] = [p.placeholder("x"), p.placeholder("q", bool)];
    const inner = () =>
      tf.cond(
        x.at(0).greater(0),
        () => tf.exp(x),
        () => tf.sin(x),
      );
    p.gradients([y(tf.cond(q, inner, () => x.mul(x)))], [x]);
  },
  cond_tuple_and_outer_tensor(p) {
    const [x, w, q] = [p.placeholder("x"), p.placeholder("w"), p.placeholder("q", bool)];
    const [a, b] = tf.cond(
      q,
      () => [tf.matmul(x, w), w.mul(1)],
      () => [tf.matmul(x, w.add(1)), tf.zerosLike(w)],
    ) as unknown as [Tensor, Tensor];
    p.gradients([tf.identity(a, { name: "a" }), tf.identity(b, { name: "b" })], [x, w]);
  },
  case_op(p) {
    const x = p.placeholder("x");
    const pairs: [Tensor, () => Tensor][] = [
      [x.less(0), () => x.mul(10)],
      [x.less(1), () => x.add(100)],
    ];
    p.gradients([y(tf.case(pairs, { default: () => x.neg() }))], [x]);
  },
  while_count(p) {
    const n = p.placeholder("n", int32);
    y(
      tf.whileLoop(
        (i: Tensor) => i.less(n),
        (i: Tensor) => i.add(1),
        [tf.constant(0)],
      ),
    );
  },
  while_zero_iterations(p) {
    const x = p.placeholder("x");
    const [, a] = loop(
      (i) => i.less(0),
      (i, a) => [i.add(1), a!.mul(2)],
      [tf.constant(0), x],
    );
    p.gradients([y(a)], [x]);
  },
  while_power(p) {
    const [x, n] = [p.placeholder("x"), p.placeholder("n", int32)];
    const [, a] = loop(
      (i) => i.less(n),
      (i, a) => [i.add(1), a!.mul(x)],
      [tf.constant(0), tf.onesLike(x)],
    );
    p.gradients([y(a)], [x]);
  },
  while_matmul_state(p) {
    const [x, w] = [p.placeholder("x"), p.placeholder("w")];
    const body = (i: Tensor, h?: Tensor) => [i.add(1), tf.tanh(tf.matmul(h!, w))];
    const [, h] = loop((i) => i.less(3), body, [tf.constant(0), x]);
    p.gradients([y(h)], [x, w]);
  },
  while_data_dependent(p) {
    const x = p.placeholder("x");
    const a = tf.whileLoop(
      (a: Tensor) => a.less(100),
      (a: Tensor) => a.mul(a).add(0.1),
      [x],
    );
    p.gradients([y(a)], [x]);
  },
  while_cond_inside(p) {
    const x = p.placeholder("x");
    const body = (i: Tensor, a?: Tensor) => [
      i.add(1),
      tf.cond(
        tf.equal(i.mod(2), 0),
        () => a!.mul(1.5),
        () => tf.sin(a!).add(x),
      ) as Tensor,
    ];
    const [, a] = loop((i) => i.less(5), body, [tf.constant(0), x]);
    p.gradients([y(a)], [x]);
  },
  while_nested(p) {
    const x = p.placeholder("x");
    const inner = (a: Tensor): Tensor =>
      loop(
        (j) => j.less(2),
        (j, b) => [j.add(1), b!.mul(x)],
        [tf.constant(0), a],
      )[1]!;
    const [, a] = loop(
      (i) => i.less(3),
      (i, a) => [i.add(1), inner(a!).add(0.5)],
      [tf.constant(0), x],
    );
    p.gradients([y(a)], [x]);
  },
  while_shape_invariant(p) {
    const x = p.placeholder("x");
    const longer = (a: Tensor): Tensor => tf.concat([a, a.at(":1").mul(2)], 0);
    const [, a] = tf.whileLoop(
      (i: Tensor) => i.less(3),
      (i: Tensor, a: Tensor) => [i.add(1), longer(a)],
      [tf.constant(0), x],
      { shapeInvariants: [[], [null, 2]] },
    ) as Tensor[];
    p.gradients([y(a)], [x]);
  },
  while_tensor_array(p) {
    const x = p.placeholder("x");
    const input = new tf.TensorArray(float32, 5).unstack(x);
    const output = new tf.TensorArray(float32, 5);
    const [, , written] = tf.whileLoop(
      (i: Tensor) => i.less(5),
      (i: Tensor, s: Tensor, t: tf.TensorArray) => {
        const next = s.mul(0.5).add(tf.square(input.read(i)));
        return [i.add(1), next, t.write(i, next)];
      },
      [tf.constant(0), tf.zeros([2]), output],
    ) as [Tensor, Tensor, tf.TensorArray];
    p.gradients([y(written.stack())], [x]);
  },
  while_collatz_i64(p) {
    const x = p.placeholder("x", int64);
    const [n] = loop(
      (_, a) => a!.greater(1),
      (n, a) => [n.add(1), tf.where(tf.equal(a!.mod(2), 0), a!.floordiv(2), a!.mul(3).add(1)) as Tensor],
      [tf.constant(0), x],
    );
    y(n);
  },
  while_invariant_captured_gradient(p) {
    const [w, x] = [p.placeholder("w"), p.placeholder("x")];
    const body = (i: Tensor, a?: Tensor) => [
      i.add(1),
      a!.add(tf.reduceSum(tf.matmul(x, w)).mul(tf.cast(i.add(1), float32))),
    ];
    const [, a] = loop((i) => i.less(3), body, [tf.constant(0), tf.constant(0, float32)]);
    p.gradients([y(a)], [w, x]);
  },
  while_two_loops_chained(p) {
    const x = p.placeholder("x");
    const [, a] = loop(
      (i) => i.less(2),
      (i, v) => [i.add(1), v!.mul(1.5)],
      [tf.constant(0), x],
    );
    const [, b] = loop(
      (i) => i.less(3),
      (i, v) => [i.add(1), tf.sin(v!)],
      [tf.constant(0), a!],
    );
    p.gradients([y(b)], [x]);
  },
  map_fn(p) {
    const x = p.placeholder("x");
    p.gradients([y(tf.mapFn((e: Tensor) => tf.reduceSum(e.mul(e)).mul(e), x))], [x]);
  },
  scan(p) {
    const x = p.placeholder("x");
    p.gradients([y(tf.scan((a: Tensor, e: Tensor) => a.mul(0.9).add(e), x))], [x]);
  },
  foldl(p) {
    const x = p.placeholder("x");
    p.gradients([y(tf.foldl((a: Tensor, e: Tensor) => a.mul(0.5).add(e.mul(e)), x))], [x]);
  },
  rnn_by_hand(p) {
    const [x, wx, wh, b] = ["x", "wx", "wh", "b"].map((name) => p.placeholder(name)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const steps = x.shape![1]!;
    const input = new tf.TensorArray(float32, steps).unstack(tf.transpose(x, [1, 0, 2]));
    const output = new tf.TensorArray(float32, steps);
    const [, h, o] = tf.whileLoop(
      (t: Tensor) => t.less(steps),
      (t: Tensor, h: Tensor, o: tf.TensorArray) => {
        const next = tf.tanh(tf.matmul(input.read(t), wx).add(tf.matmul(h, wh)).add(b));
        return [t.add(1), next, o.write(t, next)];
      },
      [tf.constant(0), tf.zeros([2, 4]), output],
    ) as [Tensor, Tensor, tf.TensorArray];
    const sequence = tf.transpose(o.stack(), { perm: [1, 0, 2], name: "y" });
    p.gradients([sequence, tf.identity(h, { name: "h" })], [x, wx, wh, b]);
  },
};

function loop(
  cond: (i: Tensor, a?: Tensor) => Tensor,
  body: (i: Tensor, a?: Tensor) => readonly Tensor[],
  start: readonly Tensor[],
): readonly Tensor[] {
  return tf.whileLoop(cond, body, start) as readonly Tensor[];
}

const cases = hasGoldens
  ? readFamily(goldenPath("ops", "flow.json")).cases.filter(
      ({ name }) => programs[name.replace(/_(True|False)$/, "")] !== undefined,
    )
  : [];
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const texts = (graph: GraphDefinition): string[] => graph.nodes.map(nodeText);

describe.skipIf(!hasGoldens).each(cases.map((golden): [string, OpCase] => [golden.name, golden]))(
  "%s",
  (name, golden) => {
    test("has TensorFlow's nodes, forward and backward, and its gradients", async () => {
      const graph = new Graph();
      const forward = decodeGraphDef(bytesOf(golden.graph));
      const program = new Program(forward);
      graph.asDefault(() => programs[name.replace(/_(True|False)$/, "")]!(program));
      expect(textsOf(graph)).toEqual(texts(forward));
      if (!golden.grad_graph) return;
      const gradients = graph.asDefault(program.afterwards) as Tensor[];
      expect(textsOf(graph)).toEqual(texts(decodeGraphDef(bytesOf(golden.grad_graph.graph))));
      await using sess = new Session({ graph });
      const feedDict = Object.entries(golden.feeds!).map(([key, value]) => [key, toArray(value)] as const);
      const values = await sess.run(gradients, { feedDict });
      for (const [i, want] of golden.gradients![0]!.expected.entries()) {
        expect(difference(values[i] as NdArray, want!, golden.tol ?? { rtol: 1e-4, atol: 1e-5 })).toBeNull();
      }
    });
  },
);
