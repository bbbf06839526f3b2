/** Variables cut into parts along one axis, and the functions that say how. Source: variables.py, partitioned_variables.py. */
import { type DType, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { asTensor, type Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { concat, identity, split } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Partitioner } from "./store.ts";
import type { Updated } from "./updated.ts";
import type { AssignOptions, Variable } from "./variable.ts";

/** A whole in parts; stands in expressions for the parts joined. */
export class PartitionedVariable implements TensorConvertible {
  readonly name: string;
  readonly shape: FullShape;
  readonly dtype: DType;
  readonly partitions: readonly number[];
  readonly #parts: readonly Variable[];

  constructor(name: string, shape: FullShape, dtype: DType, parts: readonly Variable[], partitions: readonly number[]) {
    if (parts.length === 0) throw new ValueError("variable_list may not be empty");
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
    this.partitions = partitions;
    this.#parts = parts;
  }

  get length(): number {
    return this.#parts.length;
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#parts[Symbol.iterator]();
  }

  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }

  get #axis(): number {
    return Math.max(
      0,
      this.partitions.findIndex((n) => n > 1),
    );
  }

  /** The parts joined, outside all control dependencies. */
  asTensor(): Tensor {
    const graph = getDefaultGraph();
    return graph.controlDependencies(null, () => {
      if (this.#parts.length === 1) return graph.nameScope(null, () => identity(this.#parts[0]!, { name: this.name }));
      const joined = graph.nameScope(`${this.name}/ConcatPartitions/`, () => concat([...this.#parts], this.#axis));
      return graph.nameScope(null, () => identity(joined, { name: this.name }));
    });
  }

  [asTensor](options: { dtype?: DType | undefined; asRef?: boolean } = {}): Tensor {
    if (options.dtype && options.dtype.baseDtype !== this.dtype) {
      throw new ValueError(
        `Incompatible type conversion requested to type '${options.dtype.name}' for variable of type '${this.dtype.name}'`,
      );
    }
    if (options.asRef) throw new ValueError("PartitionedVariable doesn't support being used as a reference.");
    return this.asTensor();
  }

  #onParts(value: TensorLike | PartitionedVariable, update: (part: Variable, value: TensorLike) => Updated): Updated[] {
    const values: readonly TensorLike[] =
      value instanceof PartitionedVariable
        ? [...value]
        : split(
            value,
            this.#parts.map((part) => part.shape![this.#axis] as number),
            { axis: this.#axis },
          );
    return this.#parts.map((part, i) => update(part, values[i]!));
  }

  /** Assigns the pieces of value to the parts. */
  assign(value: TensorLike | PartitionedVariable, options?: AssignOptions): Updated[] {
    return this.#onParts(value, (part, piece) => part.assign(piece, options));
  }

  assignAdd(value: TensorLike | PartitionedVariable, options?: AssignOptions): Updated[] {
    return this.#onParts(value, (part, piece) => part.assignAdd(piece, options));
  }

  assignSub(value: TensorLike | PartitionedVariable, options?: AssignOptions): Updated[] {
    return this.#onParts(value, (part, piece) => part.assignSub(piece, options));
  }

  toString(): string {
    return `<tf.PartitionedVariable '${this.name}' of ${this.#parts.length} parts>`;
  }
}

const fixedPlaces = ["axis"] as const;

/** Cuts `axis` (0 by default) into this many parts, fewer where it is shorter. */
export function fixedSizePartitioner(
  numShards: number,
  ...rest: Rest<{ readonly axis?: number }, typeof fixedPlaces>
): Partitioner {
  const { axis = 0 } = byName<{ readonly axis?: number }>(rest, fixedPlaces);
  return (shape) => shape.map((d, i) => (i === axis ? Math.min(numShards, d) : 1));
}

interface AxisSizeOptions {
  readonly axis?: number;
  readonly bytesPerStringElement?: number;
  readonly maxShards?: number | null;
}

const axisSizePlaces = ["axis", "bytesPerStringElement", "maxShards"] as const;

/** Cuts `axis` so that no part takes more than maxShardBytes. Throws ValueError for sizes or counts below 1. */
export function variableAxisSizePartitioner(
  maxShardBytes: number,
  ...rest: Rest<AxisSizeOptions, typeof axisSizePlaces>
): Partitioner {
  const { axis = 0, bytesPerStringElement = 16, maxShards } = byName<AxisSizeOptions>(rest, axisSizePlaces);
  if (maxShardBytes < 1 || bytesPerStringElement < 1) {
    throw new ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.");
  }
  if (typeof maxShards === "number" && maxShards < 1) throw new ValueError("max_shards must be positive.");
  return (shape, dtype) => {
    const elementBytes = dtype === string ? bytesPerStringElement : dtype.sizeBytes;
    const sliceBytes = (elementCount(shape) / shape[axis]!) * elementBytes;
    const slicesPerShard = Math.max(1, Math.floor(maxShardBytes / sliceBytes));
    const shards = Math.min(maxShards ?? Number.POSITIVE_INFINITY, Math.ceil(shape[axis]! / slicesPerShard));
    return shape.map((_, i) => (i === axis ? shards : 1));
  };
}

interface MinMaxOptions {
  readonly maxPartitions?: number;
  readonly axis?: number;
  readonly minSliceSize?: number;
  readonly bytesPerStringElement?: number;
}

const minMaxPlaces = ["maxPartitions", "axis", "minSliceSize", "bytesPerStringElement"] as const;

/** Cuts `axis` into at most maxPartitions parts of at least minSliceSize bytes (256 KiB). */
export function minMaxVariablePartitioner(...rest: Rest<MinMaxOptions, typeof minMaxPlaces>): Partitioner {
  const options = byName<MinMaxOptions>(rest, minMaxPlaces);
  const { maxPartitions = 1, axis = 0, minSliceSize = 256 << 10, bytesPerStringElement = 16 } = options;
  return (shape, dtype) => {
    if (axis >= shape.length)
      throw new ValueError(`Cannot partition variable along axis ${axis} when shape is only ${shape.length}`);
    const bytes = elementCount(shape) * (dtype === string ? bytesPerStringElement : dtype.sizeBytes);
    const parts = Math.min(shape[axis]!, maxPartitions, Math.max(1, Math.ceil(bytes / minSliceSize)));
    return shape.map((_, i) => (i === axis ? Math.max(1, parts) : 1));
  };
}
