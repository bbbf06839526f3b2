/** `tf.contrib.layers.GDN`: generalized divisive normalization. Source: contrib/layers layers.py. */
import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { registeredGradient } from "../../../graph/op/gradients.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { RegisterGradient } from "../../../ops/custom_gradient.ts";
import {
  biasAdd,
  cast,
  concat,
  constant,
  convolution,
  expandDims,
  eye,
  logicalOr,
  maximum,
  ones,
  reshape,
  shape as shapeOf,
  sqrt,
  square,
  squeeze,
} from "../../../ops/index.ts";
import type { DataFormat } from "../../layers/core.ts";
import { Layer, type LayerOptions } from "../../layers/layer.ts";
import { add, mul, sub, truediv } from "../../operators.ts";
import type { Variable } from "../../variables/variable.ts";

export interface GDNOptions extends LayerOptions {
  /** True multiplies in place of dividing. */
  readonly inverse?: boolean | undefined;
  /** 1e-6. */
  readonly betaMin?: number | undefined;
  /** 0.1. */
  readonly gammaInit?: number | undefined;
  /** 2^-18. */
  readonly reparamOffset?: number | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

const boundName = "GDNLowerBound";

/** max(x, bound), whose gradient also flows below the bound where it leads upwards. */
function lowerBound(given: Variable, bound: Tensor): Tensor {
  const graph = getDefaultGraph();
  if (!registeredGradient(boundName)) {
    RegisterGradient(boundName)((op, dy) => {
      const [x, limit] = op.inputs;
      const passes = logicalOr(x!.greaterEqual(limit!), (dy as Tensor).less(0));
      return [mul(cast(passes, dy.dtype) as Tensor, dy as Tensor), null];
    });
  }
  return graph.nameScope(boundName, (scope) => {
    const inputs = convertToTensor(given, { name: "inputs" });
    const limit = convertToTensor(bound, { name: "bound" });
    return graph.gradientOverrideMap({ Maximum: boundName }, () => maximum(inputs, limit, { name: scope }));
  });
}

/** y_i = x_i / sqrt(beta_i + sum over j of gamma_ij · x_j²), over the channels of inputs of rank 3 to 5. */
export class GDN extends Layer {
  readonly #options: GDNOptions;
  readonly #format: DataFormat;
  beta: Tensor | null = null;
  gamma: Tensor | null = null;

  /** Throws ValueError for another data format. */
  constructor(options: GDNOptions = {}) {
    super(options, "gdn");
    this.#options = options;
    this.#format = options.dataFormat ?? "channels_last";
    if (this.#format !== "channels_last" && this.#format !== "channels_first") {
      throw new ValueError(`Unsupported \`data_format\` for GDN layer: ${this.#format}.`);
    }
    this.inputSpec = { minNdim: 3 };
  }

  protected override build(inputShape: Shape): void {
    const axis = this.#format === "channels_first" ? 1 : -1;
    const channels = inputShape?.at(axis) ?? null;
    if (channels === null) throw new ValueError("The channel dimension of the inputs to `GDN` must be defined.");
    this.inputSpec = { ndim: inputShape!.length, axes: { [axis]: channels } };
    const { betaMin = 1e-6, gammaInit = 0.1, reparamOffset = 2 ** -18 } = this.#options;
    const { dtype } = this;
    const plain = (value: number): Tensor => constant(value, { dtype });
    const pedestal = plain(reparamOffset ** 2);
    const betaBound = plain((betaMin + reparamOffset ** 2) ** 0.5);
    const gammaBound = plain(reparamOffset);
    const beta = this.addWeight("reparam_beta", [channels], {
      dtype,
      initializer: (shape) => {
        const offset = plain(reparamOffset ** 2);
        return sqrt(add(ones(shape, dtype), offset));
      },
    });
    this.beta = sub(square(lowerBound(beta, betaBound)), pedestal);
    const gamma = this.addWeight("reparam_gamma", [channels, channels], {
      dtype,
      initializer: (shape) => {
        const unit = eye(shape[0]!, { dtype });
        const offset = plain(reparamOffset ** 2);
        return sqrt(add(mul(gammaInit, unit), offset));
      },
    });
    this.gamma = sub(square(lowerBound(gamma, gammaBound)), pedestal);
  }

  protected override call(inputs: Tensor): Tensor {
    const rank = inputs.shape!.length;
    const beta = this.beta!;
    const channels = this.gamma!.shape as readonly number[];
    const gamma = reshape(this.gamma!, [...new Array<number>(rank - 2).fill(1), ...channels]);
    let pool: Tensor;
    if (this.#format === "channels_last") {
      pool = biasAdd(convolution(square(inputs), gamma, { padding: "VALID" }), beta, { dataFormat: "NHWC" });
    } else {
      const dataFormat = `NC${"DHW".slice(5 - rank)}` as "NCHW";
      pool = convolution(square(inputs), gamma, { padding: "VALID", dataFormat });
      if (rank === 3) {
        pool = squeeze(biasAdd(expandDims(pool, 2), beta, { dataFormat: "NCHW" }), { axis: [2] });
      } else if (rank === 5) {
        const dims = shapeOf(pool);
        const flat = reshape(pool, concat([dims.at(":3"), convertToTensor([-1])], 0));
        pool = reshape(biasAdd(flat, beta, { dataFormat: "NCHW" }), dims);
      } else pool = biasAdd(pool, beta, { dataFormat: "NCHW" });
    }
    const root = sqrt(pool);
    const outputs = this.#options.inverse ? mul(inputs, root) : truediv(inputs, root);
    outputs.setShape(inputs.shape);
    return outputs;
  }
}

/** A GDN layer applied. */
export const gdn = (inputs: TensorLike, options: GDNOptions = {}): Tensor => {
  const x = convertToTensor(inputs);
  return new GDN({ dtype: x.dtype.baseDtype, ...options }).openScope(options.name).apply(x);
};
