/** What heads ask of labels, weights and logits, with the nodes that check it in a run. Source: canned/head.py. */
import { assertEqual, assertLessEqual, assertNonNegative } from "../../../build/checks/compare.ts";
import { assertRankAtLeast } from "../../../build/checks/ranks.ts";
import { assertThat } from "../../../build/control_flow/assert.ts";
import { type FeatureColumn, isDense, TransformationCache } from "../../../build/feature_column/column.ts";
import { numericColumn } from "../../../build/feature_column/numeric.ts";
import { float32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  concat,
  equal,
  expandDims,
  identity,
  reduceAll,
  reduceAny,
  shape as shapeOf,
} from "../../../ops/index.ts";
import type { InputFeatures, Labels } from "../run/input.ts";

/** The name of a feature, or a dense column of one number for each example. */
export type WeightColumn = string | FeatureColumn | null;
/** Unweighted losses [D0, ..., DN, d] of labels and logits; `features` is a third argument. */
export type LossFn = (labels: Tensor, logits: Tensor, features: InputFeatures) => Tensor;

const scoped = <R>(name: string, fn: (scope: string) => R): R => getDefaultGraph().nameScope(name, fn);
const after = <R>(checks: readonly ReturnType<typeof assertEqual>[], fn: () => R): R =>
  getDefaultGraph().controlDependencies(checks, fn);

/** Labels [D0, ..., DN, dimension] for logits of that rank. Throws ValueError without labels, for sparse ones, and for another last dimension. */
export function checkedLabels(given: Labels | SparseTensor, logits: Tensor, dimension: number): Tensor {
  if (given === null || given === undefined) {
    throw new ValueError(
      "You must provide a labels Tensor. Given: None. Suggested troubleshooting steps: Check that your data contain your label feature. Check that your input_fn properly parses and returns labels.",
    );
  }
  return scoped("labels", (scope) => {
    if (given instanceof SparseTensor) {
      throw new ValueError(
        `SparseTensor labels are not supported. labels must be a Tensor of shape [D0, D1, ..., DN, ${dimension}], e.g. [batch_size, ${dimension}]. Suggested Fix (1): Check the label feature in your data. Each example must contain ${dimension} value(s). If not, your choice of label was probably incorrect. Suggested Fix (2): In your input_fn, use tf.sparse_tensor_to_dense() to turn labels into a Tensor.`,
      );
    }
    let labels = convertToTensor(given as TensorLike);
    const [rank, wanted] = [labels.shape?.length, logits.shape?.length];
    if (rank !== undefined && wanted !== undefined && rank === wanted - 1) labels = expandDims(labels, -1);
    const labelsShape = shapeOf(labels);
    const logitsShape = shapeOf(logits);
    const message = `labels shape must be [D0, D1, ... DN, ${dimension}]. Suggested Fix: check your n_classes argument to the estimator and/or the shape of your label.`;
    return after([assertRankAtLeast(labels, 2, { message })], () => {
      const last = labels.shape?.at(-1) ?? null;
      if (last !== null && last !== dimension) {
        throw new ValueError(
          `Mismatched label shape. Expected labels dimension=${dimension}.  Received ${last}. Suggested Fix:If your classifier expects one-hot encoding label,check your n_classes argument to the estimator and/or the shape of your label. Otherwise, check the shape of your label.`,
        );
      }
      const expected = concat([logitsShape.at(":-1"), [dimension]], 0);
      const check = assertEqual(expected, labelsShape, {
        message,
        data: ["expected_labels_shape: ", expected, "labels_shape: ", labelsShape],
      });
      return after([check], () => identity(labels, { name: scope }));
    });
  });
}

const withoutTable = (): never => {
  throw new ValueError("a weight column has no embeddings");
};

/** Weights [D0, ..., DN, 1] (or one for each logit), or 1 without a column. Throws TypeError for a column that is not dense. */
export function checkedWeights(
  features: InputFeatures,
  weightColumn: WeightColumn,
  logits: Tensor,
  options: { readonly perLogit?: boolean } = {},
): Tensor | number {
  const message = options.perLogit
    ? "weights shape must be [D0, D1, ... DN], [D0, D1, ... DN, 1] or [D0, D1, ... DN, logits_dimension]"
    : "weights shape must be [D0, D1, ... DN] or [D0, D1, ... DN, 1]";
  return scoped("weights", (scope) => {
    if (weightColumn === null) return 1;
    const column = typeof weightColumn === "string" ? numericColumn(weightColumn, { shape: [1] }) : weightColumn;
    if (!isDense(column)) {
      throw new TypeError(
        `Weight column must be either a string or _DenseColumn. Given type: ${(column as object).constructor.name}.`,
      );
    }
    const raw = column.getDenseTensor(new TransformationCache(features as never, withoutTable));
    if (!raw.dtype.isFloating && !raw.dtype.isInteger) {
      throw new ValueError(`Weight column should be castable to float. Given dtype: ${raw.dtype}`);
    }
    const weights = cast(raw, float32, { name: "weights" });
    const weightsShape = shapeOf(weights, { name: "weights_shape" });
    const logitsShape = shapeOf(logits, { name: "logits_shape" });
    const data = ["logits_shape: ", logitsShape, "weights_shape: ", weightsShape];
    const [rank, wanted] = [weights.shape?.length, logits.shape?.length];
    if (rank !== undefined && wanted !== undefined && rank === wanted - 1) {
      const check = assertEqual(logitsShape.at(":-1"), weightsShape, { message, data });
      return after([check], () => expandDims(weights, -1, { name: scope }));
    }
    const supported = concat([logitsShape.at(":-1"), [1]], 0);
    const check = options.perLogit
      ? assertThat(
          reduceAny([reduceAll(equal(logitsShape, weightsShape)), reduceAll(equal(supported, weightsShape))]),
          [message, ...data],
        )
      : assertEqual(supported, weightsShape, { message, data });
    return after([check], () => identity(weights, { name: scope }));
  });
}

/** Logits as float32. Throws ValueError for another last dimension, as far as it is known. */
export function checkedLogits(given: Tensor, dimension: number): Tensor {
  return scoped("logits", (scope) => {
    const logits = cast(given, float32);
    const logitsShape = shapeOf(logits);
    const rank = assertRankAtLeast(logits, 2, {
      data: [logitsShape],
      message: "logits shape must be [D0, D1, ... DN, logits_dimension]",
    });
    return after([rank], () => {
      const last = logits.shape?.at(-1) ?? null;
      if (last !== null) {
        if (last === dimension) return logits;
        throw new ValueError(
          `logits shape must be [D0, D1, ... DN, logits_dimension=${dimension}], got ${formatShapePython(logits.shape)}.`,
        );
      }
      const check = assertEqual(dimension, logitsShape.at(-1), {
        data: [logitsShape],
        message: `logits shape must be [D0, D1, ... DN, logits_dimension=${dimension}]`,
      });
      return after([check], () => identity(logits, { name: scope }));
    });
  });
}

/** Labels from 0 to classes - 1; others fail the run. */
export const inRange = (labels: Tensor, classes: number): Tensor =>
  scoped("assert_range", () => {
    const last = convertToTensor(classes - 1, { dtype: labels.dtype });
    const checks = [
      assertLessEqual(labels, last, { message: "Labels must <= n_classes - 1" }),
      assertNonNegative(labels, { message: "Labels must >= 0" }),
    ];
    return after(checks, () => identity(labels));
  });

/** The losses that a function of one's own gives, checked for their shape in the run. */
export function customLoss(
  lossFn: LossFn,
  values: { readonly labels: Tensor; readonly logits: Tensor; readonly features: InputFeatures },
  dimension: number,
): Tensor {
  return scoped("call_loss_fn", () => {
    const loss = lossFn(values.labels, values.logits, values.features);
    const logitsShape = shapeOf(values.logits, { name: "logits_shape" });
    const expected = concat([logitsShape.at(":-1"), [dimension]], 0, { name: "expected_loss_shape" });
    const lossShape = shapeOf(loss, { name: "loss_shape" });
    const check = assertThat(
      reduceAll(equal(lossShape, expected)),
      [
        `loss_fn must return Tensor of shape [D0, D1, ... DN, ${dimension}]. `,
        "logits_shape: ",
        logitsShape,
        "loss_shape: ",
        lossShape,
      ],
      { name: "check_loss_shape" },
    );
    return after([check], () => identity(loss));
  });
}
