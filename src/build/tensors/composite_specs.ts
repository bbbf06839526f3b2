/** Descriptions of values that are more than one tensor, or travel as a variant: ragged tensors, datasets, optionals. Source: ragged_tensor.py, dataset_ops.py, optional_ops.py. */
import { type DType, float32, int64, variant } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { compatible, type Shape } from "../../core/shape.ts";
import { plainShape, TensorShape } from "../../graph/tensor_shape.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { asDtype } from "./convert.ts";
import { TypeSpec } from "./specs.ts";

type ShapeLike = Parameters<typeof plainShape>[0];

const shapeRepr = (shape: Shape): string => new TensorShape(shape).repr();

interface RaggedSpecOptions {
  readonly shape?: ShapeLike | undefined;
  readonly dtype?: DType | string | undefined;
  /** The number of ragged axes: all but the last by default. */
  readonly raggedRank?: number | undefined;
  readonly rowSplitsDtype?: DType | string | undefined;
}
const raggedNames = ["shape", "dtype", "raggedRank", "rowSplitsDtype"] as const;

/** A ragged tensor's shape (null for ragged axes), dtype, ragged rank and dtype of row splits. */
export class RaggedTensorSpec extends TypeSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly raggedRank: number;
  readonly rowSplitsDtype: DType;

  /** Throws ValueError without a rank or a ragged rank, or where the latter is not below the former. */
  constructor(...rest: Rest<RaggedSpecOptions, typeof raggedNames>) {
    super();
    const options: RaggedSpecOptions = byName(rest, raggedNames);
    this.shape = plainShape(options.shape ?? null);
    this.dtype = asDtype(options.dtype ?? float32);
    this.rowSplitsDtype = asDtype(options.rowSplitsDtype ?? int64);
    const rank = this.shape?.length ?? null;
    const raggedRank = options.raggedRank ?? (rank === null ? null : rank - 1);
    if (raggedRank === null) throw new ValueError("Must specify ragged_rank or a shape with a known rank.");
    if (!Number.isInteger(raggedRank))
      throw new TypeError(`Argument \`ragged_rank\` must be an int. Received ${raggedRank}.`);
    if (rank !== null && raggedRank >= rank)
      throw new ValueError(`Argument \`ragged_rank\` (${raggedRank}) must be less than rank (${rank}).`);
    this.raggedRank = raggedRank;
  }

  static fromValue(value: {
    readonly shape: ShapeLike;
    readonly dtype: DType;
    readonly raggedRank: number;
    readonly rowSplits: { readonly dtype: DType };
  }): RaggedTensorSpec {
    return new RaggedTensorSpec(plainShape(value.shape), value.dtype, value.raggedRank, value.rowSplits.dtype);
  }

  override isCompatibleWith(value: unknown): boolean {
    const other = isRaggedLike(value) ? value : null;
    if (!other) return false;
    return (
      other.dtype === this.dtype &&
      other.raggedRank === this.raggedRank &&
      (other.rowSplitsDtype ?? other.rowSplits?.dtype) === this.rowSplitsDtype &&
      compatible(this.shape, plainShape(other.shape))
    );
  }

  override repr(): string {
    return `RaggedTensorSpec(${shapeRepr(this.shape)}, tf.${this.dtype.name}, ${this.raggedRank}, tf.${this.rowSplitsDtype.name})`;
  }
}

interface RaggedLike {
  readonly dtype: DType;
  readonly raggedRank: number;
  readonly shape: ShapeLike;
  readonly rowSplitsDtype?: DType;
  readonly rowSplits?: { readonly dtype: DType };
}
const isRaggedLike = (value: unknown): value is RaggedLike =>
  typeof value === "object" && value !== null && "raggedRank" in value;

/** What is inside, in lists and records, as Python prints it: lists are tuples there. */
export function structureText(structure: unknown): string {
  if (structure instanceof TypeSpec) return structure.repr();
  if (Array.isArray(structure)) {
    const parts = structure.map(structureText);
    return `(${parts.join(", ")}${parts.length === 1 ? "," : ""})`;
  }
  const entries = Object.entries(structure as Readonly<Record<string, unknown>>);
  return `{${entries.map(([key, part]) => `'${key}': ${structureText(part)}`).join(", ")}}`;
}

/** A value that a scalar variant holds, with what is known of the elements inside. */
abstract class HeldSpec extends TypeSpec {
  readonly dtype: DType = variant;
  readonly shape: Shape = [];
  readonly elementSpec: unknown;

  constructor(elementSpec: unknown) {
    super();
    this.elementSpec = elementSpec;
  }

  override isCompatibleWith(value: unknown): boolean {
    const inner = (value as { readonly elementSpec?: unknown } | null)?.elementSpec;
    return inner !== undefined && structureText(inner) === structureText(this.elementSpec);
  }
}

/** A dataset of elements of this form. */
export class DatasetSpec extends HeldSpec {
  readonly datasetShape: Shape;

  constructor(elementSpec: unknown, datasetShape: ShapeLike = []) {
    super(elementSpec);
    this.datasetShape = plainShape(datasetShape);
  }

  static fromValue(value: { readonly elementSpec: unknown }): DatasetSpec {
    return new DatasetSpec(value.elementSpec);
  }

  override repr(): string {
    return `DatasetSpec(${structureText(this.elementSpec)}, ${shapeRepr(this.datasetShape)})`;
  }
}

/** An element of this form, or none. */
export class OptionalSpec extends HeldSpec {
  static fromValue(value: { readonly elementSpec: unknown }): OptionalSpec {
    return new OptionalSpec(value.elementSpec);
  }

  override repr(): string {
    return `OptionalSpec(${structureText(this.elementSpec)})`;
  }
}
