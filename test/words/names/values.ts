/** What prints and describes values: tf.print, specs, devices, structures, ops by their names. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "../../../src/index.ts";
import { run, type Statements } from "../statement.ts";

/** What tf.print writes into a file. */
async function shown(inputs: readonly unknown[], options: object = {}): Promise<string[]> {
  const path = join(mkdtempSync(join(tmpdir(), "print-")), "text");
  await run(tf.print(...inputs, { outputStream: `file://${path}`, ...options }));
  return [readFileSync(path, "utf8")];
}

const sparse = () => new tf.SparseTensor([[0, 1]], [1.5], [2, 2]);
const constant = tf.constant;
const bool = (is: boolean): string => (is ? "True" : "False");
const { DeviceSpec, TensorSpec, nest } = tf;
const wrong = (value: unknown): never => value as never;

const long = [
  "lorem ipsum dolor sit amet consectetur",
  "x".repeat(30),
  "it's\ntwo lines of which the second one is longer than a line of eighty columns can be, so",
];
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const values: Statements = {
  p_plain: () => shown([1, 2.5, 1e-7, "a'b", ["a'b", Buffer.from("c")], null, true, { b: [], a: [null] }]),
  p_tensor: () =>
    shown([
      "x:",
      constant([
        [1, 2.5],
        [3, -1e-9],
      ]),
      constant("s"),
      constant(["s", "t"]),
      constant(true),
    ]),
  p_summarize: () => shown([tf.range(10), tf.reshape(tf.range(64), [8, 8])], { summarize: 2 }),
  p_all: () => shown([tf.range(10)], { summarize: -1 }),
  p_nested: () => shown([{ k: constant([1, 2]), j: [constant(1.5), "s", 3] }, [constant(2), [constant("u")]]]),
  p_sep_end: () => shown(["a", constant(1), "b"], { sep: "--", end: "!\n" }),
  p_raw: () => shown([constant("raw {}")], { end: "" }),
  p_braces: () => shown(["{} {}9", constant(1)]),
  p_long_list: () => shown([numbers(30)]),
  p_long_dict: () => shown([{ a: "x".repeat(50), b: Array(3).fill("y".repeat(30)), c: constant([1, 2]) }]),
  p_long_text: () => shown([long]),
  p_sparse: () => shown([sparse()]),
  p_none: () => shown([]),
  p_stream: () => tf.print("x", { outputStream: "foo" }),
  p_op: () => [tf.print("x", { name: "show" }).name, tf.print(constant(1)).type],

  t_spec: () => [
    String(new TensorSpec([null, 3], tf.float32, "x")),
    String(new TensorSpec(null, "int32")),
    String(new TensorSpec([])),
    String(new TensorSpec(7, tf.bool)),
  ],
  t_spec_from: () => [
    String(TensorSpec.fromTensor(constant([1, 2], { dtype: tf.float32, name: "c" }))),
    String(TensorSpec.fromSpec(new TensorSpec([2], tf.float32, "q"), "r")),
  ],
  t_spec_fits: () =>
    [constant([1, 2], tf.float32), constant([1, 2]), constant([[1]], tf.float32)].map((value) =>
      bool(new TensorSpec([null]).isCompatibleWith(value)),
    ),
  t_spec_equal: () => [2, 3].map((n) => bool(new TensorSpec([2]).equals(new TensorSpec([n])))),
  t_spec_dtype: () => new TensorSpec([2], "foo"),
  t_sparse_spec: () => [String(new tf.SparseTensorSpec([2, null], tf.int32)), String(new tf.SparseTensorSpec())],
  t_slices_spec: () => [String(new tf.IndexedSlicesSpec([2, null], tf.int32)), String(new tf.IndexedSlicesSpec())],
  t_spec_of: () =>
    [constant(1), 3, "q", null, new tf.SparseTensor([[0, 1]], constant([1], tf.float32), [2, 2])].map((value) =>
      String(tf.typeSpecFromValue(value)),
    ),
  v_device: () => [
    String(new DeviceSpec({ job: "ps", deviceType: "CPU", deviceIndex: 0 })),
    String(new DeviceSpec()),
    String(new DeviceSpec({ deviceType: "GPU" })),
  ],
  v_device_read: () => [
    DeviceSpec.fromString("/job:worker/replica:0/task:3/gpu:1").repr(),
    DeviceSpec.fromString("/device:CPU:*").repr(),
  ],
  v_device_merge() {
    const device = DeviceSpec.fromString("/job:worker/gpu:1");
    device.mergeFrom(new DeviceSpec({ job: "ps", task: 2 }));
    return [String(device)];
  },
  v_device_replace: () => [String(new DeviceSpec({ job: "a", task: 1 }).replace({ job: "b", task: null }))],
  n_pack_few: () => nest.packSequenceAs([1, [2]], [1]),
  n_pack_plain: () => nest.packSequenceAs([1, [2]], wrong(3)),
  n_pack_one: () => nest.packSequenceAs(1, [3, 4]),
  n_same: () => nest.assertSameStructure([1], [1, 2]),
  n_same_keys: () => nest.assertSameStructure({ a: 1 }, { b: 1 }),
  n_map_call: () => nest.mapStructure(wrong(3), [1]),
  n_map_none: () => nest.mapStructure((value: unknown) => value),
  n_flatten: () => nest.flatten({ b: 1, a: [2, [3]] }),
  n_nested: () => [[1], { a: 1 }, 1, "s"].map((value) => bool(nest.isNested(value))),
  o_positional: () => tf.rawOps.Add!(wrong(1), ...(wrong([2]) as [])),
  o_unknown: () => tf.rawOps.Add!({ x: 1, y: 2, z: 3 }),
  o_value: () => run(tf.rawOps.AddV2!({ x: [1, 2], y: 3 })),
  o_compat: () => [
    tf.compat.asText(Buffer.from("x")),
    tf.compat.asStrAny(5),
    Buffer.from(tf.compat.asBytes("é")).toString("hex"),
  ],
  o_compat_bytes: () => tf.compat.asBytes(wrong(5)),
};
