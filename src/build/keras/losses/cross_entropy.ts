/** `tf.keras.losses`: cross-entropies, plain and focal. Source: tf_keras/src/losses.py, backend.py. */
import { int64 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  add,
  cast,
  clipByValue,
  divide,
  log,
  multiply,
  pow,
  reduceMean,
  reduceSum,
  reshape,
  shape as shapeOf,
  sigmoid,
  sigmoidCrossEntropyWithLogits,
  sigmoidOp,
  softmax,
  softmaxCrossEntropyWithLogitsV2,
  softmaxOp,
  sparseSoftmaxCrossEntropyWithLogits,
} from "../../../ops/index.ts";
import { keptLogits } from "../activations.ts";
import { epsilon } from "../state.ts";

export interface CrossEntropyOptions {
  /** True when yPred are logits rather than probabilities. */
  readonly fromLogits?: boolean | undefined;
  /** 0 keeps the labels; else they move this far towards uniform. */
  readonly labelSmoothing?: number | undefined;
}

export const meanOfLast = (x: Tensor): Tensor => reduceMean(x, { axis: -1 });
export const both = (yTrue: TensorLike, yPred: TensorLike): readonly [Tensor, Tensor] => {
  const p = convertToTensor(yPred);
  return [cast(convertToTensor(yTrue), p.dtype.baseDtype) as Tensor, p];
};
/** The input of the op that made the probabilities, if it is the one that logits go through. */
const logitsOf = (p: Tensor, definition: object): Tensor | null => {
  const kept = keptLogits(p);
  if (kept) return kept;
  const { op } = p;
  return op.definition === definition && op.inputs.length === 1 ? op.inputs[0]! : null;
};
const clipped = (p: Tensor): Tensor => clipByValue(p, epsilon(), 1 - epsilon());

/** yTrue: one-hot labels [batch, classes]. Probabilities that a softmax made are taken from its logits. */
export const categoricalCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const classes = p.shape?.at(-1) ?? shapeOf(p).at(-1);
  const labels = labelSmoothing
    ? y.mul(1 - labelSmoothing).add(divide(labelSmoothing, cast(classes as never, p.dtype) as Tensor) as Tensor)
    : y;
  const logits = logitsOf(p, softmaxOp.definition) ?? (fromLogits ? p : null);
  if (logits) return softmaxCrossEntropyWithLogitsV2({ labels, logits });
  const normal = divide(p, reduceSum(p, { axis: -1, keepdims: true })) as Tensor;
  return reduceSum(multiply(labels, log(clipped(normal)) as Tensor), { axis: -1 }).mul(-1);
};

/** yTrue: whole numbers [batch] or [batch, 1]; yPred: [batch, classes]. */
export const sparseCategoricalCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false }: CrossEntropyOptions = {},
): Tensor => {
  const p = convertToTensor(yPred);
  const y = convertToTensor(yTrue);
  const logits = logitsOf(p, softmaxOp.definition) ?? (fromLogits ? p : (log(clipped(p)) as Tensor));
  const whole = cast(y, int64) as Tensor;
  const rank = p.shape!.length;
  if (rank > 2) {
    const labels = reshape(whole, [-1]);
    const classes = p.shape!.at(-1)!;
    const losses = sparseSoftmaxCrossEntropyWithLogits({ labels, logits: reshape(logits, [-1, classes]) });
    return reshape(losses, shapeOf(p).at({ stop: -1 }));
  }
  const labels = whole.shape?.length === 2 || whole.shape === null ? reshape(whole, [-1]) : whole;
  return sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
};

/** The cross-entropy of each element: labels 0 or 1, outputs probabilities or logits. */
export const binaryElements = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const labels = labelSmoothing ? y.mul(1 - labelSmoothing).add(0.5 * labelSmoothing) : y;
  const logits = logitsOf(p, sigmoidOp.definition) ?? (fromLogits ? p : null);
  if (logits) return sigmoidCrossEntropyWithLogits({ labels, logits });
  const q = clipped(p);
  const yes = multiply(labels, log(add(q, epsilon())) as Tensor);
  const no = multiply(labels.rsub(1), log(q.rsub(1).add(epsilon())) as Tensor);
  return yes.add(no).mul(-1);
};

/** yTrue: 0 or 1 for each of yPred. */
export const binaryCrossentropy = (yTrue: TensorLike, yPred: TensorLike, options: CrossEntropyOptions = {}): Tensor =>
  meanOfLast(binaryElements(yTrue, yPred, options));

export interface FocalOptions extends CrossEntropyOptions {
  /** How much class 1 counts where classes are balanced: 0.25. */
  readonly alpha?: number | undefined;
  /** How much less easy examples count: 2. */
  readonly gamma?: number | undefined;
  readonly applyClassBalancing?: boolean | undefined;
}

/** binaryElements, where elements that are nearly right count less. Source: Lin et al., "Focal Loss for Dense Object Detection". */
export const binaryFocalElements = (yTrue: TensorLike, yPred: TensorLike, options: FocalOptions = {}): Tensor => {
  const { fromLogits = false, labelSmoothing = 0, alpha = 0.25, gamma = 2, applyClassBalancing = false } = options;
  const [y, p] = both(yTrue, yPred);
  const t = labelSmoothing ? y.mul(1 - labelSmoothing).add(0.5 * labelSmoothing) : y;
  const q = fromLogits ? sigmoid(p) : p;
  const right = multiply(t, q).add(multiply(t.rsub(1), q.rsub(1)));
  const focal = multiply(pow(right.rsub(1), gamma) as Tensor, binaryElements(t, p, { fromLogits }));
  return applyClassBalancing ? multiply(t.mul(alpha).add(t.rsub(1).mul(1 - alpha)), focal) : focal;
};

export const binaryFocalCrossentropy = (yTrue: TensorLike, yPred: TensorLike, options: FocalOptions = {}): Tensor =>
  meanOfLast(binaryFocalElements(yTrue, yPred, options));

/** categoricalCrossentropy, where examples that are nearly right count less: one-hot labels [batch, classes]. */
export const categoricalFocalCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  options: FocalOptions = {},
): Tensor => {
  const { fromLogits = false, labelSmoothing = 0, alpha = 0.25, gamma = 2 } = options;
  const [y, p] = both(yTrue, yPred);
  const classes = p.shape!.at(-1)!;
  const labels = labelSmoothing ? y.mul(1 - labelSmoothing).add(labelSmoothing / classes) : y;
  const given = fromLogits ? softmax(p) : p;
  const q = clipped(divide(given, reduceSum(given, { axis: -1, keepdims: true })) as Tensor);
  const each = multiply(labels, log(q) as Tensor).mul(-1);
  return reduceSum(multiply((pow(q.rsub(1), gamma) as Tensor).mul(alpha), each), { axis: -1 });
};

const pythonNames: readonly [(...rest: never[]) => Tensor, string][] = [
  [categoricalCrossentropy, "categorical_crossentropy"],
  [sparseCategoricalCrossentropy, "sparse_categorical_crossentropy"],
  [binaryCrossentropy, "binary_crossentropy"],
  [binaryFocalCrossentropy, "binary_focal_crossentropy"],
  [categoricalFocalCrossentropy, "categorical_focal_crossentropy"],
];
for (const [fn, name] of pythonNames) Object.defineProperty(fn, "name", { value: name });
