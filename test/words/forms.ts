/** Printed forms: tensors, operations, variables, shapes, dtypes, results. */
import * as tf from "../../src/index.ts";
import { P, run, type Statements } from "./statement.ts";

const { float32: f32, float64: f64, int32: i32, int64: i64, bool: bo } = tf;
const half = (value: number): tf.Tensor => tf.constant(value, tf.float16);
const floats = (values: unknown): tf.Tensor => tf.constant(values as never, f32);
const values = (tensors: readonly tf.Tensor[]): Promise<string[]> =>
  Promise.all(tensors.map(async (tensor) => String(await run(tensor))));

export const forms: Statements = {
  p_sparse: () => {
    const sparse = () => new tf.SparseTensor({ indices: [[0, 1]], values: floats([1]), denseShape: [2, 3] });
    return [
      String(new tf.SparseTensor({ indices: [[0, 1]], values: floats([1]), denseShape: [2, 3] })),
      sparse().denseShape.repr(),
    ].map((text) => text.replaceAll("Const", "SparseTensor/values"));
  },
  p_indexed: () => [String(new tf.IndexedSlices(tf.zeros([1, 2]), tf.constant([0])))],
  p_operation: () => [
    String(tf.add(P([2], f32, "x"), 1, { name: "sum" }).op),
    tf.getDefaultGraph().getOperationByName("sum").repr(),
  ],
  p_operation_attrs: () => {
    const [x, w] = [P([1, 4, 4, 1], f32, "x"), P([2, 2, 1, 1], f32, "w")];
    return [String(tf.nn.conv2d(x, w, { strides: [1, 1, 1, 1], padding: "SAME", name: "c" }).op)];
  },
  p_operation_strings: () => [
    String(tf.constant(['a\n"b"', "\u00e9"], { name: "s" }).op),
    String(tf.constant(Uint8Array.of(0xff, 0) as never, { name: "t" }).op),
  ],
  p_operation_numbers: () => [
    String(tf.constant([1.5, -0, Infinity, NaN, 1e-30, 123456789], { dtype: f32, name: "f" }).op),
    String(tf.constant([1, -2, 2 ** 40], { dtype: i64, name: "i" }).op),
    String(tf.constant([true, false], { name: "b" }).op),
    String(tf.constant(1.1, { dtype: f64, name: "d" }).op),
    String(tf.constant(3, { name: "e" }).op),
  ],
  p_operation_control: () => [tf.controlDependencies([tf.noOp({ name: "a" })], () => String(tf.noOp({ name: "n" })))],
  p_variable_op: () => [String(tf.getVariable("v", [2], { initializer: tf.zerosInitializer() }).op)],
  p_variable_forms: () =>
    [
      new tf.Variable(tf.constant(3, { name: "i/initial_value" }), { name: "i" }),
      new tf.Variable([1.5, 2.5], { name: "f" }),
      new tf.Variable("text", { name: "s" }),
      new tf.Variable(true, { name: "b" }),
      new tf.Variable(tf.zeros([2, 2], f64), { name: "d" }),
    ].map(String),
  p_variable_parts: () => {
    const v = new tf.Variable([1, 2], { name: "v", dtype: f32 });
    const parts = [v.name, v.op.name, v.initializer.name, v.initialValue!.name];
    const reads = [v.value(), v.readValue(), v.at(0), v.initializedValue(), v.add(1), v.assignAdd([1, 1])];
    return [...parts, ...reads.map(String)];
  },
  p_resource_parts: () => {
    const v = tf.getVariable("v", [2], { useResource: true });
    const reads = [v.value(), v.readValue(), v.assign([1, 1]), v.assignAdd([1, 1])];
    return [String(v), v.op.type, v.handle.name, String(v.handle), ...reads.map(String)];
  },
  p_dtypes: () => [
    ...[
      f32,
      f64,
      i32,
      i64,
      tf.string,
      bo,
      tf.uint8,
      tf.complex64,
      tf.float16,
      tf.bfloat16,
      tf.resource,
      tf.variant,
    ].map(String),
    f32.repr(),
    f32.name,
  ],
  p_shapes: () => {
    const places = [null, [], [3], [null], [null, 3], [2, 3, 4]].map((shape) => P(shape).getShape());
    const forms = [null, [], [3], [null, 2]].map((shape) => P(shape).getShape().repr());
    const [first, second] = P([null, 2]).getShape().dims!;
    const counts = [P([2, 3]).getShape().numElements(), P([2]).getShape().ndims];
    return [...places.map(String), ...forms, String(first), second!.repr(), ...counts.map(String)];
  },
  p_bool_ops: () =>
    [
      P([], bo).logicalAnd(P([], bo)),
      P([], bo).logicalOr(P([], bo)),
      P([], bo).logicalXor(P([], bo)),
      P([], bo).logicalNot(),
      P([]).neg(),
      P([]).abs(),
      P([]).greaterEqual(1),
      tf.constant(1, { dtype: f32, name: "sub/x" }).sub(P([])),
      tf.constant(2, { dtype: f32, name: "truediv/x" }).div(P([])),
      P([], i32).floordiv(2),
      tf.constant(7, { name: "mod/x" }).mod(P([], i32)),
      tf.constant(2, { dtype: f32, name: "pow/x" }).pow(P([])),
    ].map(({ name }) => name),
  p_numbers: () =>
    values([
      ...[1, 0.1, 1e10, 1e-10, 123456.789].map((value) => floats(value)),
      tf.constant(1 / 3, f64),
      floats(NaN),
      tf.constant(-Infinity, f64),
      tf.constant(7, i64),
      tf.constant(true),
      tf.constant("a'b"),
      half(1.5),
      tf.complex(floats(1), floats(2)),
    ]),
  p_arrays: () =>
    values([
      floats([1, 2.5]),
      tf.constant([
        [1, 200],
        [3, 4],
      ]),
      floats([1e-5, 1]),
      floats([1e10, 1]),
      tf.constant([true, false]),
      tf.constant(["a", "bc"]),
      floats([[[1]]]),
      floats([NaN, 1]),
      floats([0.1, 0.22, 0.333]),
      tf.zeros([0]),
      tf.range(2000),
      tf.ones([3, 0]),
      tf.fill([40], 0.5),
    ]),
  p_lists: async () => [
    String(await run([tf.constant(1), floats([1.5]), tf.noOp(), tf.constant("a")])),
    String(await run({ x: floats(2.5), y: [tf.constant(true)] })),
    String(await run([tf.constant([1, 2], i64), floats([[0.5, 1.5]])])),
  ],
  p_graphdef: () => {
    tf.add(tf.constant(1, { name: "a" }), tf.constant(2, { name: "b" }), { name: "c" });
    return [String(tf.getDefaultGraph().asGraphDef().node[2])];
  },
  p_collections: () => {
    tf.getVariable("v", [1]);
    tf.getLocalVariable("l", [1]);
    tf.losses.meanSquaredError(P([2]), P([2]));
    tf.summary.scalar("s", 1);
    return [...tf.getDefaultGraph().getAllCollectionKeys()].sort();
  },
  p_errors: () => [
    new tf.errors.InvalidArgumentError("text").message,
    String(new tf.errors.NotFoundError("text").errorCode),
    new tf.errors.OutOfRangeError("text").message,
    String(tf.errors.INVALID_ARGUMENT),
  ],
};
