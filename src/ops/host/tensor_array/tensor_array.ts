/** `tf.TensorArray`, with the nodes that TensorFlow makes. Source: tensorflow/python/ops/tensor_array_ops.py, _GraphTensorArray. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { elementAt } from "../../../core/nd_array.ts";
import { compatible, formatShapePython, mergeShapes, type Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { constantValue } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import { cast, identity, range, shape as shapeOf } from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { TensorList } from "./at_once.ts";
import {
  tensorArrayCloseV3Op,
  tensorArrayConcatV3Op,
  tensorArrayGatherV3Op,
  tensorArrayGradV3Op,
  tensorArrayReadV3Op,
  tensorArrayScatterV3Op,
  tensorArraySizeV3Op,
  tensorArraySplitV3Op,
  tensorArrayV3Op,
  tensorArrayWriteV3Op,
} from "./ops.ts";

export interface TensorArrayOptions {
  /** How many elements; needed unless there is a handle. */
  readonly size?: TensorLike | undefined;
  /** Writes beyond the end make it longer. */
  readonly dynamicSize?: boolean | undefined;
  /** Forgets an element when it is read, so that each can be read once; true by default. */
  readonly clearAfterRead?: boolean | undefined;
  readonly tensorArrayName?: string | undefined;
  /** An array that there is already, with its flow. */
  readonly handle?: Tensor | undefined;
  readonly flow?: Tensor | undefined;
  /** All elements have one shape; true by default. */
  readonly inferShape?: boolean | undefined;
  readonly elementShape?: Shape | undefined;
  /** Puts the nodes where the first element written is; true by default. */
  readonly colocateWithFirstWriteCall?: boolean | undefined;
  readonly name?: string | undefined;
}

interface Named {
  readonly name?: string | undefined;
}

const places = [
  "size",
  "dynamicSize",
  "clearAfterRead",
  "tensorArrayName",
  "handle",
  "flow",
  "inferShape",
  "elementShape",
  "colocateWithFirstWriteCall",
  "name",
] as const;

/** What all objects for one array share. */
interface Shared {
  elementShape: Shape;
  /** The first value written; null when colocation was not asked for. */
  first: { tensor: Tensor | null } | null;
  readonly inferShape: boolean;
  readonly isDynamic: boolean;
  readonly size: TensorLike | undefined;
}

/**
 * An array of tensors of one dtype. Each write gives a new object; use that one from then on. Made inside one run, gone after it.
 * Throws ValueError without a size or handle, or with what a handle's array already has.
 */
export class TensorArray {
  readonly dtype!: DType;
  readonly handle!: Tensor;
  readonly flow!: Tensor;
  #shared!: Shared;

  constructor(dtype: DType, ...rest: Rest<TensorArrayOptions, typeof places>) {
    const given: TensorArrayOptions = byName(rest, places);
    checkOptions(given);
    const { size, inferShape = true, elementShape = null, dynamicSize: isDynamic = false } = given;
    if (getDefaultGraph().isEager) {
      const { clearAfterRead = true } = given;
      const list = { size: size!, dynamicSize: isDynamic, clearAfterRead, inferShape, elementShape };
      // biome-ignore lint/correctness/noConstructorReturn: where ops run at once, the same methods on a list
      return new TensorList(dtype, list) as unknown as TensorArray;
    }
    this.dtype = dtype.baseDtype;
    this.#shared = {
      elementShape,
      inferShape,
      isDynamic,
      size,
      first: (given.colocateWithFirstWriteCall ?? true) ? { tensor: null } : null,
    };
    const { handle, flow } = getDefaultGraph().nameScope(given.name ?? "TensorArray", (scope) =>
      given.handle ? { handle: given.handle, flow: given.flow! } : this.#make(given, scope),
    );
    this.handle = handle;
    this.flow = flow;
  }

  #make(options: TensorArrayOptions, scope: string): { readonly handle: Tensor; readonly flow: Tensor } {
    const graph = getDefaultGraph();
    const make = () =>
      tensorArrayV3Op(
        {
          size: options.size!,
          dtype: this.dtype,
          element_shape: this.#shared.elementShape,
          identical_element_shapes: this.#shared.inferShape,
          dynamic_size: this.#shared.isDynamic,
          clear_after_read: options.clearAfterRead ?? true,
          tensor_array_name: options.tensorArrayName ?? "",
        },
        scope,
      );
    if (!this.#shared.first) return make();
    return graph.device(null, () => graph.colocateWith(null, make, { ignoreExisting: true }));
  }

  get elementShape(): Shape {
    return this.#shared.elementShape;
  }

  get dynamicSize(): boolean {
    return this.#shared.isDynamic;
  }

  /** This array after what the flow waits for. */
  withFlow(flow: Tensor): TensorArray {
    const { inferShape } = this.#shared;
    const next = new TensorArray(this.dtype, { handle: this.handle, flow, inferShape });
    next.#shared = this.#shared;
    return next;
  }

  /** This array after the control dependencies of where this is called. */
  identity(): TensorArray {
    return this.withFlow(identity(this.flow));
  }

  /** The array of its gradients for one call of `gradients`, which the source names. */
  grad(source: string, options: Named & { readonly flow?: Tensor } = {}): TensorArray {
    const graph = getDefaultGraph();
    const { flow = this.flow, name } = options;
    return graph.nameScope(name ?? "TensorArrayGrad", () =>
      graph.colocateWith(this.handle, () => {
        const { grad_handle: handle } = tensorArrayGradV3Op({ handle: this.handle, source, flow_in: flow }, name);
        const after = graph.controlDependencies([handle], () => identity(flow, { name: "gradient_flow" }));
        const gradients = new TensorArray(this.dtype, {
          handle,
          flow: after,
          inferShape: this.#shared.inferShape,
          colocateWithFirstWriteCall: false,
        });
        gradients.#shared = { ...this.#shared, isDynamic: false, size: undefined, first: null };
        return gradients;
      }),
    );
  }

  /** The element at an index; with clearAfterRead it can be read once. */
  read(index: TensorLike, options: Named = {}): Tensor {
    const record = { handle: this.handle, index, flow_in: this.flow, dtype: this.dtype };
    return this.#withElementShape(tensorArrayReadV3Op(record, options.name), []);
  }

  #withElementShape(tensor: Tensor, outer: readonly (number | null)[]): Tensor {
    const { elementShape } = this.#shared;
    if (elementShape) tensor.setShape([...outer, ...elementShape]);
    return tensor;
  }

  /** Throws ValueError for a value of another shape than the elements have. */
  write(index: TensorLike, value: TensorLike, options: Named = {}): TensorArray {
    return getDefaultGraph().nameScope(options.name ?? "TensorArrayWrite", () => {
      const tensor = convertToTensor(value, { preferredDtype: this.dtype, name: "value" });
      this.#checkElement(tensor.shape);
      const flow = this.#colocated(tensor, () =>
        tensorArrayWriteV3Op({ handle: this.handle, index, value: tensor, flow_in: this.flow }, options.name),
      );
      return this.withFlow(flow);
    });
  }

  #checkElement(shape: Shape): void {
    const known = this.#shared.elementShape;
    if (!compatible(shape, known)) {
      throw new ValueError(
        `Inconsistent shapes: saw ${formatShapePython(shape)} but expected ${formatShapePython(known)} `,
      );
    }
    if (this.#shared.inferShape) this.#shared.elementShape = mergeShapes(known, shape);
  }

  #colocated<R>(value: Tensor, fn: () => R): R {
    const { first } = this.#shared;
    if (!first) return fn();
    first.tensor ??= value;
    return getDefaultGraph().colocateWith(first.tensor, fn);
  }

  /** All elements as the rows of one tensor: [size, ...]. */
  stack(options: Named = {}): Tensor {
    const graph = getDefaultGraph();
    return graph.colocateWith(this.handle, () =>
      graph.nameScope(options.name ?? "TensorArrayStack", () => {
        const value = this.gather(range(0, this.size()), options);
        const { size, isDynamic } = this.#shared;
        return isDynamic || size === undefined ? value : this.#withElementShape(value, [constantSize(size)]);
      }),
    );
  }

  /** The elements at the indices as the rows of one tensor. */
  gather(indices: TensorLike, options: Named = {}): Tensor {
    const { elementShape: element_shape } = this.#shared;
    const record = { handle: this.handle, indices, flow_in: this.flow, dtype: this.dtype, element_shape };
    return this.#withElementShape(tensorArrayGatherV3Op(record, options.name), [null]);
  }

  /** All elements after each other along their first dimension. */
  concat(options: Named = {}): Tensor {
    const { elementShape, inferShape } = this.#shared;
    const except0 = elementShape && elementShape.slice(1);
    const record = { handle: this.handle, flow_in: this.flow, dtype: this.dtype, element_shape_except0: except0 };
    const { value } = tensorArrayConcatV3Op(record, options.name);
    if (!except0) return value;
    const size = inferShape ? constantSize(this.size()) : null;
    const length = elementShape[0] ?? null;
    value.setShape([size === null || length === null ? null : size * length, ...except0]);
    return value;
  }

  /** Element i = row i of the value. */
  unstack(value: TensorLike, options: Named = {}): TensorArray {
    return getDefaultGraph().nameScope(options.name ?? "TensorArrayUnstack", () => {
      const count = shapeOf(value).at(0);
      return this.scatter(range(0, count), value, options);
    });
  }

  /** Element indices[i] = row i of the value. */
  scatter(indices: TensorLike, value: TensorLike, options: Named = {}): TensorArray {
    return getDefaultGraph().nameScope(options.name ?? "TensorArrayScatter", () => {
      const tensor = convertToTensor(value, { preferredDtype: this.dtype, name: "value" });
      this.#checkElement(tensor.shape && tensor.shape.slice(1));
      const flow = this.#colocated(tensor, () =>
        tensorArrayScatterV3Op({ handle: this.handle, indices, value: tensor, flow_in: this.flow }, options.name),
      );
      return this.withFlow(flow);
    });
  }

  /** Element i = the next lengths[i] rows of the value. */
  split(value: TensorLike, lengths: TensorLike, options: Named = {}): TensorArray {
    return getDefaultGraph().nameScope(options.name ?? "TensorArraySplit", () => {
      const tensor = convertToTensor(value, { dtype: this.dtype, name: "value" });
      const flow = this.#colocated(tensor, () => {
        const lengths64 = cast(lengths, int64);
        this.#checkLengths(tensor.shape, lengths64);
        const record = { handle: this.handle, value: tensor, lengths: lengths64, flow_in: this.flow };
        return tensorArraySplitV3Op(record, options.name);
      });
      return this.withFlow(flow);
    });
  }

  #checkLengths(shape: Shape, lengths: Tensor): void {
    const known = constantValue(lengths);
    if (!shape || !known || known.shape.length === 0 || known.size === 0) return;
    const counts = Array.from(known.data as BigInt64Array, Number);
    if (counts.every((count) => count === counts[0])) this.#checkElement([counts[0]!, ...shape.slice(1)]);
  }

  size(options: Named = {}): Tensor {
    const { isDynamic, size } = this.#shared;
    if (!isDynamic && size !== undefined) return convertToTensor(size, { dtype: int32 });
    return tensorArraySizeV3Op({ handle: this.handle, flow_in: this.flow }, options.name);
  }

  close(options: Named = {}): Operation {
    return tensorArrayCloseV3Op({ handle: this.handle }, options.name);
  }
}

/** A size that is known while building, else null. */
function constantSize(size: TensorLike): number | null {
  if (!isSymbolic(size)) return Number(size);
  const known = constantValue(convertToTensor(size));
  return known ? Number(elementAt(known, 0)) : null;
}

function checkOptions(options: TensorArrayOptions): void {
  const { handle, size } = options;
  if (handle === undefined) {
    if (size === undefined) throw new ValueError("Argument `size` must be provided if handle is not provided.");
    return;
  }
  if (options.tensorArrayName) {
    throw new ValueError("Cannot provide both `handle` and `tensor_array_name` arguments at the same time.");
  }
  if (!(handle instanceof Tensor)) {
    throw new TypeError(
      `Expected \`handle\` to be a Tensor, but got \`${handle}\` of type \`${typeof handle}\` instead.`,
    );
  }
  if (size !== undefined) throw new ValueError("Cannot provide both a `handle` and `size` arguments at the same time.");
  const others = [
    ["element_shape", options.elementShape],
    ["dynamic_size", options.dynamicSize],
    ["clear_after_read", options.clearAfterRead],
  ] as const;
  for (const [name, value] of others) {
    if (value !== undefined)
      throw new ValueError(`Cannot provide both \`handle\` and \`${name}\` arguments at the same time.`);
  }
  if (!options.flow) throw new ValueError("flow must not be None if handle is not None.");
}
