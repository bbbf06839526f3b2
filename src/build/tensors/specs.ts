/** What is known of a value before it is there: tf.TensorSpec and its kin. Source: tensor.py (TensorSpec), sparse_tensor.py, indexed_slices.py. */
import { type DType, float32, int64 } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { printValue } from "../../core/print.ts";
import { compatible, formatShapePython, type Shape } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { plainShape, TensorShape } from "../../graph/tensor_shape.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import { TensorArray } from "../../ops/index.ts";
import { asDtype } from "./convert.ts";

type ShapeLike = Parameters<typeof plainShape>[0];

const namesOf = (dtype: DType): string => `tf.${dtype.name}`;

const shapeRepr = (shape: Shape): string => new TensorShape(shape).repr();

/** The description of a value. Two are equal when they print alike. */
export abstract class TypeSpec {
  /** Python's repr(). */
  abstract repr(): string;

  /** Can this be a value, or the description of one, that the spec describes? */
  abstract isCompatibleWith(value: unknown): boolean;

  equals(other: unknown): boolean {
    return other instanceof TypeSpec && other.repr() === this.repr();
  }

  toString(): string {
    return this.repr();
  }

  [inspectKey](): string {
    return this.repr();
  }
}

/** A dense tensor's shape and dtype, and perhaps a name. Throws TypeError for what is no shape or no dtype. */
export class TensorSpec extends TypeSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly name: string | null;

  constructor(shape?: ShapeLike, dtype: DType | string = float32, name: string | null = null) {
    super();
    this.shape = plainShape(shape ?? null);
    this.dtype = asDtype(dtype);
    this.name = name;
  }

  static fromTensor(tensor: Tensor, name?: string): TensorSpec {
    return new TensorSpec(tensor.shape, tensor.dtype.baseDtype, name ?? tensor.op.name);
  }

  static fromSpec(spec: TensorSpec, name: string | null = spec.name): TensorSpec {
    return new TensorSpec(spec.shape, spec.dtype, name);
  }

  override isCompatibleWith(value: unknown): boolean {
    const other = value instanceof TensorSpec ? value : convertToTensor(value as TensorLike);
    return other.dtype.baseDtype === this.dtype.baseDtype && compatible(this.shape, other.shape);
  }

  override repr(): string {
    const name = this.name === null ? "None" : printValue([this.name]).slice(1, -1);
    return `TensorSpec(shape=${formatShapePython(this.shape)}, dtype=${namesOf(this.dtype)}, name=${name})`;
  }
}

export class SparseTensorSpec extends TypeSpec {
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(shape?: ShapeLike, dtype: DType | string = float32) {
    super();
    this.shape = plainShape(shape ?? null);
    this.dtype = asDtype(dtype);
  }

  override isCompatibleWith(value: unknown): boolean {
    if (!(value instanceof SparseTensor || value instanceof SparseTensorSpec)) return false;
    return value.dtype === this.dtype && compatible(this.shape, value.shape);
  }

  override repr(): string {
    return `SparseTensorSpec(${shapeRepr(this.shape)}, ${namesOf(this.dtype)})`;
  }
}

export class IndexedSlicesSpec extends TypeSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly indicesDtype: DType;
  readonly denseShapeDtype: DType | null;
  readonly indicesShape: Shape;

  constructor(
    shape?: ShapeLike,
    dtype: DType | string = float32,
    indicesDtype: DType | string = int64,
    denseShapeDtype: DType | string | null = null,
    indicesShape: ShapeLike = [null],
  ) {
    super();
    this.shape = plainShape(shape ?? null);
    this.dtype = asDtype(dtype);
    this.indicesDtype = asDtype(indicesDtype);
    this.denseShapeDtype = denseShapeDtype === null ? null : asDtype(denseShapeDtype);
    this.indicesShape = plainShape(indicesShape);
  }

  override isCompatibleWith(value: unknown): boolean {
    return value instanceof IndexedSlices && value.dtype === this.dtype;
  }

  override repr(): string {
    const { shape, dtype, indicesDtype, denseShapeDtype, indicesShape } = this;
    const dense = denseShapeDtype === null ? "None" : namesOf(denseShapeDtype);
    return `IndexedSlicesSpec(${shapeRepr(shape)}, ${namesOf(dtype)}, ${namesOf(indicesDtype)}, ${dense}, ${shapeRepr(indicesShape)})`;
  }
}

/** A TensorArray's elements. */
export class TensorArraySpec extends TypeSpec {
  readonly elementShape: Shape;
  readonly dtype: DType;
  readonly dynamicSize: boolean;
  readonly inferShape: boolean;

  constructor(
    elementShape: ShapeLike = null,
    dtype: DType | string = float32,
    dynamicSize: boolean | number = false,
    inferShape = true,
  ) {
    super();
    this.elementShape = plainShape(elementShape);
    this.dtype = asDtype(dtype);
    this.dynamicSize = Boolean(dynamicSize);
    this.inferShape = inferShape;
  }

  static fromValue(value: TensorArray): TensorArraySpec {
    return new TensorArraySpec(value.elementShape, value.dtype);
  }

  override isCompatibleWith(value: unknown): boolean {
    if (!(value instanceof TensorArraySpec || value instanceof TensorArray)) return false;
    return value.dtype === this.dtype && compatible(this.elementShape, value.elementShape);
  }

  override repr(): string {
    const words = [this.dynamicSize, this.inferShape].map((each) => (each ? "True" : "False"));
    return `TensorArraySpec(${shapeRepr(this.elementShape)}, ${namesOf(this.dtype)}, ${words.join(", ")})`;
  }
}

/** No value. */
export class NoneTensorSpec extends TypeSpec {
  override isCompatibleWith(value: unknown): boolean {
    return value === null || value === undefined || value instanceof NoneTensorSpec;
  }

  override repr(): string {
    return "NoneTensorSpec()";
  }
}

/** The spec of a value. Throws TypeError for what is no tensor and does not become one. */
export function typeSpecFromValue(value: unknown): TypeSpec {
  if (value === null || value === undefined) return new NoneTensorSpec();
  if (value instanceof TypeSpec) return value;
  if (value instanceof SparseTensor) return new SparseTensorSpec(value.shape, value.dtype);
  if (value instanceof TensorArray) return TensorArraySpec.fromValue(value);
  if (value instanceof IndexedSlices) return new IndexedSlicesSpec(null, value.dtype, value.indices.dtype);
  try {
    const { shape, dtype } = convertToTensor(value as TensorLike);
    return new TensorSpec(shape, dtype.baseDtype);
  } catch (cause) {
    const kind = isSymbolic(value) ? "Tensor" : typeof value;
    throw new TypeError(`Could not build a \`TypeSpec\` for ${String(value)} with type ${kind}`, { cause });
  }
}
