/** `tf.keras.layers`: the plain ones. Source: tf_keras/src/layers/core, regularization, reshaping. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  cast,
  expandDims,
  multiply,
  notEqual,
  reduceAny,
  reshape,
  shape as shapeOf,
  tile,
  transpose,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { Dense as CoreDense, Flatten as CoreFlatten, type DataFormat } from "../../layers/core.ts";
import { type ActivationLike, getActivation } from "../activations.ts";
import { Delegated, resolved, type WeightedOptions, weightedPlaces } from "./delegated.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors } from "./layer.ts";

/** inputs · kernel + bias over the last axis: [..., m] to [..., units]. */
export class Dense extends Delegated<CoreDense> {
  readonly units: number;
  override supportsMasking = true;

  constructor(units: number, ...rest: Rest<WeightedOptions, typeof weightedPlaces>) {
    const options = byName<WeightedOptions>(rest, weightedPlaces);
    super(options, "dense", (common) => new CoreDense(units, { ...resolved(options), ...common }));
    this.units = units;
  }

  get kernel() {
    return this.core.kernel;
  }

  get bias() {
    return this.core.bias;
  }
}

/** A function of the inputs' elements. */
export class Activation extends Layer {
  readonly activation: (x: Tensor) => Tensor;
  override supportsMasking = true;

  constructor(activation: ActivationLike, options: LayerOptions = {}) {
    super(options, "activation");
    this.activation = getActivation(activation);
  }

  protected override call(inputs: Tensors): Tensors {
    return this.activation(inputs as Tensor);
  }
}

export interface FlattenOptions extends LayerOptions {
  readonly dataFormat?: DataFormat | undefined;
}

/** All axes but the first in one. */
export class Flatten extends Delegated<CoreFlatten> {
  constructor(...rest: Rest<FlattenOptions, ["dataFormat"]>) {
    const options = byName<FlattenOptions>(rest, ["dataFormat"]);
    super(options, "flatten", (common) => new CoreFlatten({ dataFormat: options.dataFormat, ...common }));
  }
}

/** Each example in another shape; one size may be -1. */
export class Reshape extends Layer {
  readonly targetShape: readonly number[];

  constructor(targetShape: readonly number[], options: LayerOptions = {}) {
    super(options, "reshape");
    this.targetShape = targetShape;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const rest = x.shape?.slice(1);
    const known = this.targetShape.filter((size) => size >= 0).reduce((a, b) => a * b, 1);
    const hasWildcard = this.targetShape.includes(-1);
    if (rest?.every((d) => d !== null)) {
      const count = rest.reduce((a: number, b) => a * b!, 1);
      if (hasWildcard ? count % known !== 0 : count !== known) {
        throw new ValueError(
          `total size of new array must be unchanged, input_shape = [${rest.join(", ")}], output_shape = [${this.targetShape.join(", ")}]`,
        );
      }
      const sizes = this.targetShape.map((size) => (size < 0 ? count / known : size));
      const y = reshape(x, [shapeOf(x).at(0), ...sizes]);
      y.setShape([x.shape![0]!, ...sizes]);
      return y;
    }
    return reshape(x, [shapeOf(x).at(0), ...this.targetShape]);
  }
}

/** The axes of each example in another order; axes count from 1. */
export class Permute extends Layer {
  readonly dims: readonly number[];

  /** Throws ValueError when dims are not 1 … n in some order. */
  constructor(dims: readonly number[], options: LayerOptions = {}) {
    super(options, "permute");
    if ([...dims].sort((a, b) => a - b).some((d, i) => d !== i + 1)) {
      throw new ValueError(
        `Invalid permutation argument \`dims\` for Permute Layer. The set of indices in \`dims\` must be consecutive and start from 1. Received dims=(${dims.join(", ")})`,
      );
    }
    this.dims = dims;
  }

  protected override call(inputs: Tensors): Tensors {
    return transpose(inputs as Tensor, { perm: [0, ...this.dims] });
  }
}

/** [n, c] to [n, times, c]. */
export class RepeatVector extends Layer {
  readonly n: number;

  constructor(n: number, options: LayerOptions = {}) {
    super(options, "repeat_vector");
    this.n = n;
  }

  protected override call(inputs: Tensors): Tensors {
    return tile(expandDims(inputs as Tensor, 1), [1, this.n, 1]);
  }
}

/** The inputs as they are. */
export class Identity extends Layer {
  override supportsMasking = true;

  constructor(options: LayerOptions = {}) {
    super(options, "identity");
  }

  protected override call(inputs: Tensors): Tensors {
    return inputs;
  }
}

/** What a function makes of the inputs. Variables that it makes are not the layer's. */
export class Lambda extends Layer {
  readonly #fn: (inputs: never, options: CallOptions) => Tensors;

  constructor(fn: (inputs: never, options: CallOptions) => Tensors, options: LayerOptions = {}) {
    super(options, "lambda");
    this.#fn = fn;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    return this.#fn(inputs as never, options);
  }
}

interface MaskingOptions extends LayerOptions {
  readonly maskValue?: number | undefined;
}

/** Leaves out the steps of which all numbers equal maskValue. */
export class Masking extends Layer {
  readonly maskValue: number;
  override supportsMasking = true;

  constructor(...rest: Rest<MaskingOptions, ["maskValue"]>) {
    const options = byName<MaskingOptions>(rest, ["maskValue"]);
    super(options, "masking");
    this.maskValue = options.maskValue ?? 0;
  }

  protected override computeMask(inputs: Tensors): Tensor {
    return reduceAny(notEqual(inputs as Tensor, this.maskValue), { axis: -1 });
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const kept = reduceAny(notEqual(x, this.maskValue), { axis: -1, keepdims: true });
    return multiply(x, cast(kept, x.dtype.baseDtype) as Tensor);
  }
}
