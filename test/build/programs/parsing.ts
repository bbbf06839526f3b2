import type { SparseTensor } from "../../../src/graph/sparse_tensor.ts";
import { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type X = { readonly x: Tensor };
const fixed = (...given: ConstructorParameters<typeof tf.FixedLenFeature>) => new tf.FixedLenFeature(...given);
const varied = (dtype: tf.DType) => new tf.VarLenFeature(dtype);

const flat = (parsed: Readonly<Record<string, Tensor | SparseTensor>>): Tensor[] =>
  Object.keys(parsed)
    .sort()
    .flatMap((key) => {
      const value = parsed[key]!;
      return value instanceof Tensor ? [value] : [value.indices, value.values, value.denseShape];
    });

export const parsing: Readonly<Record<string, Program>> = {
  batch: ({ x }: X) =>
    flat(
      tf.parseExample(x, {
        a: fixed([2], tf.float32, [1, 2]),
        b: fixed([], tf.int64),
        v: varied(tf.string),
        s: new tf.FixedLenSequenceFeature([], tf.float32, { allowMissing: true }),
        sp: new tf.SparseFeature("i", "val", tf.float32, 10),
      }),
    ),
  named: ({ x }: X) => flat(tf.parseExample(x, { b: fixed([], tf.int64) }, { name: "mine", exampleNames: ["p", "q"] })),
  single: ({ x }: X) =>
    flat(
      tf.parseSingleExample(x, {
        b: fixed([], tf.int64, 3),
        c: fixed([1], tf.int64, 3),
        v: varied(tf.string),
      }),
    ),
  single_unknown: ({ x }: X) =>
    flat(tf.parseSingleExample(x, { b: fixed([], tf.int64), v: varied(tf.string) }, { name: "mine" })),
  single_sequence({ x }: X) {
    const [context, lists] = tf.parseSingleSequenceExample(x, {
      contextFeatures: { b: fixed([], tf.int64, 3), m: varied(tf.float32) },
      sequenceFeatures: { l: new tf.FixedLenSequenceFeature([2], tf.float32), w: varied(tf.int64) },
    });
    return [...flat(context), ...flat(lists)];
  },
  sequences({ x }: X) {
    const [context, lists, lengths] = tf.io.parseSequenceExample(
      x,
      {
        contextFeatures: { b: fixed([], tf.int64, 3) },
        sequenceFeatures: {
          l: new tf.FixedLenSequenceFeature([2], tf.float32, { allowMissing: true }),
          w: varied(tf.int64),
        },
      },
      { name: "q" },
    );
    return [...flat(context), ...flat(lists), ...flat(lengths)];
  },
};
