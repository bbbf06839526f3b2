/** From what fit is given to the arrays of its slots: inputs, targets, weights. Source: tf_keras/src/engine/training_utils_v1.py. */
import { tuple } from "../../../build/keras/layers/layer.ts";
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Literal, literalToArray } from "../../../ops/convert.ts";
import type { Target, Trainer } from "./compile.ts";
import { arraysFor, type Data, isByName, sampleCount } from "./data.ts";

/** How much each class counts, by its number; by the output's name where there are several. */
export type ClassWeight = Readonly<Record<number, number>> | Readonly<Record<string, Readonly<Record<number, number>>>>;
/** How much each example counts: [samples], or [samples, time]; in a list or by the output's name where there are several. */
export type SampleWeight = Literal | readonly (Literal | null)[] | { readonly [name: string]: Literal };

/** Weights of examples by the class of their target. Throws ValueError for a class without one. */
function classWeights(target: NdArray, weights: Readonly<Record<number, number>>): number[] {
  if (target.shape.length > 2) throw new ValueError("`class_weight` not supported for 3+ dimensional targets.");
  const [n = 0, width = 1] = target.shape;
  const labels = Array.from({ length: n }, (_, i) => {
    const row = Array.from({ length: width }, (__, k) => Number(target.data[i * width + k]));
    return width === 1 ? row[0]! : row.indexOf(Math.max(...row));
  });
  const missing = new Set(labels.filter((label) => weights[label] === undefined));
  if (missing.size) {
    throw new ValueError(
      `\`class_weight\` must contain all classes in the data. The classes {${[...missing].join(", ")}} exist in the data but not in \`class_weight\`.`,
    );
  }
  return labels.map((label) => weights[label]!);
}

/** The part of an option that belongs to one output. */
function partOf(given: unknown, i: number, target: Target, n: number): unknown {
  if (given === undefined || given === null) return null;
  if (isByName(given)) return given[target.slot.name] ?? null;
  if (n === 1) return given;
  return Array.isArray(given) ? (given[i] ?? null) : null;
}

function weightsFor(target: Target, y: NdArray, given: Literal | null, ofClass: number[] | null): NdArray {
  const isTemporal = target.weightSlot.shape?.length === 2;
  const [samples = 0, time = 1] = y.shape;
  const weights = given === null ? null : literalToArray(given, float32);
  if (isTemporal && y.shape.length < 3) {
    throw new ValueError(
      `Found a sample_weight array for an input with shape ${tuple(y.shape)}. Timestep-wise sample weighting (use of sample_weight_mode="temporal") is restricted to outputs that are at least 3D, i.e. that have a time dimension.`,
    );
  }
  if (weights) checkWeights(weights, y, isTemporal);
  const width = isTemporal ? time : 1;
  const data = Float32Array.from(
    { length: samples * width },
    (_, i) => (weights ? Number(weights.data[i]) : 1) * (ofClass?.[Math.floor(i / width)] ?? 1),
  );
  return new NdArray(float32, isTemporal ? [samples, time] : [samples], data);
}

function checkWeights(weights: NdArray, y: NdArray, isTemporal: boolean): void {
  const rank = weights.shape.length;
  if (isTemporal && rank !== 2) {
    throw new ValueError(
      `Found a sample_weight array with shape ${tuple(weights.shape)}. In order to use timestep-wise sample weighting, you should pass a 2D sample_weight array.`,
    );
  }
  if (!isTemporal && rank !== 1) {
    throw new ValueError(
      `Found a sample_weight array with shape ${tuple(weights.shape)}. In order to use timestep-wise sample weights, you should specify sample_weight_mode="temporal" in compile(); founssd "None" instead. If you just mean to use sample-wise weights, make sure your sample_weight array is 1D.`,
    );
  }
  if (weights.shape.every((d, i) => d === y.shape[i])) return;
  throw new ValueError(
    `Found a sample_weight array with shape ${tuple(weights.shape)} for an input with shape ${tuple(y.shape)}. sample_weight cannot be broadcast.`,
  );
}

const strict = new Set(["mean_squared_error", "binary_crossentropy", "categorical_crossentropy"]);

/** Throws ValueError for targets that a loss cannot compare with the outputs. */
function checkTarget(target: Target, y: NdArray): void {
  const { loss, shape } = target;
  if (loss === "categorical_crossentropy" && y.shape.at(-1) === 1) {
    throw new ValueError(
      `You are passing a target array of shape ${tuple(y.shape)} while using as loss \`categorical_crossentropy\`. \`categorical_crossentropy\` expects targets to be binary matrices (1s and 0s) of shape (samples, classes). If your targets are integer classes, you can convert them to the expected format via:\n\`\`\`\nfrom tf_keras.src.utils import to_categorical\ny_binary = to_categorical(y_int)\n\`\`\`\n\nAlternatively, you can use the loss function \`sparse_categorical_crossentropy\` instead, which does expect integer targets.`,
    );
  }
  if (!strict.has(loss) || !shape) return;
  const isWrong = y.shape.some((d, i) => i > 0 && i < shape.length && shape[i] !== null && shape[i] !== d);
  if (!isWrong) return;
  throw new ValueError(
    `A target array with shape ${tuple(y.shape)} was passed for an output of shape ${tuple(shape)} while using as loss \`${loss}\`. This loss expects targets to have the same shape as the output.`,
  );
}

function checkSamples(inputs: readonly NdArray[], targets: readonly NdArray[]): number {
  const [x, y] = [sampleCount(inputs, "input arrays (x)"), sampleCount(targets, "target arrays (y)")];
  if (!targets.length || x === y) return x;
  throw new ValueError(
    `Input arrays should have the same number of samples as target arrays. Found ${x} input samples and ${y} target samples.`,
  );
}

/** Arrays for all slots of training: inputs, targets, weights. Throws ValueError in Keras' words for what does not fit. */
export function prepare(
  training: Trainer,
  x: Data,
  y: Data | null | undefined,
  weights?: SampleWeight | undefined,
  classWeight?: ClassWeight | undefined,
): readonly NdArray[] {
  const { targets } = training;
  const inputs = arraysFor(x, training.slots("predict"), "input");
  const given =
    y === null || y === undefined
      ? []
      : arraysFor(
          y,
          targets.map(({ slot }) => slot),
          "target",
        );
  if (given.length === 0 && targets.length) {
    throw new ValueError("No targets were given: pass them as the second argument.");
  }
  checkSamples(inputs, given);
  for (const [i, target] of targets.entries()) checkTarget(target, given[i]!);
  const weightArrays = targets.map((target, i) => {
    const isNested = classWeight && Object.values(classWeight).some((each) => typeof each === "object");
    const own = isNested ? partOf(classWeight, i, target, 2) : classWeight;
    const ofClass = own ? classWeights(given[i]!, own as Readonly<Record<number, number>>) : null;
    return weightsFor(target, given[i]!, partOf(weights, i, target, targets.length) as Literal | null, ofClass);
  });
  return [...inputs, ...given, ...weightArrays];
}

/** The arrays of one element of a stream: [x], [x, y] or [x, y, weights]. */
export function prepareElement(
  training: Trainer,
  element: unknown,
  isPrediction: boolean,
  classWeight: ClassWeight | undefined,
): readonly NdArray[] {
  const [x, y, weights] = Array.isArray(element) && !(element[0] instanceof Number) ? element : [element];
  if (isPrediction) return arraysFor(x as Data, training.slots("predict"), "input");
  if (y === undefined && training.targets.length) {
    throw new ValueError("An element of the data has no targets: it should be [x, y] or [x, y, weights].");
  }
  return prepare(training, x as Data, y as Data | undefined, weights as SampleWeight | undefined, classWeight);
}
