/** `tf.layers`: dense, dropout, flatten. Source: tensorflow/python/layers/core.py, legacy_tf_layers/core.py. */
import { ValueError } from "../../core/error.ts";
import { type Dim, elementCount, formatShapePython, isFull, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  biasAdd,
  constant,
  expandDims,
  identity,
  matmul,
  reshape,
  shape as shapeOf,
  tensordot,
  transpose,
  dropout as withoutSome,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { zerosInitializer } from "../initializers.ts";
import type { InitializerLike, Regularizer } from "../variables/store.ts";
import type { Constraint, Variable } from "../variables/variable.ts";
import { Layer, type LayerOptions, smartCond } from "./layer.ts";

export type Activation = (x: Tensor) => Tensor;

/** What layers with a kernel and a bias have in common. */
export interface WeightedOptions extends LayerOptions {
  /** Applied to the output; none by default. */
  readonly activation?: Activation | null | undefined;
  readonly useBias?: boolean | undefined;
  /** Glorot uniform, or the scope's. */
  readonly kernelInitializer?: InitializerLike | null | undefined;
  /** Zeros. */
  readonly biasInitializer?: InitializerLike | null | undefined;
  readonly kernelRegularizer?: Regularizer | null | undefined;
  readonly biasRegularizer?: Regularizer | null | undefined;
  readonly kernelConstraint?: Constraint | null | undefined;
  readonly biasConstraint?: Constraint | null | undefined;
}

/** Python's order of the arguments of layers with a kernel, behind those of the layer itself. */
export const weightPlaces = [
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "kernelConstraint",
  "biasConstraint",
] as const;
export const kernelPlaces = ["activation", "useBias", ...weightPlaces, "trainable", "name", "reuse"] as const;

/** The bias [n] of a layer, or null without one. */
export function addBias(layer: Layer, n: number, options: WeightedOptions): Variable | null {
  if (options.useBias === false) return null;
  return layer.addWeight("bias", [n], {
    initializer: options.biasInitializer ?? zerosInitializer(),
    regularizer: options.biasRegularizer,
    constraint: options.biasConstraint,
  });
}

interface DenseArguments extends WeightedOptions {
  readonly units: number;
}

/** inputs · kernel + bias over the last axis: [..., m] to [..., units]. */
export class Dense extends Layer {
  readonly units: number;
  readonly #options: WeightedOptions;
  kernel: Variable | null = null;
  bias: Variable | null = null;

  /** Throws ValueError when units is not positive. */
  constructor(...given: Rest<DenseArguments, readonly ["units", ...typeof kernelPlaces]>) {
    const { units, ...options } = byName<DenseArguments>(given, ["units", ...kernelPlaces]);
    super(options, "dense");
    if (!(units > 0)) {
      throw new ValueError(
        `Received an invalid value for \`units\`, expected a positive integer. Received: units=${units}`,
      );
    }
    this.units = units;
    this.#options = options;
    this.inputSpec = { minNdim: 2 };
  }

  protected override build(inputShape: Shape): void {
    const last = inputShape?.at(-1) ?? null;
    if (last === null) {
      throw new ValueError(
        `The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: ${formatShapePython(inputShape)}`,
      );
    }
    this.inputSpec = { minNdim: 2, axes: { [-1]: last } };
    this.kernel = this.addWeight("kernel", [last, this.units], {
      initializer: this.#options.kernelInitializer,
      regularizer: this.#options.kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    this.bias = addBias(this, this.units, this.#options);
  }

  protected override call(inputs: Tensor): Tensor {
    const rank = inputs.shape?.length ?? 2;
    let outputs = rank === 2 ? matmul(inputs, this.kernel!) : tensordot(inputs, this.kernel!, [[rank - 1], [0]]);
    if (rank !== 2) outputs.setShape([...inputs.shape!.slice(0, -1), this.units]);
    if (this.bias) outputs = biasAdd(outputs, this.bias);
    return this.#options.activation ? this.#options.activation(outputs) : outputs;
  }
}

/** inputs · kernel + bias over the last axis: [..., m] to [..., units], with variables `kernel` and `bias`. */
export const dense = byKeyword(
  ["inputs", "units"],
  function dense(inputs: TensorLike, units: number, ...rest: Rest<WeightedOptions, typeof kernelPlaces>): Tensor {
    return new Dense(units, ...rest).openScope().apply(inputs);
  },
);

export interface DropoutLayerOptions extends LayerOptions {
  /** The part that is dropped; 0.5 by default. */
  readonly rate?: TensorLike | undefined;
  /** The shape of what is drawn, broadcast to the inputs; null stands for the inputs' own size. */
  readonly noiseShape?: readonly Dim[] | null | undefined;
  readonly seed?: number | null | undefined;
}

export interface TrainingOptions {
  /** True (or a bool tensor that is) while training. */
  readonly training?: boolean | Tensor | undefined;
}

function full(noiseShape: readonly Dim[], inputs: Tensor): Tensor {
  const dims = shapeOf(inputs);
  return convertToTensor(noiseShape.map((size, i): TensorLike => size ?? dims.at(i)));
}

const dropoutPlaces = ["rate", "noiseShape", "seed", "name"] as const;

/** Drops a part of its inputs while training, and scales the rest. */
export class Dropout extends Layer {
  readonly rate: TensorLike;
  readonly #options: DropoutLayerOptions;

  /** Throws ValueError when a plain rate is not in [0, 1]. */
  constructor(...rest: Rest<DropoutLayerOptions, typeof dropoutPlaces>) {
    const options = byName<DropoutLayerOptions>(rest, dropoutPlaces);
    super(options, "dropout");
    this.rate = options.rate ?? 0.5;
    if (typeof this.rate === "number" && !(this.rate >= 0 && this.rate <= 1)) {
      throw new ValueError(`Invalid value ${this.rate} received for \`rate\`, expected a value between 0 and 1.`);
    }
    this.#options = options;
  }

  protected override call(inputs: Tensor, { training = false }: TrainingOptions): Tensor {
    if (this.rate === 0) return identity(inputs);
    const { noiseShape, seed } = this.#options;
    const some = seed === undefined || seed === null ? {} : { seed };
    return smartCond(
      training,
      () =>
        withoutSome(inputs, {
          rate: this.rate,
          ...(noiseShape ? { noiseShape: full(noiseShape, inputs) } : {}),
          ...some,
        }),
      () => identity(inputs),
    );
  }
}

type DropoutArguments = DropoutLayerOptions & TrainingOptions;

const places = ["rate", "noiseShape", "seed", "training", "name"] as const;

/** Drops a part of the inputs while `training` is true, and scales the rest by 1 / (1 - rate). */
export const dropout = byKeyword(
  ["inputs"],
  function dropout(inputs: TensorLike, ...rest: Rest<DropoutArguments, typeof places>): Tensor {
    const options: DropoutArguments = byName(rest, places);
    return new Dropout(options).apply(inputs, { training: options.training ?? false });
  },
);

export type DataFormat = "channels_last" | "channels_first";

export interface FlattenOptions extends LayerOptions {
  readonly dataFormat?: DataFormat | undefined;
}

/** All axes but the first in one. */
export class Flatten extends Layer {
  readonly #dataFormat: DataFormat;

  constructor(options: FlattenOptions = {}) {
    super(options, "flatten");
    this.#dataFormat = options.dataFormat ?? "channels_last";
    this.inputSpec = { minNdim: 1 };
  }

  protected override call(inputs: Tensor): Tensor {
    const rank = inputs.shape!.length;
    const isMoved = this.#dataFormat === "channels_first" && rank > 1;
    const x = isMoved
      ? transpose(inputs, { perm: [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1] })
      : inputs;
    const batch = x.shape![0];
    const rest: Shape = x.shape!.slice(1);
    if (rank === 1) return expandDims(x, 1);
    if (isFull(rest)) return reshape(x, constant([-1, elementCount(rest)]));
    return reshape(x, typeof batch === "number" ? constant([batch, -1]) : [shapeOf(x).at(0), -1]);
  }
}

const flattenPlaces = ["name", "dataFormat"] as const;

/** [n, ...] to [n, the product of the rest]. */
export const flatten = byKeyword(
  ["inputs"],
  function flatten(inputs: TensorLike, ...rest: Rest<FlattenOptions, typeof flattenPlaces>): Tensor {
    const options = byName<FlattenOptions>(rest, flattenPlaces);
    return new Flatten(options).apply(inputs);
  },
);
