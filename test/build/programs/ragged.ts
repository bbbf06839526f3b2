import { float32, float64, int32 } from "../../../src/core/dtype.ts";
import { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const R = tf.RaggedTensor;
const S = tf.strings;
type Ragged = InstanceType<typeof R>;
// biome-ignore lint/suspicious/noExplicitAny: a program names the placeholders it takes
type P = any;

const parts = (...all: (Ragged | Tensor)[]): Tensor[] =>
  all.flatMap((each) => (each instanceof Tensor ? [each] : [...each.nestedRowSplits, each.flatValues]));

const made: Record<string, Program> = {
  from_row_splits: ({ v }: P) => parts(R.fromRowSplits(v, [0, 3, 3, 7, 8])),
  from_row_lengths: ({ v }: P) => parts(R.fromRowLengths(v, [4, 0, 3, 1, 0])),
  from_row_starts: ({ v }: P) => parts(R.fromRowStarts(v, [0, 4, 4, 7, 8])),
  from_row_limits: ({ v }: P) => parts(R.fromRowLimits(v, [4, 4, 7, 8, 8])),
  from_value_rowids: ({ v, r }: P) =>
    parts(R.fromValueRowids(v, [0, 0, 0, 0, 2, 2, 2, 3], { nrows: 5 }), R.fromValueRowids(v, r)),
  from_uniform: ({ v }: P) => parts(R.fromUniformRowLength(v, 2), R.fromUniformRowLength(v, 4, { name: "u" })),
  from_uniform_unknown: ({ v }: P) => parts(R.fromUniformRowLength(v, 2)),
  from_nested: ({ v }: P) =>
    parts(
      R.fromNestedRowSplits(v, [
        [0, 1, 3],
        [0, 2, 5, 8],
      ]),
      R.fromNestedRowLengths(v, [
        [1, 2],
        [2, 3, 3],
      ]),
      R.fromNestedValueRowids(v, [
        [0, 1, 1],
        [0, 0, 1, 1, 1, 2, 2, 2],
      ]),
    ),
  unchecked: ({ v }: P) => parts(R.fromRowSplits(v, tf.constant([0, 3, 8], int32), { validate: false })),
  constant: () =>
    parts(
      tf.ragged.constant([[1, 2], [], [3]]),
      tf.ragged.constant([[["a"], []], [["b", "c"]]]),
      tf.ragged.constant(
        [
          [
            [1, 2],
            [3, 4],
          ],
          [[5, 6]],
        ],
        { raggedRank: 1 },
      ),
      tf.ragged.constant([[1.5], []], { dtype: float64, rowSplitsDtype: int32, name: "c" }),
    ),
  range: () =>
    parts(
      tf.ragged.range([3, 5, 2]),
      tf.ragged.range([0, 5, 8], { limits: [3, 3, 12] }),
      tf.ragged.range([0, 5, 8], { limits: [3, 3, 12], deltas: 2, name: "r" }),
    ),
  segment_ids: ({ s }: P) => [
    tf.ragged.rowSplitsToSegmentIds(s),
    tf.ragged.segmentIdsToRowSplits([0, 0, 1, 3]),
    tf.ragged.segmentIdsToRowSplits([0, 0, 1], { numSegments: 4 }),
  ],
};

const deepOf = (v: Tensor, validate?: boolean): Ragged =>
  R.fromNestedRowLengths(
    v,
    [
      [1, 2],
      [2, 3, 3],
    ],
    { validate },
  );

const converted: Record<string, Program> = {
  to_tensor: ({ v }: P) => [
    R.fromRowSplits(v, [0, 3, 3, 7, 8]).toTensor(),
    R.fromRowLengths(v, [4, 1, 3]).toTensor({ defaultValue: -1, name: "t" }),
    R.fromRowLengths(v, [4, 1, 3]).toTensor({ shape: [null, 2] }),
    R.fromValueRowids(v, [0, 0, 0, 0, 2, 2, 2, 3]).toTensor(),
    deepOf(v).toTensor(),
  ],
  to_tensor_gradient({ v }: P) {
    const rt = R.fromRowLengths(v, [2, 0, 1]);
    return tf.convertToTensor(tf.gradients(rt.toTensor().pow(2), rt.flatValues)[0] as never);
  },
  from_tensor: ({ x }: P) =>
    parts(
      R.fromTensor(x),
      R.fromTensor(x, { lengths: [1, 0, 3] }),
      R.fromTensor(x, { padding: 0 }),
      R.fromTensor(x, { rowSplitsDtype: int32 }),
    ),
  from_tensor_unknown: ({ x }: P) => parts(R.fromTensor(x), R.fromTensor(x, { padding: 0 })),
  from_tensor_deep: ({ x }: P) => parts(R.fromTensor(x, { raggedRank: 2 })),
  sparse({ v }: P) {
    const sp = R.fromRowLengths(v, [4, 0, 3, 1]).toSparse();
    return [sp.indices, sp.values, sp.denseShape, ...parts(R.fromSparse(sp))];
  },
  facts({ v }: P) {
    const rt = R.fromRowLengths(v, [4, 0, 3, 1]);
    return [
      ...parts(rt.rowLengths()),
      rt.rowStarts(),
      rt.rowLimits(),
      rt.nrows(),
      rt.nrows({ outType: int32 }),
      rt.valueRowids(),
      rt.boundingShape(),
      rt.boundingShape({ axis: 0 }),
      rt.boundingShape({ axis: 1, outType: int32 }),
      tf.size(rt.flatValues),
      ...parts(rt.withValues((rt.values as Tensor).mul(2))),
    ];
  },
  nested_facts({ v }: P) {
    const rt = deepOf(v);
    return [...rt.nestedRowLengths(), ...rt.nestedValueRowids(), ...parts(rt.rowLengths(2)), rt.boundingShape()];
  },
};

const rowsOf = (v: Tensor): Ragged => R.fromRowSplits(v, [0, 3, 3, 7, 8], { validate: false });

const acted: Record<string, Program> = {
  items({ v }: P) {
    const t = rowsOf(v);
    return parts(t.at(0), t.at(-1), t.at("1:"), t.at(":2"), t.at("1:3"), t.at("::2"));
  },
  columns({ v }: P) {
    const t = rowsOf(v);
    return parts(t.at(":", ":2"), t.at(":", "1:"), t.at(":", "-2:"), t.at("1:", "::2"));
  },
  deep_items({ v }: P) {
    const t = deepOf(v, false);
    return parts(t.at(1), t.at(1, 0), t.at(":", "0:1"), t.at("...", ":1"));
  },
  tensor_item: ({ v, i }: P) => parts(rowsOf(v).at(i)),
  concat({ v }: P) {
    const t = rowsOf(v);
    return parts(
      tf.concat([t, t], 0),
      tf.concat([t, t], 1),
      tf.stack([t, t]),
      tf.ragged.stack([t, t], { axis: 1 }),
      tf.ragged.stack([v, v.at(":3")]),
    );
  },
  reduce({ v }: P) {
    const t = rowsOf(v);
    return parts(
      tf.reduceSum(t, 1),
      tf.reduceSum(t, { axis: 0 }),
      tf.reduceSum(t),
      tf.reduceMax(t, { axis: 1, name: "m" }),
      tf.reduceProd(t, { axis: -1 }),
      tf.reduceMin(t, { axis: 0 }),
    );
  },
  reduce_mean({ v }: P) {
    const t = R.fromRowSplits(v, [0, 3, 4, 7, 8], { validate: false });
    return parts(
      tf.reduceMean(t, { axis: 1 }),
      tf.reduceMean(t, { axis: 0 }),
      tf.reduceSum(t, { axis: 1, keepdims: true }),
    );
  },
  reduce_deep({ v }: P) {
    const t = deepOf(v, false);
    return parts(tf.reduceSum(t, { axis: 2 }), tf.reduceSum(t, { axis: 1 }), tf.reduceSum(t, { axis: [1, 2] }));
  },
  reduce_logic({ v }: P) {
    const t = rowsOf(v);
    return parts(tf.reduceAll(t.greater(1), { axis: 1 }), tf.reduceAny(t.greater(8), { axis: 1 }));
  },
  mask({ v }: P) {
    const t = rowsOf(v);
    return parts(tf.ragged.booleanMask(t, t.greater(2)), tf.ragged.booleanMask(t, [true, false, true, false]));
  },
  dense_mask: ({ x }: P) => parts(tf.ragged.booleanMask(x, x.greater(2))),
  map_flat({ v }: P) {
    const t = rowsOf(v);
    return parts(
      tf.ragged.mapFlatValues((x: Tensor) => tf.square(x), t),
      tf.ragged.mapFlatValues((x: Tensor, y: Tensor) => tf.add(x, y), t, t),
    );
  },
  operators({ v }: P) {
    const t = rowsOf(v);
    return parts(t.add(1), t.rmul(2), t.sub(3), t.div(2), t.floordiv(2), t.mod(2), t.neg(), t.abs(), t.greater(2));
  },
  elementwise({ v }: P) {
    const t = rowsOf(v);
    return parts(
      tf.square(t),
      tf.cast(t, float32),
      tf.expandDims(t, 0),
      tf.expandDims(t, 1),
      tf.expandDims(t, 2),
      tf.gather(t, [2, 0]),
    );
  },
  partitions: ({ v }: P) => parts(tf.ragged.stackDynamicPartitions(v, [0, 1, 0, 2, 1, 0, 2, 2], 4)),
};

const strings: Record<string, Program> = {
  decode: ({ s }: P) =>
    parts(
      S.unicodeDecode(s, "UTF-8"),
      S.unicodeDecode(s.at(0), "UTF-8"),
      ...S.unicodeDecodeWithOffsets(s, "UTF-8", { name: "o" }),
    ),
  decode_deep: ({ s }: P) => parts(S.unicodeDecode(s, "UTF-8")),
  split: ({ s }: P) =>
    parts(S.unicodeSplit(s, "UTF-8"), ...S.unicodeSplitWithOffsets(s, "UTF-8"), S.unicodeSplit(s.at(1), "UTF-8")),
  encode: ({ s, p }: P) =>
    parts(
      S.unicodeEncode(S.unicodeDecode(s, "UTF-8"), "UTF-16-BE"),
      S.unicodeEncode(p, "UTF-8"),
      S.unicodeEncode(p.at(0), "UTF-8"),
    ),
  script: ({ p }: P) => S.unicodeScript(p),
  bytes_split: ({ s }: P) => parts(S.bytesSplit(s), S.bytesSplit(s.at(0)), S.bytesSplit(tf.reshape(s, [2, 2]))),
  ngrams: ({ s }: P) =>
    parts(
      S.ngrams(
        tf.ragged.constant([
          ["a", "b", "c"],
          ["d", "e"],
        ]),
        2,
      ),
      S.ngrams(s, [1, 2], { separator: "|" }),
      S.ngrams(tf.ragged.constant([["a", "b"], ["c"]]), 3, { padValues: ["<", ">"] }),
    ),
};

export const ragged: Record<string, Program> = { ...made, ...converted, ...acted, ...strings };
