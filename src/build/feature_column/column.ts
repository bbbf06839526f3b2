/**
 * What feature columns are: descriptions of how a raw feature becomes numbers. They hold no tensors; a TransformationCache turns each one
 * into tensors once. Source: feature_column.py, feature_column_v2.py.
 */
import { DType, float32, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { type FullShape, formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  equal,
  expandDims,
  gatherNd,
  notEqual,
  rank as rankOf,
  SparseTensor as SparseTensorOf,
  shape as shapeOf,
  sparseReshape,
  whereV2,
} from "../../ops/index.ts";
import { assertPositive } from "../checks/compare.ts";
import { cond } from "../control_flow/branch/cond.ts";
import type { FeatureSpec } from "../parsing/features.ts";
import type { Variable } from "../variables/variable.ts";

/** Raw features by key, batch first. */
export type Features = Readonly<Record<string, TensorLike | SparseTensor>>;

/** Ids of a categorical column, and weights with the same indices. */
export interface IdWeightPair {
  readonly ids: SparseTensor;
  readonly weights: SparseTensor | null;
}

/** What a column makes of its features: a tensor, a sparse one, or ids with weights. */
export type Transformed = Tensor | SparseTensor | IdWeightPair;

const functionNumbers = new WeakMap<object, number>();
let functionCount = 0;

/** Functions are told apart by identity, everything else by value. */
function identityOf(value: unknown): string {
  if (typeof value === "function") {
    if (!functionNumbers.has(value)) functionNumbers.set(value, ++functionCount);
    return `function ${functionNumbers.get(value)}`;
  }
  if (value instanceof FeatureColumn) return value.identity;
  if (Array.isArray(value)) return `(${value.map(identityOf).join(", ")})`;
  return representation(value);
}

/** A value as Python's repr prints it in a column. */
export function representation(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "string") return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value}'`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof DType) return `tf.${value.name}`;
  if (typeof value === "function") return `<function ${value.name || "<lambda>"}>`;
  if (Array.isArray(value)) return `(${value.map(representation).join(", ")}${value.length === 1 ? "," : ""})`;
  return String(value);
}

/** A column has a name, by which columns are ordered and variables are called, and says how its features are parsed. */
export abstract class FeatureColumn {
  /** Python's name of the class. */
  protected abstract readonly kind: string;

  abstract get name(): string;

  /** Features of Examples that the column reads. */
  abstract get parseExampleSpec(): FeatureSpec;

  /** What the column is made of, in Python's order. */
  protected abstract get fields(): readonly (readonly [string, unknown])[];

  abstract transformFeature(cache: TransformationCache): Transformed;

  /** False for columns that only `inputLayer` and `linearModel` know. */
  get isV2Column(): boolean {
    return true;
  }

  /** The scope of the column's variables. */
  get varScopeName(): string {
    return this.name;
  }

  /** Equal for columns that are equal by value. */
  get identity(): string {
    return `${this.kind}(${this.fields.map(([key, value]) => `${key}=${identityOf(value)}`).join(", ")})`;
  }

  toString(): string {
    return `${this.kind}(${this.fields.map(([key, value]) => `${key}=${representation(value)}`).join(", ")})`;
  }
}

/** Gives a dense tensor [n, ...variableShape]. */
export interface DenseColumn extends FeatureColumn {
  readonly variableShape: FullShape;
  getDenseTensor(cache: TransformationCache): Tensor;
}

/** Gives ids below numBuckets. */
export interface CategoricalColumn extends FeatureColumn {
  readonly numBuckets: number;
  getSparseTensors(cache: TransformationCache): IdWeightPair;
}

/** A column with a table of embeddings. */
export interface EmbeddingState extends FeatureColumn {
  readonly embeddingShape: readonly [rows: number, dimension: number];
  readonly initializer: unknown;
  readonly trainable: boolean;
}

export const isDense = (column: unknown): column is DenseColumn =>
  column instanceof FeatureColumn && "getDenseTensor" in column;
export const isCategorical = (column: unknown): column is CategoricalColumn =>
  column instanceof FeatureColumn && "getSparseTensors" in column;
/** Do all of them work in layers with variables of their own? */
export const areV2Columns = (columns: readonly FeatureColumn[]): boolean =>
  columns.every((column) => column instanceof FeatureColumn && column.isV2Column);

/** Where the tables of embedding columns come from. */
export type EmbeddingWeights = (column: EmbeddingState) => Variable;

/** The tensors of features and columns, each made once. */
export class TransformationCache {
  readonly #features: Features;
  readonly #tensors = new Map<string, Transformed>();
  readonly weightsOf: EmbeddingWeights;
  /** What a column that has no layer of its own asks of its variables. */
  readonly weightCollections: readonly string[] | undefined;
  readonly trainable: boolean;

  constructor(
    features: Features,
    weightsOf: EmbeddingWeights,
    options: { readonly weightCollections?: readonly string[]; readonly trainable?: boolean } = {},
  ) {
    this.#features = { ...features };
    this.weightsOf = weightsOf;
    this.weightCollections = options.weightCollections;
    this.trainable = options.trainable ?? true;
  }

  /** A raw feature by key, of rank 2 at least. Throws ValueError for an unknown key and for a scalar. */
  feature(key: string): Tensor | SparseTensor {
    const at = `feature ${key}`;
    const known = this.#tensors.get(at);
    if (known) return known as Tensor | SparseTensor;
    const raw = Object.hasOwn(this.#features, key) ? this.#features[key] : undefined;
    if (raw === undefined || raw === null) throw new ValueError(`Feature ${key} is not in features dictionary.`);
    const tensor = asMatrix(key, raw);
    this.#tensors.set(at, tensor);
    return tensor;
  }

  /** What a column makes of its features. */
  get(column: FeatureColumn): Transformed {
    const at = column.identity;
    const known = this.#tensors.get(at);
    if (known) return known;
    const made = column.transformFeature(this);
    this.#tensors.set(at, made);
    return made;
  }
}

function asMatrix(key: string, raw: TensorLike | SparseTensor): Tensor | SparseTensor {
  const tensor = raw instanceof SparseTensor ? raw : convertToTensor(raw);
  const expanded = (): Tensor | SparseTensor =>
    tensor instanceof SparseTensor ? sparseReshape(tensor, [shapeOf(tensor).at(0), 1]) : expandDims(tensor, -1);
  const scalar = `Feature (key: ${key}) cannot have rank 0. Given: ${tensor}`;
  if (tensor.shape !== null) {
    if (tensor.shape.length === 0) throw new ValueError(scalar);
    return tensor.shape.length === 1 ? expanded() : tensor;
  }
  const positive = assertPositive(rankOf(tensor), { message: scalar });
  return getDefaultGraph().controlDependencies([positive], () => {
    const isVector = equal(1, rankOf(tensor));
    return cond(
      isVector,
      () => expanded() as Tensor,
      () => tensor as Tensor,
    ) as Tensor;
  });
}

/** Sparse tensors stay; of dense ones "", -1 or 0 (by dtype, unless another value is given) are left out. */
export function toSparseInput(input: Tensor | SparseTensor, ignoreValue?: number): SparseTensor {
  if (input instanceof SparseTensor) return input;
  return getDefaultGraph().nameScope("to_sparse_input", () => {
    const ignored = cast(ignoreValue === undefined ? nothingOf(input) : float(ignoreValue), input.dtype, {
      name: "ignore_value",
    });
    const indices = whereV2(notEqual(input, ignored), null, null, { name: "indices" });
    return new SparseTensorOf({
      indices,
      values: gatherNd(input, indices, { name: "values" }),
      denseShape: shapeOf(input, { outType: int64, name: "dense_shape" }),
    });
  });
}

const float = (value: number): NdArray => new NdArray(float32, [], Float32Array.of(value));

function nothingOf({ dtype }: Tensor): TensorLike {
  if (dtype.base === "string") return "";
  return dtype.isInteger ? -1 : float(0);
}

/** Columns by name. Throws ValueError for something else, for none, and for two of one name. */
export function normalizeColumns(
  given: FeatureColumn | Iterable<FeatureColumn>,
  kind: "_FeatureColumn" | "FeatureColumn",
): FeatureColumn[] {
  const isIterable = typeof given === "object" && given !== null && Symbol.iterator in given;
  if (!(given instanceof FeatureColumn) && !isIterable) {
    throw new ValueError("Expected feature_columns to be iterable, found dict.");
  }
  const columns = given instanceof FeatureColumn ? [given] : [...given];
  for (const column of columns) {
    if (!((column as unknown) instanceof FeatureColumn)) {
      throw new ValueError(
        `Items of feature_columns must be a ${kind}. Given (type ${pythonType(column)}): ${representation(column).replace(/^'(.*)'$/s, "$1")}.`,
      );
    }
  }
  if (columns.length === 0) throw new ValueError("feature_columns must not be empty.");
  const byName = new Map<string, FeatureColumn>();
  for (const column of columns) {
    const other = byName.get(column.name);
    if (other) {
      throw new ValueError(
        `Duplicate feature column name found for columns: ${column} and ${other}. This usually means that these columns refer to same base feature. Either one must be discarded or a duplicated but renamed item must be inserted in features dict.`,
      );
    }
    byName.set(column.name, column);
  }
  return columns.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** How Python prints the type of a value that is none of ours. */
export const pythonType = (value: unknown): string => {
  if (value === null || value === undefined) return "<class 'NoneType'>";
  if (typeof value === "string") return "<class 'str'>";
  if (typeof value === "number") return Number.isInteger(value) ? "<class 'int'>" : "<class 'float'>";
  if (Array.isArray(value)) return "<class 'list'>";
  return `<class '${(value as object).constructor?.name ?? "object"}'>`;
};

/** Throws ValueError where known batch sizes differ. */
export function verifyBatchSizes(tensors: readonly Tensor[], columns: readonly FeatureColumn[]): void {
  let first: number | null = null;
  for (const [i, tensor] of tensors.entries()) {
    const size = tensor.shape?.[0] ?? null;
    if (size === null) continue;
    if (first === null) {
      first = i;
      continue;
    }
    const expected = tensors[first]!.shape![0]!;
    if (expected !== size) {
      throw new ValueError(
        `Batch size (first dimension) of each feature must be same. Batch size of columns (${columns[first]!.name}, ${columns[i]!.name}): (${expected}, ${size})`,
      );
    }
  }
}

/** Variable and name scopes take letters, digits, `_`, `.` and `-` only. */
export const sanitizeName = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, "_");

export function assertKeyIsString(key: unknown): asserts key is string {
  if (typeof key === "string") return;
  throw new ValueError(`key must be a string. Got: type ${pythonType(key)}. Given key: ${representation(key)}.`);
}

export function assertStringOrInteger(dtype: DType, prefix: string): void {
  if (dtype.base === "string" || dtype.isInteger) return;
  throw new ValueError(`${prefix} dtype must be string or integer. dtype: ${dtype}.`);
}

/** A shape of positive whole numbers; a number is a vector's size. */
export function checkedShape(given: number | readonly number[], key: string): readonly number[] {
  const shape = typeof given === "number" ? [given] : [...given];
  const text = formatShapePython(shape);
  for (const size of shape) {
    if (!Number.isInteger(size)) {
      throw new TypeError(`shape dimensions must be integer. shape: ${text}, key: ${key}`);
    }
    if (size < 1) throw new ValueError(`shape dimensions must be greater than 0. shape: ${text}, key: ${key}`);
  }
  return shape;
}
