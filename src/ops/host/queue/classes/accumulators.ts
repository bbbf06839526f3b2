/** `tf.ConditionalAccumulator` and its sparse form: gradients added up until there are enough. Source: data_flow_ops.py */
import { type DType, int64 } from "../../../../core/dtype.ts";
import type { Shape } from "../../../../core/shape.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import {
  accumulatorNumAccumulatedOp,
  accumulatorSetGlobalStepOp,
  resourceAccumulatorApplyGradientOp,
  resourceAccumulatorNumAccumulatedOp,
  resourceAccumulatorSetGlobalStepOp,
  resourceAccumulatorTakeGradientOp,
  resourceConditionalAccumulatorOp,
} from "../accumulator.ts";
import {
  sparseAccumulatorApplyGradientOp,
  sparseAccumulatorTakeGradientOp,
  sparseConditionalAccumulatorOp,
} from "../sparse_accumulator.ts";
import { assertCompatible, type Named } from "./base.ts";

export interface AccumulatorOptions extends Named {
  readonly shape?: Shape | undefined;
  readonly sharedName?: string | undefined;
  readonly reductionType?: "MEAN" | "SUM" | undefined;
}

interface ApplyOptions extends Named {
  /** The step that the gradient was computed at; older ones than the accumulator's are dropped. */
  readonly localStep?: TensorLike | undefined;
}

const step = (value: TensorLike): Tensor => tf.cast(convertToTensor(value), int64);

/** What both kinds have in common. */
export class ConditionalAccumulatorBase {
  readonly dtype: DType;
  readonly accumulatorRef: Tensor;
  readonly shape: Shape;

  constructor(dtype: DType, shape: Shape, accumulatorRef: Tensor) {
    this.dtype = dtype;
    this.shape = shape;
    this.accumulatorRef = accumulatorRef;
  }

  get name(): string {
    return this.accumulatorRef.op.name.split("/").at(-1)!;
  }

  /** How many gradients are in it. */
  numAccumulated(options: Named = {}): Tensor {
    const name = options.name || `${this.name}_NumAccumulated`;
    return resourceAccumulatorNumAccumulatedOp({ handle: this.accumulatorRef }, name);
  }

  setGlobalStep(newGlobalStep: TensorLike, options: Named = {}): Operation {
    const inputs = { handle: this.accumulatorRef, new_global_step: step(newGlobalStep) };
    return resourceAccumulatorSetGlobalStepOp(inputs, options.name);
  }
}

export class ConditionalAccumulator extends ConditionalAccumulatorBase {
  constructor(dtype: DType, options: AccumulatorOptions = {}) {
    const { shape = null, sharedName = "", name = "conditional_accumulator", reductionType = "MEAN" } = options;
    const attrs = { dtype, shape, shared_name: sharedName, reduction_type: reductionType };
    super(dtype, shape, resourceConditionalAccumulatorOp(attrs, name));
  }

  applyGrad(grad: TensorLike, options: ApplyOptions = {}): Operation {
    const gradient = convertToTensor(grad, { dtype: this.dtype });
    assertCompatible(gradient.shape, this.shape);
    const inputs = { handle: this.accumulatorRef, local_step: step(options.localStep ?? 0), gradient };
    return resourceAccumulatorApplyGradientOp(inputs, options.name);
  }

  /** The mean or sum; waits for numRequired gradients. */
  takeGrad(numRequired: TensorLike, options: Named = {}): Tensor {
    const average = resourceAccumulatorTakeGradientOp(
      { handle: this.accumulatorRef, num_required: numRequired, dtype: this.dtype },
      options.name,
    );
    average.setShape(this.shape);
    return average;
  }
}

export class SparseConditionalAccumulator extends ConditionalAccumulatorBase {
  constructor(dtype: DType, options: AccumulatorOptions = {}) {
    const { shape = null, sharedName = "", name = "sparse_conditional_accumulator", reductionType = "MEAN" } = options;
    const attrs = { dtype, shape, shared_name: sharedName, reduction_type: reductionType };
    super(dtype, shape, sparseConditionalAccumulatorOp(attrs, name));
  }

  applyIndexedSlicesGrad(grad: IndexedSlices, options: ApplyOptions = {}): Operation {
    return this.applyGrad(grad.indices, grad.values, { ...options, gradShape: grad.denseShape ?? undefined });
  }

  applyGrad(
    gradIndices: TensorLike,
    gradValues: TensorLike,
    options: ApplyOptions & { readonly gradShape?: TensorLike | undefined } = {},
  ): Operation {
    const { gradShape, localStep = 0, name } = options;
    return sparseAccumulatorApplyGradientOp(
      {
        handle: this.accumulatorRef,
        local_step: step(localStep),
        gradient_indices: tf.cast(gradIndices, int64),
        gradient_values: gradValues,
        gradient_shape: tf.cast(gradShape ?? [], int64),
        has_known_shape: gradShape !== undefined,
      },
      name,
    );
  }

  takeGrad(numRequired: TensorLike, options: Named = {}): { indices: Tensor; values: Tensor; shape: Tensor } {
    const inputs = { handle: this.accumulatorRef, num_required: numRequired, dtype: this.dtype };
    return sparseAccumulatorTakeGradientOp(inputs, options.name);
  }

  takeIndexedSlicesGrad(numRequired: TensorLike, options: Named = {}): IndexedSlices {
    const { indices, values, shape } = this.takeGrad(numRequired, options);
    return new IndexedSlices(values, indices, shape);
  }

  override numAccumulated(options: Named = {}): Tensor {
    const name = options.name || `${this.name}_NumAccumulated`;
    return accumulatorNumAccumulatedOp({ handle: this.accumulatorRef }, name);
  }

  override setGlobalStep(newGlobalStep: TensorLike, options: Named = {}): Operation {
    const inputs = { handle: this.accumulatorRef, new_global_step: step(newGlobalStep) };
    return accumulatorSetGlobalStepOp(inputs, options.name);
  }
}
