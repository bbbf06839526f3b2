/** Gradients of Conv2D that take the input and the filter themselves for their shapes. Source: nn_ops.cc, conv_grad_input_ops.cc. */
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { OpDefinition } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { attrs, conv2DBackpropFilterOp, conv2DBackpropInputOp } from "./conv2d.ts";
import { convOp } from "./fused_pad.ts";

const sizesOf = (p: Lowering, value: Value): Value => p.list(value.shape);

type Record = Parameters<NonNullable<OpDefinition["lower"]>>[1];
const lowered = (definition: OpDefinition, p: Lowering, record: Record, node: never): Value =>
  definition.lower!(p, record, node) as Value;

/** output = the gradient of Conv2D for its input. */
export const conv2DBackpropInputV2Op = defineOp("Conv2DBackpropInputV2", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double, int32}", ...attrs],
  shape: ({ input }) => [input],
  lower: (p, op, node) =>
    lowered(conv2DBackpropInputOp.definition, p, { ...op, input_sizes: sizesOf(p, op.input) }, node as never),
  gradient: "unregistered",
});

/** output = the gradient of Conv2D for its filter. */
export const conv2DBackpropFilterV2Op = defineOp("Conv2DBackpropFilterV2", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double}", ...attrs],
  shape: ({ filter }) => [filter],
  lower: (p, op, node) =>
    lowered(conv2DBackpropFilterOp.definition, p, { ...op, filter_sizes: sizesOf(p, op.filter) }, node as never),
  gradient: "unregistered",
});

export interface ConvBackpropOptions {
  readonly useCudnnOnGpu?: boolean | undefined;
  readonly explicitPaddings?: readonly number[] | undefined;
  readonly dataFormat?: string | undefined;
  readonly dilations?: readonly number[] | undefined;
  readonly name?: string | null | undefined;
}

const order = ["useCudnnOnGpu", "explicitPaddings", "dataFormat", "dilations", "name"] as const;
type BackpropRest = Rest<ConvBackpropOptions, typeof order>;

const backprop =
  (make: typeof conv2DBackpropInputV2Op | typeof conv2DBackpropFilterV2Op) =>
  (
    input: TensorLike,
    filter: TensorLike,
    outBackprop: TensorLike,
    strides: readonly number[],
    padding: string,
    ...rest: BackpropRest
  ): Tensor => {
    const options: ConvBackpropOptions = byName(rest, order);
    const { useCudnnOnGpu = true, explicitPaddings = [], dataFormat = "NHWC", dilations = [1, 1, 1, 1] } = options;
    const record = {
      input,
      filter,
      out_backprop: outBackprop,
      strides,
      use_cudnn_on_gpu: useCudnnOnGpu,
      padding,
      explicit_paddings: explicitPaddings,
      data_format: dataFormat,
      dilations,
    };
    return make(record, options.name || undefined);
  };

/** The gradient of a convolution [n, h, w, c] * [kh, kw, c, o] for its input, whose values do not matter. */
export const conv2dBackpropInputV2 = backprop(conv2DBackpropInputV2Op);

/** The gradient of a convolution for its filter, whose values do not matter. */
export const conv2dBackpropFilterV2 = backprop(conv2DBackpropFilterV2Op);

export interface ConvOptions {
  readonly explicitPaddings?: readonly number[] | undefined;
  /** CHANNELS_LAST by default. */
  readonly dataFormat?: string | undefined;
  /** One for each dimension of the input; ones by default. */
  readonly dilations?: readonly number[] | undefined;
  readonly batchDims?: number | undefined;
  readonly groups?: number | undefined;
  readonly name?: string | null | undefined;
}

const convOrder = ["explicitPaddings", "dataFormat", "dilations", "batchDims", "groups", "name"] as const;

/** The convolution of images [n, h, w, c] or volumes [n, d, h, w, c], by the rank of the input. */
export const conv = byKeyword(
  ["input", "filter", "strides", "padding"],
  function conv(
    input: TensorLike,
    filter: TensorLike,
    strides: readonly number[],
    padding: string,
    ...rest: Rest<ConvOptions, typeof convOrder>
  ): Tensor {
    const options: ConvOptions = byName(rest, convOrder);
    return convOp(
      {
        input,
        filter,
        strides,
        padding,
        explicit_paddings: options.explicitPaddings ?? [],
        data_format: options.dataFormat ?? "CHANNELS_LAST",
        dilations: options.dilations ?? [],
        batch_dims: options.batchDims ?? 1,
        groups: options.groups ?? 1,
      },
      options.name || undefined,
    );
  },
);
