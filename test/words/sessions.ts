/** Fetches and feeds of wrong kinds; variables, scopes and graphs used wrongly. */
import * as tf from "../../src/index.ts";
import { otherGraph, P, run, run2, type Statements, Z } from "./statement.ts";

const { float32: f32, int32: i32, string: st, bool: bo } = tf;
const one = (): tf.Tensor => tf.constant(1);
const withNamed = <T>(fn: () => T): T => {
  tf.constant(1, { name: "c" });
  return fn();
};

/** Runs the fetch in a graph that is not empty. */
function fetched(fetch: unknown): Promise<unknown> {
  one();
  return run(fetch);
}

/** p itself, or times one, with this value for it. */
const given = (p: tf.Tensor, value: unknown): Promise<unknown> => run(p.mul(1), [[p, value]]);
const passed = async (p: tf.Tensor, value: unknown): Promise<string> => String(await run(tf.identity(p), [[p, value]]));

export const sessions: Statements = {
  s_fetch_none_in_dict: () => fetched({ a: null }),
  s_fetch_number: () => fetched(3),
  s_fetch_bool: () => fetched(true),
  s_fetch_shape: () => fetched(new tf.TensorShape([2])),
  s_fetch_dtype: () => fetched(f32),
  s_fetch_empty_list: async () => ((await fetched([])) as unknown[]).length === 0,
  s_fetch_empty_name: () => fetched(""),
  s_fetch_name_index: () => withNamed(() => run("c:x")),
  s_fetch_name_colons: () => withNamed(() => run("c:0:0")),
  s_fetch_other_operation: () => fetched(otherGraph(() => tf.noOp({ name: "n" }))),
  s_fetch_other_variable: () => fetched(otherGraph(() => tf.getVariable("v", [1]))),
  s_feed_none: () => given(P([]), null),
  s_feed_none_vector: () => given(P([2]), [null, 1]),
  s_feed_key_none: () => run(one(), [[null, 1]]),
  s_feed_key_name: () => run(one(), [["nope:0", 1]]),
  s_feed_key_operation: () => run(one(), [[tf.noOp({ name: "n" }), 1]]),
  s_feed_key_operation_name: () => run(P([], f32, "x"), [["x", 1]]),
  s_feed_key_index: () => run(P([], f32, "x"), [["x:1", 1]]),
  s_feed_text_to_int: () => given(P([], i32), "a"),
  s_feed_number_to_text: () => passed(P([], st), 1),
  s_feed_float_to_int: () => given(P([], i32), 1.7),
  s_feed_float_to_bool: () => passed(P([], bo), 0.5),
  s_feed_big_to_uint8: () => passed(P([], tf.uint8), 300),
  s_feed_negative_to_uint8: () => passed(P([], tf.uint8), -1),
  s_feed_ragged: () => given(P(), [[1], [1, 2]]),
  s_feed_constant: () => {
    const c = one();
    return run(c.add(1), [[c, 5]]);
  },
  s_feed_shape_unknown_rank: () => given(P(), [[1]]),
  s_missing_string: () => run(tf.identity(P([], st, "words"))),
  s_missing_bool_shape: () => run(tf.identity(P([null, 2], bo, "flags"))),
  s_placeholder_default: () => given(tf.placeholderWithDefault(tf.zeros([2]), [2], { name: "d" }), Z(3)),
  s_eval_other_session: () => one().eval(undefined, new tf.Session({ graph: new tf.Graph() })),
  s_run_closed_twice: async () => {
    const sess = new tf.Session();
    await sess.close();
    await sess.close();
    return sess.run(one());
  },
  s_graph_type: () => new tf.Session({ graph: 3 as never }),
  s_config_type: () => new tf.Session({ config: 3 as never }),
  s_empty_graph_op: () => run([]),

  v_uninitialized_add: () => run(tf.getVariable("w", [2]).add(1)),
  v_uninitialized_resource: () => run(tf.getVariable("w", [2], { useResource: true })),
  v_uninitialized_assign_add: () => run(tf.assignAdd(tf.getVariable("w", [2]), [1, 2])),
  v_shape_list: () => String(tf.getVariable("w", 3 as never).shape),
  v_bad_initializer_shape: () => tf.getVariable("w", [2], { initializer: tf.constantInitializer([1, 2, 3]) }),
  v_initializer_tensor_shape: () => tf.getVariable("w", [2], { initializer: tf.zeros([3]) }),
  v_name_slash: () => tf.getVariable("a/b", [1]).name,
  v_name_empty: () => tf.getVariable("", [1]),
  v_scope_none: () => tf.variableScope(null as never, () => null),
  v_reuse_partial: () => {
    tf.getVariable("w", [2]);
    tf.getVariableScope().reuseVariables();
    return tf.getVariable("u", [2]);
  },
  v_assign_rank: () => tf.getVariable("w", [2, 2]).assign(P([4])),
  v_assign_sub_shape: () => tf.getVariable("w", [2, 2]).assignSub(P([3, 3])),
  v_scatter_update: () => tf.scatterUpdate(tf.getVariable("w", [3, 2]), [0, 1], P([3, 2])),
  v_scatter_range: () => {
    const w = tf.getVariable("w", [3]);
    return run2([w.initializer], tf.scatterUpdate(w, [5], [1]));
  },
  v_count_up_to: () => {
    const w = tf.getVariable("w", { shape: [], dtype: i32, initializer: tf.zerosInitializer() });
    return run2([w.initializer], w.countUpTo(0));
  },
  v_trainable_gradient: () => tf.gradients(tf.constant(1, f32), [tf.getVariable("w", [2])])[0] === null,
  v_gradients_stop: () => new tf.train.GradientDescentOptimizer(0.1).applyGradients([]),
  v_gradients_none: () => new tf.train.GradientDescentOptimizer(0.1).applyGradients([[null, tf.getVariable("w", [2])]]),
  v_minimize_vars: () => new tf.train.GradientDescentOptimizer(0.1).minimize(P([]), { varList: [] }),
  v_optimizer_name: () => new tf.train.AdamOptimizer(0.1).getSlotNames(),
  v_ema_twice: () => {
    const [ema, w] = [new tf.train.ExponentialMovingAverage(0.9), tf.getVariable("w", [2])];
    return `[${[ema.apply([w]), ema.apply([w])].map((op) => op.repr()).join(", ")}]`;
  },
  v_saver_type: () => new tf.train.Saver([one()] as never),
  v_saver_twice: () => {
    const w = tf.getVariable("w", [2]);
    return new tf.train.Saver([w, w]);
  },
  v_saver_names: () => new tf.train.Saver({ a: 3 } as never),
  v_global_step_twice: () => [tf.train.createGlobalStep(), tf.train.createGlobalStep()],
  v_global_step_type: () => tf.train.assertGlobalStep(new tf.Variable(1)),

  g_get_tensor_index: () => withNamed(() => tf.getDefaultGraph().getTensorByName("c:2")),
  g_get_tensor_type: () => tf.getDefaultGraph().getTensorByName(3 as never),
  g_get_operation_type: () => tf.getDefaultGraph().getOperationByName(3 as never),
  g_element_type: () => tf.getDefaultGraph().asGraphElement(3),
  g_element_kinds: () => tf.getDefaultGraph().asGraphElement("c", { allowTensor: false, allowOperation: false }),
  g_duplicate_import: () => tf.importGraphDef(new tf.GraphDef(), { returnElements: ["a:0"] }),
  g_import_map: () => tf.importGraphDef(new tf.GraphDef(), { inputMap: { x: one() } }),
  g_import_name: () => withNamed(() => tf.importGraphDef(tf.getDefaultGraph().asGraphDef(), { name: "a b" })),
  g_control_type: () => tf.controlDependencies([3 as never], () => null),
  g_name_type: () => tf.constant(1, { name: "a:b" }),
  g_collection_scope: () => {
    tf.getVariable("a", [1]);
    tf.getVariable("b", [1]);
    return tf.getCollection<tf.Variable>("trainable_variables", "b").map(({ name }) => name);
  },
  g_summary_merge: () => tf.summary.mergeAll(),
  g_summary_name: () => tf.summary.scalar("a b:c", 1).name,
  g_write_missing: () => tf.train.latestCheckpoint("/no/such/folder"),
};
