/** `tf.keras.layers`: noise while training, and losses of activities. Source: tf_keras/src/layers/regularization. */
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  add,
  cast,
  dropout as dropped,
  greaterEqual,
  multiply,
  randomNormal,
  randomUniform,
  shape as shapeOf,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { Dropout as CoreDropout, type DataFormat } from "../../../layers/core.ts";
import { smartCond } from "../../../layers/layer.ts";
import { L1L2 } from "../../regularizers.ts";
import { Delegated } from "../delegated.ts";
import { type CallOptions, Layer, type LayerOptions, requireRank, type Tensors } from "../layer.ts";

export interface DropoutOptions extends LayerOptions {
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
  readonly seed?: number | null | undefined;
}

const dropoutPlaces = ["noiseShape", "seed"] as const;
type DropoutRest = Rest<DropoutOptions, typeof dropoutPlaces>;

/** Drops a part of its inputs while training, and scales the rest by 1 / (1 - rate). */
export class Dropout extends Delegated<CoreDropout> {
  override supportsMasking = true;

  readonly rate: number;

  /** Throws ValueError for a rate that is no part. */
  constructor(rate: number, ...rest: DropoutRest) {
    const options = byName<DropoutOptions>(rest, dropoutPlaces);
    const { noiseShape, seed } = options;
    if (!(rate >= 0 && rate <= 1)) {
      const text = Number.isInteger(rate) ? rate.toFixed(1) : String(rate);
      throw new ValueError(`Invalid value ${text} received for \`rate\`, expected a value between 0 and 1.`);
    }
    super(options, "dropout", (common) => new CoreDropout({ rate, noiseShape, seed, ...common }));
    this.rate = rate;
  }

  protected override coreOptions(options: CallOptions) {
    return this.rate === 0 ? {} : { training: this.training(options) };
  }
}

/** Does something to its inputs while training alone. */
abstract class Noise extends Layer {
  override supportsMasking = true;
  readonly #seed: number | null;
  #draws = 0;

  constructor(options: LayerOptions & { readonly seed?: number | null | undefined }, kind: string) {
    super(options, kind);
    this.#seed = options.seed ?? null;
  }

  /** The seed of one more draw: another one for each. */
  protected nextSeed(): { readonly seed?: number } {
    return this.#seed === null ? {} : { seed: this.#seed + this.#draws++ };
  }

  protected abstract noisy(x: Tensor): Tensor;

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    return smartCond<Tensor>(
      this.training(options),
      () => this.noisy(x),
      () => x.add(0),
    );
  }
}

export interface SpatialDropoutOptions extends Pick<DropoutOptions, "seed">, LayerOptions {
  readonly dataFormat?: DataFormat | undefined;
}
const spatialPlaces = ["dataFormat"] as const;
type SpatialRest = Rest<SpatialDropoutOptions, typeof spatialPlaces>;

/** Drops whole channels: the noise is the same over the axes between batch and channels. */
abstract class SpatialDropout extends Noise {
  readonly rate: number;
  readonly #rank: number;
  readonly #isFirst: boolean;

  constructor(rank: number, rate: number, options: SpatialDropoutOptions) {
    super(options, `spatial_dropout${rank}d`);
    this.rate = rate;
    this.#rank = rank;
    this.#isFirst = options.dataFormat === "channels_first";
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: this.#rank + 2 });
  }

  protected override noisy(x: Tensor): Tensor {
    const sizes = shapeOf(x);
    const ones = new Array<number>(this.#rank).fill(1);
    const noiseShape = this.#isFirst
      ? [sizes.at(0), sizes.at(1), ...ones]
      : [sizes.at(0), ...ones, sizes.at(this.#rank + 1)];
    return dropped(x, { rate: this.rate, noiseShape, ...this.nextSeed() });
  }
}

/** Sequences [n, t, c]. */
export class SpatialDropout1D extends SpatialDropout {
  constructor(rate: number, options: Omit<SpatialDropoutOptions, "dataFormat"> = {}) {
    super(1, rate, options);
  }
}

/** Images [n, h, w, c]. */
export class SpatialDropout2D extends SpatialDropout {
  constructor(rate: number, ...rest: SpatialRest) {
    super(2, rate, byName(rest, spatialPlaces));
  }
}

/** Volumes [n, d, h, w, c]. */
export class SpatialDropout3D extends SpatialDropout {
  constructor(rate: number, ...rest: SpatialRest) {
    super(3, rate, byName(rest, spatialPlaces));
  }
}

const seedPlaces = ["seed"] as const;
type SeedRest = Rest<Pick<DropoutOptions, "seed"> & LayerOptions, typeof seedPlaces>;

/** Adds normal noise while training. */
export class GaussianNoise extends Noise {
  readonly stddev: number;

  constructor(stddev: number, ...rest: SeedRest) {
    super(byName(rest, seedPlaces), "gaussian_noise");
    this.stddev = stddev;
  }

  protected override noisy(x: Tensor): Tensor {
    return x.add(randomNormal(shapeOf(x), { stddev: this.stddev, dtype: x.dtype.baseDtype, ...this.nextSeed() }));
  }
}

/** Multiplies with normal noise around 1 while training. */
export class GaussianDropout extends Noise {
  readonly rate: number;

  constructor(rate: number, ...rest: SeedRest) {
    super(byName(rest, seedPlaces), "gaussian_dropout");
    this.rate = rate;
  }

  protected override noisy(x: Tensor): Tensor {
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    const noise = randomNormal(shapeOf(x), { mean: 1, stddev, dtype: x.dtype.baseDtype, ...this.nextSeed() });
    return multiply(x, noise);
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    return this.rate > 0 && this.rate < 1 ? super.call(inputs, options) : inputs;
  }
}

/** Dropout that keeps mean and variance of what SELU gives: dropped elements become -α'. Source: Klambauer et al., "Self-Normalizing Neural Networks". */
export class AlphaDropout extends Noise {
  readonly rate: number;
  readonly #shape: DropoutOptions["noiseShape"];

  constructor(rate: number, ...rest: DropoutRest) {
    const options = byName<DropoutOptions>(rest, dropoutPlaces);
    super(options, "alpha_dropout");
    this.rate = rate;
    this.#shape = options.noiseShape;
  }

  protected override noisy(x: Tensor): Tensor {
    const low = -1.7580993408473766;
    const dtype = x.dtype.baseDtype;
    const shape = this.#shape ? this.#shape.map((size, i) => size ?? shapeOf(x).at(i)) : shapeOf(x);
    const draws = randomUniform(shape, { dtype, ...this.nextSeed() });
    const kept = cast(greaterEqual(draws, this.rate), dtype) as Tensor;
    const a = ((1 - this.rate) * (1 + this.rate * low ** 2)) ** -0.5;
    const b = -a * low * this.rate;
    return add(multiply(a, add(multiply(x, kept), multiply(low, kept.rsub(1)))), b);
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    return this.rate > 0 && this.rate < 1 ? super.call(inputs, options) : inputs;
  }
}

interface RateOptions extends LayerOptions {
  readonly l1?: number | undefined;
  readonly l2?: number | undefined;
}

/** The inputs as they are, with a loss of them: l1 · Σ|x| + l2 · Σx². */
export class ActivityRegularization extends Layer {
  override supportsMasking = true;

  constructor(...rest: Rest<RateOptions, ["l1", "l2"]>) {
    const options = byName<RateOptions>(rest, ["l1", "l2"]);
    const { l1 = 0, l2 = 0 } = options;
    super({ ...options, activityRegularizer: L1L2({ l1, l2 }) }, "activity_regularization");
  }

  protected override call(inputs: Tensors): Tensors {
    return inputs;
  }
}
