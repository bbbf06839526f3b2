/** Error texts of the oracle: each program here raises what the same program raises in Python, class and words. */
import { describe, expect, test } from "vitest";
import type { OpError } from "../../src/core/error.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { hasGoldens, readGolden } from "../golden.ts";

interface GoldenText {
  readonly name: string;
  readonly exception: string;
  readonly code: string | null;
  readonly message: string;
}

type Run = (fetches: unknown, feedDict?: readonly (readonly [unknown, unknown])[]) => Promise<unknown>;

const x = (shape: readonly (number | null)[] | null = null, name?: string, dtype = tf.float32): tf.Tensor =>
  tf.placeholder(dtype, shape, name === undefined ? {} : { name });
const zero = { initializer: tf.zerosInitializer() };

/** What the oracle's make/strings.py does under each name. */
const programs: Record<string, (run: Run) => unknown> = {
  missing_feed_int32: (run) => run(tf.add(x(null, "x", tf.int32), 1)),
  missing_feed_float_shape: (run) => run(tf.multiply(x([null, 3], "input"), 2)),
  missing_feed_default_name: (run) => run(tf.multiply(x(), 2)),
  fetch_unfed_placeholder: (run) => run(x([2], "p", tf.int64)),
  uninitialized_variable: (run) => run(tf.getVariable("v", [2], zero)),
  uninitialized_in_expression: (run) => run(tf.multiply(tf.getVariable("weights", [2], zero), 2)),
  fetch_of_other_graph: (run) => {
    tf.constant(1);
    return run(new Graph().asDefault(() => tf.constant(1, { name: "c" })));
  },
  fetch_unknown_name: (run) => {
    tf.constant(1);
    return run("nope:0");
  },
  fetch_unknown_operation: (run) => {
    tf.constant(1);
    return run("nope");
  },
  fetch_bad_output_index: (run) => {
    tf.constant(1, { name: "c" });
    return run("c:1");
  },
  fetch_not_a_tensor: (run) => {
    tf.constant(1);
    return run(3.5);
  },
  fetch_none: (run) => {
    tf.constant(1);
    return run(null);
  },
  fetch_list_with_none: (run) => run([tf.constant(1), null]),
  empty_graph: (run) => run("x:0"),
  feed_wrong_shape: (run) => {
    const input = x([2, 3], "x");
    return run(tf.multiply(input, 2), [
      [
        input,
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
    ]);
  },
  feed_wrong_rank: (run) => {
    const input = x([null, 3], "x");
    return run(tf.multiply(input, 2), [[input, [1, 2, 3]]]);
  },
  feed_scalar_for_vector: (run) => {
    const input = x([4], "x");
    return run(tf.multiply(input, 2), [[input, 1]]);
  },
  feed_string_to_float: (run) => {
    const input = x([], "x");
    return run(tf.multiply(input, 2), [[input, "abc"]]);
  },
  feed_key_number: (run) => run(tf.constant(1), [[3, 1]]),
  not_feedable: (run) => {
    const c = tf.constant(1, { name: "Const" });
    tf.getDefaultGraph().preventFeeding(c);
    return run(c, [[c, 2]]);
  },
  get_variable_no_shape: () => tf.getVariable("v"),
  matmul_inner: () => tf.matmul(x([2, 3]), x([2, 3]), { name: "mm" }),
  matmul_rank: () => tf.matmul(x([3]), x([3, 2]), { name: "mm" }),
  add_shapes: () => tf.add(x([2, 3]), x([4]), { name: "sum" }),
  operator_shapes: () => x([2, 3]).mul(x([3, 2])),
  add_dtypes: () => tf.add(x([2]), x([2], undefined, tf.int32)),
  matmul_dtypes: () => tf.matmul(x([2, 2]), x([2, 2], undefined, tf.float64)),
  matmul_unsupported_dtype: () => tf.matmul(x([2, 2], undefined, tf.string), x([2, 2], undefined, tf.string)),
  set_shape: () => x([2, 3]).setShape([3, 2]),
  set_shape_rank: () => x([2, 3]).setShape([6]),
  reshape_count: () => tf.reshape(x([2, 3]), [4, 2]),
  reshape_divide: () => tf.reshape(x([2, 3]), [4, -1]),
  concat_rank: () => tf.concat([x([2, 3]), x([3])], 0),
  concat_dims: () => tf.concat([x([2, 3]), x([2, 4])], 0),
  squeeze_dim: () => tf.squeeze(x([2, 3]), { axis: [0] }),
  transpose_perm: () => tf.transpose(x([2, 3]), [0, 1, 2]),
  expand_dims_axis: () => tf.expandDims(x([2, 3]), 5),
  reduce_axis: () => tf.reduceSum(x([2, 3]), { axis: 2 }),
  conv_rank: () => tf.nn.conv2d(x([5, 5, 3]), x([3, 3, 3, 4]), { strides: [1, 1, 1, 1], padding: "SAME" }),
  conv_valid_negative: () =>
    tf.nn.conv2d(x([1, 2, 2, 1]), x([3, 3, 1, 1]), { strides: [1, 1, 1, 1], padding: "VALID" }),
  bias_add_dim: () => tf.nn.biasAdd(x([2, 3]), x([2])),
  gather_axis: () => tf.gather(x([3]), [0], { axis: 1 }),
  get_tensor_by_op_name: () => {
    tf.constant(1, { name: "c" });
    return tf.getDefaultGraph().getTensorByName("c");
  },
  get_tensor_missing: () => tf.getDefaultGraph().getTensorByName("c:0"),
  get_operation_missing: () => tf.getDefaultGraph().getOperationByName("c"),
  get_operation_of_tensor_name: () => {
    tf.constant(1, { name: "c" });
    return tf.getDefaultGraph().getOperationByName("c:0");
  },
  finalized: () => {
    tf.getDefaultGraph().finalize();
    return tf.constant(1);
  },
  bad_op_name: () => tf.constant(1, { name: "a b" }),
  bad_op_name_start: () => tf.constant(1, { name: "_x" }),
  bad_scope_name: () => tf.nameScope("a b", () => tf.constant(1)),
  bad_scope_name_start: () => tf.nameScope("-a", () => tf.constant(1)),
  minimize_no_variables: () => new tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.5)),
  saver_no_variables: () => new tf.train.Saver(),
  no_default_session: () => tf.constant(1).eval(),
  no_default_session_run: () => tf.constant(1).op.run(),
  device_missing: (run) => run(tf.device("/device:GPU:7", () => tf.constant(1, { name: "c" }))),
  check_numerics: (run) => run(tf.checkNumerics(tf.log(tf.constant([-1.5])), "in layer 1", { name: "chk" })),
  feed_int_too_large: (run) => {
    const input = x([], "x", tf.int32);
    return run(tf.identity(input), [[input, 2 ** 40]]);
  },
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pattern = (message: string): RegExp => new RegExp(`^${escaped(message).replace(/\\\$\\\{\w+\\\}/g, ".*")}`);

describe.skipIf(!hasGoldens)("errors in TensorFlow's words", () => {
  const goldens = hasGoldens ? readGolden<{ cases: GoldenText[] }>("strings", "errors.json").cases : [];
  const mine = goldens.filter((golden) => programs[golden.name]);
  const others = goldens.filter((golden) => !programs[golden.name]).map(({ name }) => name);
  process.stdout.write(
    `error texts: ${mine.length} of ${goldens.length} goldens are programs here; not among them: ${others.join(", ")}\n`,
  );

  test.each(mine.map((golden) => [golden.name, golden] as const))("%s", async (name, golden) => {
    const graph = new Graph();
    const error = await graph.asDefault(async () => {
      const sess = new tf.Session({ graph });
      try {
        return await programs[name]!(
          (fetches, feedDict = []) => sess.run(fetches as never, { feedDict }) as Promise<unknown>,
        );
      } catch (caught) {
        return caught;
      } finally {
        sess.close();
      }
    });
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(pattern(golden.message));
    expect((error as Error).name).toBe(golden.exception);
    if (golden.code) expect((error as OpError).code).toBe(golden.code);
  });
});
