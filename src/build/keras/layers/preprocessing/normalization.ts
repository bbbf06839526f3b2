/** `tf.keras.layers.Normalization`. Source: tf_keras/src/layers/preprocessing/normalization.py. */
import { int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { type Literal, literalToArray } from "../../../../ops/convert.ts";
import { add, cast, constant, divide, maximum, multiply, reshape, sqrt, subtract } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Variable } from "../../../variables/variable.ts";
import { epsilon } from "../../state.ts";
import { values } from "../../values.ts";
import { Layer, type LayerOptions, type Tensors } from "../layer.ts";

export interface NormalizationOptions extends LayerOptions {
  /** Axes of which each place has a mean of its own: the last one; null for one mean of all. */
  readonly axis?: number | readonly number[] | null | undefined;
  readonly mean?: Literal | null | undefined;
  readonly variance?: Literal | null | undefined;
  /** The other way: normalized numbers back to what they were. */
  readonly invert?: boolean | undefined;
}
const places = ["axis", "mean", "variance", "invert"] as const;

/** (x - mean) / √variance: by what adapt has seen, or by what is given. */
export class Normalization extends Layer {
  adaptMean: Variable | null = null;
  adaptVariance: Variable | null = null;
  count: Variable | null = null;
  readonly #options: NormalizationOptions;
  readonly #axis: readonly number[];
  #kept: readonly number[] = [];
  #broadcast: readonly number[] = [];

  /** Throws ValueError when one of mean and variance is given alone. */
  constructor(...rest: Rest<NormalizationOptions, typeof places>) {
    const options =
      rest[0] === null
        ? { ...byName<NormalizationOptions>(rest, places), axis: null }
        : byName<NormalizationOptions>(rest, places);
    super(options, "normalization");
    const { axis = -1, mean = null, variance = null } = options;
    this.#axis = axis === null ? [] : typeof axis === "number" ? [axis] : axis;
    if ((mean === null) !== (variance === null)) {
      throw new ValueError(
        `When setting values directly, both \`mean\` and \`variance\` must be set. Got mean: ${mean ?? "None"} and variance: ${variance ?? "None"}`,
      );
    }
    this.#options = options;
  }

  override trackables(): ReturnType<Layer["trackables"]> {
    const parts = { mean: this.adaptMean, variance: this.adaptVariance, count: this.count };
    return Object.entries(parts).filter((part): part is [string, Variable] => part[1] !== null);
  }

  protected override build(inputShape: Shape): void {
    const ndim = inputShape!.length;
    this.#kept = this.#axis.map((a) => (a < 0 ? a + ndim : a)).sort((a, b) => a - b);
    if (this.#axis.some((a) => a < -ndim || a >= ndim)) {
      throw new ValueError(
        `All \`axis\` values must be in the range [-ndim, ndim). Found ndim: \`${ndim}\`, axis: (${this.#axis.join(", ")},)`,
      );
    }
    const unknown = this.#kept.find((d) => inputShape![d] === null);
    if (unknown !== undefined) {
      throw new ValueError(
        `All \`axis\` values to be kept must have known shape. Got axis: (${this.#axis.join(", ")},), input shape: [${inputShape!.map((d) => d ?? "None").join(", ")}], with unknown axis at index: ${unknown}`,
      );
    }
    this.#broadcast = inputShape!.map((d, i) => (this.#kept.includes(i) ? d! : 1));
    const shape = this.#kept.map((d) => inputShape![d]!);
    if ((this.#options.mean ?? null) !== null) return;
    this.adaptMean = this.addWeight("mean", { shape, initializer: "zeros", trainable: false });
    this.adaptVariance = this.addWeight("variance", { shape, initializer: "ones", trainable: false });
    this.count = this.addWeight("count", { shape: [], initializer: "zeros", trainable: false, dtype: int64 });
  }

  /** Takes mean and variance from an array [samples, …], in place of those of an adapt before. Throws ValueError for a layer that was given both. */
  async adapt(data: Literal): Promise<void> {
    const { mean = null, variance = null } = this.#options;
    if (mean !== null) {
      throw new ValueError(
        `Cannot \`adapt\` a Normalization layer that is initialized with static \`mean\` and \`variance\`, you passed mean ${mean} and variance ${variance}.`,
      );
    }
    const given = literalToArray(data, this.dtype);
    const array = given.shape.length === 1 ? new NdArray(given.dtype, [given.shape[0]!, 1], given.data) : given;
    this.inScope(() => this.buildFor([null, ...array.shape.slice(1)], array.dtype));
    const sums = new Map<number, { sum: number; squares: number; n: number }>();
    const numbers = array.data as Float32Array;
    const placeOf = (index: number): number => {
      let [rest, place, width] = [index, 0, 1];
      for (let d = array.shape.length - 1; d >= 0; d--) {
        const size = array.shape[d]!;
        if (this.#kept.includes(d)) {
          place += (rest % size) * width;
          width *= size;
        }
        rest = Math.floor(rest / size);
      }
      return place;
    };
    for (let i = 0; i < numbers.length; i++) {
      const place = placeOf(i);
      const at = sums.get(place) ?? { sum: 0, squares: 0, n: 0 };
      sums.set(place, { sum: at.sum + numbers[i]!, squares: at.squares + numbers[i]! ** 2, n: at.n + 1 });
    }
    const all = [...sums].sort(([a], [b]) => a - b).map(([, each]) => each);
    const means = all.map(({ sum, n }) => sum / n);
    const shape = this.adaptMean!.shape as readonly number[];
    const filled = (list: readonly number[]): NdArray => new NdArray(this.dtype, shape, Float32Array.from(list));
    await values.set([
      [this.adaptMean!, filled(means)],
      [this.adaptVariance!, filled(all.map(({ squares, n }, i) => Math.max(squares / n - means[i]! ** 2, 0)))],
      [this.count!, BigInt(all[0]?.n ?? 0) as never],
    ]);
  }

  /** The mean or the variance, as wide as the inputs. */
  #spread(variable: Variable | null, given: Literal | null | undefined): Tensor {
    if (variable) return reshape(variable.value(), this.#broadcast);
    const { dtype } = this;
    const array = literalToArray(given!, dtype);
    const size = this.#broadcast.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, (_, i) => Number(array.data[array.size === 1 ? 0 : i]));
    return constant(new NdArray(dtype, this.#broadcast, data));
  }

  protected override call(inputs: Tensors): Tensors {
    const x = cast(inputs as Tensor, this.dtype) as Tensor;
    const mean = this.#spread(this.adaptMean, this.#options.mean);
    const variance = this.#spread(this.adaptVariance, this.#options.variance);
    const deviation = maximum(sqrt(variance) as Tensor, epsilon());
    if (this.#options.invert) return add(mean, multiply(x, deviation));
    return divide(subtract(x, mean), deviation) as Tensor;
  }
}
