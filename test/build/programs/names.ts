/** The programs of test/fixtures/build/names.py. */
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const nowhere = { outputStream: "file:///dev/null" };
const sparse = () => new tf.SparseTensor([[0, 1]], [1.5], [2, 2]);
interface X {
  readonly x: Tensor;
}

export const names: Readonly<Record<string, Program>> = {
  printed({ x }: X) {
    const show = tf.print("x is", x, { b: [x.at(0), 1], a: "t" }, { ...nowhere, summarize: 2, name: "show" });
    return tf.controlDependencies([show], () => tf.identity(x));
  },
  printed_braces: ({ x }: X) => [tf.print("{}", x, [null, true, 2.5], { ...nowhere, sep: "|", end: "" })],
  printed_text: ({ x }: X) => [tf.print(tf.asString(x.at(0, 0)), nowhere)],
  printed_sparse: () => [tf.print(sparse(), [sparse()], nowhere)],
  raw({ x }: X) {
    const y = tf.rawOps.MatMul!({ a: x, b: x, transpose_b: true, name: "raw" });
    const { values, indices } = tf.rawOps.TopKV2!({ input: y, k: 1 });
    return [y, values, indices, tf.rawOps.ConcatV2!({ values: [x, x], axis: 1 })];
  },
  pass_through({ x }: X) {
    const y = tf.gradPassThrough((v) => tf.square(v))(x);
    return [y, tf.gradients(y.mul(3), x)[0] as Tensor];
  },
  old_scopes({ x }: X) {
    const y = tf.opScope([x], null, "old", () => tf.square(x));
    const z = tf.variableOpScope([x], null, "layer", { initializer: tf.onesInitializer() }, () =>
      tf.matmul(y, tf.getVariable("w", [3, 1])),
    );
    const v = tf.variableOpScope([x], null, "layer", () =>
      tf.getVariable("w", [1], { initializer: tf.zerosInitializer() }),
    );
    return [z, v as never];
  },
  devices: ({ x }: X) =>
    tf.device(new tf.DeviceSpec({ deviceType: "CPU", deviceIndex: 0 }), () => {
      const y = x.add(1);
      return tf.device(new tf.DeviceSpec({ job: "localhost" }), () => [y, y.mul(2)]);
    }),
  nests: ({ x }: X) =>
    tf.nest.flatten(
      tf.nest.mapStructure((a: Tensor, b: Tensor) => a.add(b), { k: x, j: [x.mul(2)] }, { k: x, j: [x] }),
    ) as Tensor[],
};
