/** Classes drawn by their weights. Source: random_ops.cc, stateless_random_ops.cc, multinomial_op.cc, random_ops.py. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { invalidArgument, ValueError } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import type { PhiloxState } from "../../../core/philox.ts";
import { formatShape, type Shape, withRank } from "../../../core/shape.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { type Arguments, argumentsOf, byKeyword } from "../../options.ts";
import { integerArray, toNumbers } from "../array/basic/elements.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { dimFromInput } from "../array/basic/shape_input.ts";
import { seedAttrs } from "./shape.ts";
import { blocksPerOutput, simpleRandom, takeBlocks } from "./source.ts";
import { seededState } from "./stateless/seed.ts";

function drawnShape(logits: Shape, samples: Shape, context: ShapeContext): Shape {
  return [withRank(logits, 2)[0]!, dimFromInput(context, "num_samples", samples)];
}

/** Throws unless there is something to draw from; returns the number of samples for each row. */
function checkSizes(logits: NdArray, samples: NdArray): number {
  if (logits.shape.length !== 2)
    throw invalidArgument(`logits should be a matrix, got shape ${formatShape(logits.shape)}`);
  if (samples.shape.length)
    throw invalidArgument(`num_samples should be a scalar, got shape ${formatShape(samples.shape)}`);
  const n = Number(elementAt(samples, 0));
  if (n < 0) throw invalidArgument(`num_samples should be nonnegative, got ${n}`);
  const [rows, classes] = logits.shape as readonly [number, number];
  if (classes <= 0 && rows > 0 && n > 0) throw invalidArgument(`num_classes should be positive, got ${classes}`);
  return n;
}

/** Draws by inverting each row's running sum of exp(logits); logits that are not finite are never drawn. */
function draw(state: PhiloxState, logits: NdArray, samples: number, dtype: DType): NdArray {
  const [rows, classes] = logits.shape as readonly [number, number];
  const values = toNumbers(logits);
  const random = simpleRandom(state);
  const out = new Array<number>(rows * samples);
  const sums = new Float64Array(classes);
  for (let b = 0; b < rows; b++) {
    let max = -Infinity;
    for (let c = 0; c < classes; c++) {
      const x = values[b * classes + c]!;
      if (Number.isFinite(x) && x > max) max = x;
    }
    let total = 0;
    for (let c = 0; c < classes; c++) {
      const x = values[b * classes + c]!;
      if (Number.isFinite(x)) total += Math.exp(x - max);
      sums[c] = total;
    }
    for (let j = 0; j < samples; j++) out[b * samples + j] = firstAbove(sums, random.double() * total);
  }
  return integerArray(dtype, out, [rows, samples]);
}

function firstAbove(sums: Float64Array, x: number): number {
  let [low, high] = [0, sums.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** output [rows, num_samples]: classes, drawn with probabilities softmax(logits), logits [rows, classes]. */
export const multinomialOp = defineOp("Multinomial", {
  inputs: ["logits: T", "num_samples: int32"],
  outputs: ["output: output_dtype"],
  attrs: [
    "seed: int = 0",
    "seed2: int = 0",
    "T: realnumbertype" as "T: type",
    "output_dtype: {int32, int64} = DT_INT64",
  ],
  stateful: true,
  shape: ({ logits, num_samples }, context) => [drawnShape(logits, num_samples, context)],
  compute({ logits, num_samples, output_dtype }, context) {
    const samples = checkSizes(logits, num_samples);
    const perRow = Math.floor((samples + 3) / 4) * 4 * 2;
    const state = takeBlocks(context, BigInt(blocksPerOutput) * BigInt(logits.shape[0]! * perRow));
    return draw(state, logits, samples, output_dtype);
  },
  gradient: "none",
});

/** As Multinomial, from two seeds. */
export const statelessMultinomialOp = defineOp("StatelessMultinomial", {
  inputs: ["logits: T", "num_samples: int32", "seed: Tseed"],
  outputs: ["output: output_dtype"],
  attrs: [
    "T: realnumbertype" as "T: type",
    "Tseed: {int32, int64} = DT_INT64",
    "output_dtype: {int32, int64} = DT_INT64",
  ],
  shape({ logits, num_samples, seed }, context) {
    if (withRank(seed, 1)[0] !== null && seed![0] !== 2)
      throw invalidArgument(`Dimension must be 2 but is ${seed![0]}`);
    return [drawnShape(logits, num_samples, context)];
  },
  compute({ logits, num_samples, seed, output_dtype }) {
    const samples = checkSizes(logits, num_samples);
    return draw(seededState(seed), logits, samples, output_dtype);
  },
  gradient: "none",
});

export interface CategoricalOptions extends Named {
  /** int64 if not given. */
  readonly dtype?: DType | null;
  readonly outputDtype?: DType | null;
  readonly seed?: number | bigint | null;
}

function drawn(name: string, logits: TensorLike, numSamples: TensorLike, options: CategoricalOptions): Tensor {
  return inScope(options.name, name, () => {
    const tensor = convertToTensor(logits, { name: "logits" });
    const dtype = options.dtype ?? options.outputDtype ?? int64;
    if (dtype !== int32 && dtype !== int64) {
      throw new ValueError(`Argument \`dtype\` got invalid value ${dtype}. Accepted dtypes are (tf.int32, tf.int64).`);
    }
    return multinomialOp({ logits: tensor, num_samples: numSamples, ...seedAttrs(options.seed), output_dtype: dtype });
  });
}

/** numSamples classes for each row of logits [rows, classes], drawn with probabilities softmax(logits). */
export const multinomial = byKeyword(
  ["logits", "numSamples"],
  function multinomial(logits: TensorLike, numSamples: TensorLike, ...rest: Arguments<CategoricalOptions>): Tensor {
    return drawn(
      "multinomial",
      logits,
      numSamples,
      argumentsOf<CategoricalOptions>(rest, ["seed", "name", "outputDtype"]),
    );
  },
);

/** As multinomial, under its newer name. */
export const categorical = byKeyword(
  ["logits", "numSamples"],
  function categorical(logits: TensorLike, numSamples: TensorLike, ...rest: Arguments<CategoricalOptions>): Tensor {
    return drawn("categorical", logits, numSamples, argumentsOf<CategoricalOptions>(rest, ["dtype", "seed", "name"]));
  },
);
