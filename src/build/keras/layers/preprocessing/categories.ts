/** `tf.keras.layers`: categories from numbers and words. Source: tf_keras/src/layers/preprocessing/{category_encoding,hashing,discretization,preprocessing_utils}.py. */
import { float32, int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { type Literal, literalToArray } from "../../../../ops/convert.ts";
import {
  asString,
  bucketizeOp,
  cast,
  expandDims,
  identity,
  multiply,
  oneHot,
  reduceMax,
  reduceSum,
  stringToHashBucketFast,
  stringToHashBucketStrong,
  where,
  zerosLike,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors, tuple, withArguments } from "../layer.ts";

type OutputMode = "int" | "one_hot" | "multi_hot" | "count";

/** Whole numbers as they are, or as rows: a one for each number's place, or how often (or with which weight) it is there. */
function encoded(x: Tensor, mode: OutputMode, depth: number, weights: Tensor | null = null): Tensor {
  if (mode === "int") return identity(cast(x, int64) as Tensor);
  const rank = x.shape!.length;
  const isOne = mode === "one_hot" && x.shape!.at(-1) !== 1;
  if (rank + (isOne ? 1 : 0) > 2) {
    throw new ValueError(
      `When output_mode is not \`'int'\`, maximum supported output rank is 2. Received output_mode ${mode} and input shape ${tuple(x.shape!)}, which would result in output rank ${rank + (isOne ? 1 : 0)}.`,
    );
  }
  const rows = oneHot(cast(x, int64) as Tensor, depth, { dtype: float32 }) as Tensor;
  if (isOne || rank === 0) return rows;
  const weighted =
    weights && mode === "count" ? multiply(rows, expandDims(cast(weights, float32) as Tensor, -1)) : rows;
  return mode === "count" ? reduceSum(weighted, { axis: -2 }) : reduceMax(rows, { axis: -2 });
}

/** Throws ValueError for a mode that the layer has not. */
function checkMode(kind: string, mode: string, allowed: readonly string[]): void {
  if (allowed.includes(mode)) return;
  throw new ValueError(
    `Unknown argument output_mode: \`${mode}\` of layer ${kind}. Allowed values are: ${allowed.map((each) => `\`${each}\``).join(", ")}.`,
  );
}

export interface CategoryOptions extends LayerOptions {
  /** How many categories there are. */
  readonly numTokens: number;
  readonly outputMode?: Exclude<OutputMode, "int"> | undefined;
}
const categoryPlaces = ["numTokens", "outputMode"] as const;

/** Whole numbers [n] or [n, m] as rows: a one for each number's place, or how often it is there. */
export class CategoryEncoding extends Layer {
  readonly numTokens: number;
  readonly #mode: Exclude<OutputMode, "int">;

  /** Throws ValueError without a number of categories. */
  constructor(...rest: Rest<CategoryOptions, typeof categoryPlaces>) {
    const options = byName<CategoryOptions>(rest, categoryPlaces);
    super(options, "category_encoding");
    if (!(options.numTokens > 0)) {
      throw new ValueError(
        `\`num_tokens\` must be set to use this layer. If the number of tokens is not known beforehand, use the \`IntegerLookup\` layer instead.`,
      );
    }
    this.numTokens = options.numTokens;
    this.#mode = options.outputMode ?? "multi_hot";
    checkMode("CategoryEncoding", this.#mode, ["count", "one_hot", "multi_hot"]);
  }

  protected override call(inputs: Tensors, options: CallOptions & { readonly countWeights?: Tensor }): Tensors {
    return encoded(inputs as Tensor, this.#mode, this.numTokens, options.countWeights ?? null);
  }
}

export interface HashingOptions extends LayerOptions {
  /** Values that go to bin 0, which others then do not. */
  readonly maskValue?: string | number | null | undefined;
  /** One number or two: a hash that others cannot foresee. */
  readonly salt?: number | readonly [number, number] | null | undefined;
  readonly outputMode?: OutputMode | undefined;
}
const hashingPlaces = ["maskValue", "salt", "outputMode"] as const;

/** Words or whole numbers as the numbers of bins, by a hash: int64 in [0, numBins). */
export class Hashing extends Layer {
  readonly numBins: number;
  readonly #options: HashingOptions;

  /** Throws ValueError without a number of bins, for another salt or output mode. */
  constructor(numBins: number, ...rest: Rest<HashingOptions, typeof hashingPlaces>) {
    const options = byName<HashingOptions>(rest, hashingPlaces);
    super(withArguments(options, { numBins }), "hashing");
    if (!(numBins > 0)) {
      throw new ValueError(
        `The \`num_bins\` for \`Hashing\` cannot be \`None\` or non-positive values. Received: num_bins=${numBins ?? "None"}.`,
      );
    }
    const { salt = null } = options;
    if (salt !== null && typeof salt !== "number" && salt.length !== 2) {
      throw new ValueError(
        `The \`salt\` argument for \`Hashing\` can only be a tuple of size 2 integers, or a single integer. Received: salt=${salt}.`,
      );
    }
    checkMode("Hashing", options.outputMode ?? "int", ["int", "one_hot", "multi_hot", "count"]);
    this.numBins = numBins;
    this.#options = options;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const { maskValue = null, salt = null, outputMode = "int" } = this.#options;
    const isMasked = maskValue !== null && this.numBins > 1;
    const bins = isMasked ? this.numBins - 1 : this.numBins;
    const words = x.dtype.baseDtype.isInteger ? asString(x) : x;
    const key = typeof salt === "number" ? [salt, salt] : salt;
    const hashed = key
      ? stringToHashBucketStrong(words, bins, key as [number, number], "hash")
      : stringToHashBucketFast(words, bins, "hash");
    const found = isMasked ? (where(x.equal(maskValue as never), zerosLike(hashed), hashed.add(1)) as Tensor) : hashed;
    return encoded(found, outputMode, this.numBins);
  }
}

export interface DiscretizationOptions extends LayerOptions {
  readonly binBoundaries?: readonly number[] | null | undefined;
  /** How many intervals adapt makes. */
  readonly numBins?: number | null | undefined;
  /** How near adapt comes to quantiles. */
  readonly epsilon?: number | undefined;
  readonly outputMode?: OutputMode | undefined;
}
const discretizationPlaces = ["binBoundaries", "numBins", "epsilon", "outputMode"] as const;

/** Values and how many numbers each one stands for. */
type Summary = readonly [values: readonly number[], weights: readonly number[]];

const interpolated = (at: number, xs: readonly number[], ys: readonly number[]): number => {
  const i = xs.findIndex((x) => x >= at);
  if (i <= 0) return i === 0 ? ys[0]! : ys.at(-1)!;
  return ys[i - 1]! + ((ys[i]! - ys[i - 1]!) * (at - xs[i - 1]!)) / (xs[i]! - xs[i - 1]!);
};

/** A summary with one value for each part `epsilon` of the numbers. */
function compressed([values, weights]: Summary, epsilon: number): Summary {
  if (values.length * epsilon < 1) return [values, weights];
  let sum = 0;
  const sums = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  const parts = sums.map((each) => each / sum);
  const percents: number[] = [];
  for (let i = 0; i * epsilon < 1; i++) percents.push(epsilon + i * epsilon);
  const totals = percents.map((at) => interpolated(at, parts, sums));
  return [percents.map((at) => interpolated(at, parts, values)), totals.map((each, i) => each - (totals[i - 1] ?? 0))];
}

/** Numbers as the number of the interval that they lie in: int64, or rows. */
export class Discretization extends Layer {
  #boundaries: readonly number[];
  readonly #options: DiscretizationOptions;

  /** Throws ValueError for another output mode. */
  constructor(...rest: Rest<DiscretizationOptions, typeof discretizationPlaces>) {
    const options = byName<DiscretizationOptions>(rest, discretizationPlaces);
    super(options, "discretization");
    this.#boundaries = options.binBoundaries ?? [];
    this.#options = options;
    checkMode("Discretization", options.outputMode ?? "int", ["int", "one_hot", "multi_hot", "count"]);
  }

  get binBoundaries(): readonly number[] {
    return this.#boundaries;
  }

  /** Boundaries between numBins parts of equal size of the data. Throws ValueError for a layer that was given its boundaries. */
  adapt(data: Literal): void {
    const { numBins = null, epsilon = 0.01, binBoundaries = null } = this.#options;
    if (binBoundaries !== null || numBins === null) {
      throw new ValueError(
        "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins` instead.",
      );
    }
    const sorted = Array.from(literalToArray(data).data as ArrayLike<number>, Number).sort((a, b) => a - b);
    const increment = Math.trunc(sorted.length * epsilon);
    const step = Math.max(increment, 1);
    const values = sorted.filter((_, i) => i >= increment && (i - increment) % step === 0);
    const summary = compressed([values, values.map(() => step)], epsilon);
    this.#boundaries = compressed(summary, 1 / numBins)[0]
      .slice(0, -1)
      .map(Math.fround);
  }

  protected override call(inputs: Tensors): Tensors {
    const boundaries = [...this.#boundaries];
    const found = bucketizeOp({ input: inputs as Tensor, boundaries });
    return encoded(found, this.#options.outputMode ?? "int", boundaries.length + 1);
  }
}
