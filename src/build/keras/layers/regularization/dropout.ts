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
import { Dropout as CoreDropout } from "../../../layers/core.ts";
import { smartCond } from "../../../layers/layer.ts";
import { L1L2 } from "../../regularizers.ts";
import { Delegated } from "../delegated.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors } from "../layer.ts";

export interface DropoutOptions extends LayerOptions {
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
  readonly seed?: number | null | undefined;
}

/** Drops a part of its inputs while training, and scales the rest by 1 / (1 - rate). */
export class Dropout extends Delegated<CoreDropout> {
  override supportsMasking = true;

  readonly rate: number;

  /** Throws ValueError for a rate that is no part. */
  constructor(rate: number, options: DropoutOptions = {}) {
    const { noiseShape, seed } = options;
    if (!(rate >= 0 && rate <= 1)) {
      const text = Number.isInteger(rate) ? rate.toFixed(1) : String(rate);
      throw new ValueError(`Invalid value ${text} received for \`rate\`, expected a value between 0 and 1.`);
    }
    super(options, "dropout", (common) => new CoreDropout({ rate, noiseShape, seed, ...common }));
    this.rate = rate;
  }

  protected override coreOptions(options: CallOptions) {
    return { training: this.training(options) };
  }
}

/** Drops whole channels: the noise is the same over the axes between batch and channels. */
abstract class SpatialDropout extends Layer {
  readonly rate: number;
  readonly #rank: number;

  constructor(rank: number, rate: number, options: LayerOptions) {
    super(options, `spatial_dropout${rank}d`);
    this.rate = rate;
    this.#rank = rank;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    const sizes = shapeOf(x);
    const ones = new Array<number>(this.#rank).fill(1);
    return smartCond<Tensor>(
      this.training(options),
      () => dropped(x, { rate: this.rate, noiseShape: [sizes.at(0), ...ones, sizes.at(this.#rank + 1)] }),
      () => x.add(0),
    );
  }
}

/** Sequences [n, t, c]. */
export class SpatialDropout1D extends SpatialDropout {
  constructor(rate: number, options: LayerOptions = {}) {
    super(1, rate, options);
  }
}

/** Images [n, h, w, c]. */
export class SpatialDropout2D extends SpatialDropout {
  constructor(rate: number, options: LayerOptions = {}) {
    super(2, rate, options);
  }
}

/** Volumes [n, d, h, w, c]. */
export class SpatialDropout3D extends SpatialDropout {
  constructor(rate: number, options: LayerOptions = {}) {
    super(3, rate, options);
  }
}

/** Adds normal noise while training. */
export class GaussianNoise extends Layer {
  readonly stddev: number;
  override supportsMasking = true;

  constructor(stddev: number, options: LayerOptions = {}) {
    super(options, "gaussian_noise");
    this.stddev = stddev;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    return smartCond<Tensor>(
      this.training(options),
      () => x.add(randomNormal(shapeOf(x), { stddev: this.stddev, dtype: x.dtype.baseDtype })),
      () => x.add(0),
    );
  }
}

/** Multiplies with normal noise around 1 while training. */
export class GaussianDropout extends Layer {
  readonly rate: number;
  override supportsMasking = true;

  constructor(rate: number, options: LayerOptions = {}) {
    super(options, "gaussian_dropout");
    this.rate = rate;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    const noise = (): Tensor => randomNormal(shapeOf(x), { mean: 1, stddev, dtype: x.dtype.baseDtype });
    return smartCond<Tensor>(
      this.training(options),
      () => multiply(x, noise()),
      () => x.add(0),
    );
  }
}

/** Dropout that keeps mean and variance of what SELU gives: dropped elements become -α'. Source: Klambauer et al., "Self-Normalizing Neural Networks". */
export class AlphaDropout extends Layer {
  readonly rate: number;
  override supportsMasking = true;
  readonly #seed: number | null;

  constructor(rate: number, options: DropoutOptions = {}) {
    super(options, "alpha_dropout");
    this.rate = rate;
    this.#seed = options.seed ?? null;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    const low = -1.7580993408473766;
    const drop = (): Tensor => {
      const { dtype } = x;
      const draws = randomUniform(shapeOf(x), { dtype: dtype.baseDtype, ...(this.#seed ? { seed: this.#seed } : {}) });
      const kept = cast(greaterEqual(draws, this.rate), dtype.baseDtype) as Tensor;
      const a = ((1 - this.rate) * (1 + this.rate * low ** 2)) ** -0.5;
      const b = -a * low * this.rate;
      return add(multiply(a, add(multiply(x, kept), multiply(low, kept.rsub(1)))), b);
    };
    if (!(this.rate > 0 && this.rate < 1)) return x;
    return smartCond<Tensor>(this.training(options), drop, () => x.add(0));
  }
}

/** The inputs as they are, with a loss of them: l1 · Σ|x| + l2 · Σx². */
export class ActivityRegularization extends Layer {
  override supportsMasking = true;

  constructor(options: LayerOptions & { readonly l1?: number; readonly l2?: number } = {}) {
    const { l1 = 0, l2 = 0 } = options;
    super({ ...options, activityRegularizer: L1L2({ l1, l2 }) }, "activity_regularization");
  }

  protected override call(inputs: Tensors): Tensors {
    return inputs;
  }
}
