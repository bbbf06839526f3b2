/** The programs of the oracle's make/strings.py whose errors are goldens, under the same names. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { nextAfterOp, uniqueOp } from "../../../src/ops/index.ts";

export type Run = (fetches: unknown, feedDict?: readonly (readonly [unknown, unknown])[]) => Promise<unknown>;

const x = (shape: readonly (number | null)[] | null = null, name?: string, dtype = tf.float32): tf.Tensor =>
  tf.placeholder(dtype, shape, name === undefined ? {} : { name });
const zero = { initializer: tf.zerosInitializer() };
const variable = (name: string, shape: readonly number[], dtype = tf.float32): tf.Variable =>
  tf.getVariable(name, { initializer: tf.zeros([...shape], dtype) });

async function inFolder<T>(fn: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-errors-"));
  try {
    return await fn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Saves one graph, and restores into another. */
const restored = (save: () => unknown, load: () => unknown): Promise<unknown> =>
  inFolder(async (folder) => {
    const prefix = join(folder, "m.ckpt");
    const first = new Graph();
    await first.asDefault(async () => {
      save();
      await using sess = new tf.Session({ graph: first });
      await sess.run(tf.globalVariablesInitializer());
      await new tf.train.Saver().save(sess, prefix);
    });
    load();
    await using sess = new tf.Session();
    return new tf.train.Saver().restore(sess, prefix);
  });

const imported = (text: string): unknown => tf.importGraphDef(tf.GraphDef.fromText(text), { name: "" });

export const errorPrograms: Record<string, (run: Run, sess: tf.Session) => unknown> = {
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
  closed_session: async () => {
    const c = tf.constant(1);
    const sess = new tf.Session();
    sess.close();
    return sess.run(c);
  },
  feed_of_other_graph: (run) => {
    const other = new Graph().asDefault(() => x(null, "x"));
    return run(tf.constant(1), [[other, 1]]);
  },
  inputs_of_two_graphs: () => {
    const a = new Graph().asDefault(() => tf.constant(1.5, { name: "a" }));
    return tf.add(a, tf.constant(2.5, { name: "b" }));
  },
  uninitialized_resource_variable: (run) => {
    const v = tf.getVariable("v", [2], { useResource: true });
    return run(v.add(1));
  },
  feed_list_of_words_to_int: (run) => {
    const input = x(null, "x", tf.int32);
    return run(tf.identity(input), [[input, ["a", "b"]]]);
  },
  feed_ragged: (run) => {
    const input = x(null, "x");
    return run(tf.identity(input), [[input, [[1, 2], [3]]]]);
  },
  feed_a_tensor: (run) => {
    const input = x([], "x");
    return run(input.add(1), [[input, tf.constant(1, { dtype: tf.float32, name: "c" })]]);
  },
  feed_key_not_tensor: (run) => run(tf.constant(1), [["x:0", 1]]),
  get_variable_twice: () => [tf.getVariable("v", [1]), tf.getVariable("v", [1])],
  get_variable_twice_in_scope: () => [1, 2].map(() => tf.variableScope("foo", () => tf.getVariable("v", [1]))),
  reuse_of_missing: () => tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", [1])),
  reuse_shape_mismatch: () => {
    tf.variableScope("foo", () => tf.getVariable("v", [1]));
    return tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", [2]));
  },
  reuse_dtype_mismatch: () => {
    tf.variableScope("foo", () => tf.getVariable("v", [1]));
    return tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", [1], { dtype: tf.int32 }));
  },
  get_variable_unknown_shape: () => tf.getVariable("v", [null, 2] as never),
  get_variable_constant_and_shape: () => tf.getVariable("v", [3], { initializer: tf.constant([1.5, 2]) }),
  variable_as_bool: () => Number(tf.constant(1.5).greater(0)),
  iterate_scalar: () => [...(tf.constant(1.5) as unknown as Iterable<unknown>)],
  stack_shapes: () => tf.stack([x([2]), x([3])]),
  conv_depth: () => tf.nn.conv2d(x([1, 5, 5, 3]), x([3, 3, 2, 4]), { strides: [1, 1, 1, 1], padding: "SAME" }),
  slice_out: () => x([3]).at(5),
  split_uneven: () => tf.split(x([5]), 2),
  xent_shapes: () => tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: x([2, 3]), logits: x([2, 4]) }),
  sparse_xent_rank: () =>
    tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: x([2, 3], undefined, tf.int32), logits: x([2, 3]) }),
  sparse_xent_unnamed: () => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: x([2]) } as never),
  assign_shape: () => tf.getVariable("v", [2]).assign(tf.zeros([3])),
  constant_too_many: () => tf.constant([1, 2, 3], { shape: [2] }),
  constant_dtype: () => tf.constant(1.5, tf.int32),
  constant_ragged: () => tf.constant([[1, 2], [3]] as never),
  constant_none: () => tf.constant(null as never),
  convert_mixed: () => tf.constant([1, "a"] as never),
  minimize_no_path: () => {
    tf.getVariable("v", [2]);
    tf.getVariable("w", [2]);
    return new tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduceSum(x([2])));
  },
  no_gradient_defined: () => {
    const input = x([2]);
    const next = nextAfterOp({ x1: input, x2: input }, "y");
    const { y } = uniqueOp({ x: input }, "y");
    return tf.gradients(tf.reduceSum(tf.cast(next, tf.float32)).add(tf.reduceSum(y)), input);
  },
  minimize_int_loss: () => {
    const v = tf.getVariable("v", [2]);
    return new tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduceSum(tf.cast(v, tf.int32)));
  },
  sgd_lr_none: () => new tf.train.AdagradOptimizer(0.1, { initialAccumulatorValue: 0 }),
  restore_missing_key: () =>
    restored(
      () => variable("v", [2]),
      () => [variable("v", [2]), variable("w", [2])],
    ),
  restore_shape_mismatch: () =>
    restored(
      () => variable("v", [2]),
      () => variable("v", [3]),
    ),
  restore_dtype_mismatch: () =>
    restored(
      () => variable("v", [2]),
      () => variable("v", [2], tf.int32),
    ),
  restore_none: () => {
    variable("v", [2]);
    return new tf.train.Saver().restore(new tf.Session(), null);
  },
  restore_absent: () => {
    variable("v", [2]);
    return new tf.train.Saver().restore(new tf.Session(), "no/such/model.ckpt");
  },
  save_missing_directory: async (run, sess) => {
    variable("v", [2]);
    await run(tf.globalVariablesInitializer());
    return new tf.train.Saver().save(sess, "no/such/dir/model.ckpt");
  },
  save_uninitialized: () => {
    tf.getVariable("v", [2]);
    return inFolder((folder) => new tf.train.Saver().save(new tf.Session(), join(folder, "q.ckpt")));
  },
  assert: (run) => {
    const input = x([], "x");
    return run(tf.Assert(input.greater(0), [input, "is not positive"] as never, { name: "a" }), [[input, -1]]);
  },
  static_assert: () => tf.assertEqual(1, 2),
  cond_branch_types: () =>
    tf.cond(
      x([], undefined, tf.bool),
      () => tf.constant(1),
      () => tf.constant(1.5),
    ),
  cond_not_bool: () => tf.cond(true as never, () => tf.constant(1), null as never),
  cond_python_bool: () =>
    tf.cond(
      1.5 as never,
      () => 1,
      () => 2,
    ),
  while_shape_change: () =>
    tf.whileLoop(
      () => true,
      (v: tf.Tensor) => tf.concat([v, v], 0) as never,
      [tf.zeros([1])],
    ),
  import_unknown_op: () => imported("node { name: 'a' op: 'NoSuchOp' }"),
  import_missing_input: () =>
    imported("node { name: 'a' op: 'Identity' input: 'zz' attr { key: 'T' value { type: DT_FLOAT } } }"),
  import_missing_attr: () => imported("node { name: 'a' op: 'Placeholder' }"),
  import_duplicate: () => imported("node { name: 'a' op: 'NoOp' } node { name: 'a' op: 'NoOp' }"),
  import_cycle: () =>
    imported(
      "node { name: 'a' op: 'Identity' input: 'b' attr { key: 'T' value { type: DT_FLOAT } } } node { name: 'b' op: 'Identity' input: 'a' attr { key: 'T' value { type: DT_FLOAT } } }",
    ),
  import_type_mismatch: () =>
    imported(
      "node { name: 'p' op: 'Placeholder' attr { key: 'dtype' value { type: DT_INT32 } } } node { name: 'b' op: 'Identity' input: 'p' attr { key: 'T' value { type: DT_FLOAT } } }",
    ),
};
