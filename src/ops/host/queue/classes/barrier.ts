/** `tf.Barrier`: elements whose components come at different times. Source: data_flow_ops.py, Barrier */
import type { DType } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { formatShapePython, type Shape } from "../../../../core/shape.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import {
  barrierCloseOp,
  barrierIncompleteSizeOp,
  barrierInsertManyOp,
  barrierOp,
  barrierReadySizeOp,
  barrierTakeManyOp,
} from "../barrier.ts";
import { dtypeList, type Named, type ShapesOption, shapeList } from "./base.ts";

export interface BarrierOptions extends Named {
  readonly shapes?: ShapesOption | undefined;
  readonly sharedName?: string | undefined;
}

export class Barrier {
  readonly barrierRef: Tensor;
  readonly #types: readonly DType[];
  readonly #shapes: readonly Shape[];
  readonly #shortName: string;

  constructor(types: DType | readonly DType[], options: BarrierOptions = {}) {
    this.#types = dtypeList(types);
    const shapes = shapeList(options.shapes);
    for (const [i, shape] of (shapes ?? []).entries()) {
      if (shape?.includes(0)) {
        throw new ValueError(
          `Empty tensors are not supported, but received shape '${formatShapePython(shape)}' at index ${i}`,
        );
      }
    }
    this.#shapes = shapes ?? this.#types.map(() => null);
    this.barrierRef = barrierOp(
      { component_types: this.#types, shapes: this.#shapes, shared_name: options.sharedName ?? "" },
      options.name ?? "barrier",
    );
    this.#shortName = this.barrierRef.op.name.split("/").at(-1)!;
  }

  get name(): string {
    return this.barrierRef.op.name;
  }

  /** Row i of values is component `componentIndex` of the element of keys[i]. */
  insertMany(componentIndex: number, keys: TensorLike, values: TensorLike, options: Named = {}): Operation {
    return barrierInsertManyOp(
      { handle: this.barrierRef, keys, values, component_index: componentIndex },
      options.name || `${this.#shortName}_BarrierInsertMany`,
    );
  }

  /** Complete elements: indices, keys, and a batch for each component. Waits for as many. */
  takeMany(
    numElements: TensorLike,
    options: Named & { readonly allowSmallBatch?: boolean | undefined; readonly timeout?: number | undefined } = {},
  ): { indices: Tensor; keys: Tensor; values: readonly Tensor[] } {
    const { allowSmallBatch = false, timeout } = options;
    const taken = barrierTakeManyOp(
      {
        handle: this.barrierRef,
        num_elements: numElements,
        component_types: this.#types,
        allow_small_batch: allowSmallBatch,
        ...(timeout === undefined ? {} : { timeout_ms: timeout }),
      },
      options.name || `${this.#shortName}_BarrierTakeMany`,
    );
    const size = allowSmallBatch ? null : constantValue(taken.indices.op.inputs[1]!);
    const rows = size ? Number(elementAt(size, 0)) : null;
    taken.indices.setShape([rows]);
    taken.keys.setShape([rows]);
    for (const [i, value] of taken.values.entries()) {
      const shape = this.#shapes[i]!;
      value.setShape(shape === null ? null : [rows, ...shape]);
    }
    return taken;
  }

  close(options: Named & { readonly cancelPendingEnqueues?: boolean | undefined } = {}): Operation {
    return barrierCloseOp(
      { handle: this.barrierRef, cancel_pending_enqueues: options.cancelPendingEnqueues ?? false },
      options.name || `${this.#shortName}_BarrierClose`,
    );
  }

  readySize(options: Named = {}): Tensor {
    return barrierReadySizeOp({ handle: this.barrierRef }, options.name || `${this.#shortName}_BarrierReadySize`);
  }

  incompleteSize(options: Named = {}): Tensor {
    return barrierIncompleteSizeOp(
      { handle: this.barrierRef },
      options.name || `${this.#shortName}_BarrierIncompleteSize`,
    );
  }
}
