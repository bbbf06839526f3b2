/** Tables filled from datasets. Source: python/data/experimental/ops/lookup_ops.py */
import { type DType, int64, string } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { cast, initializeTableFromDatasetOp } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys } from "../../collections.ts";
import type { TableInitializer } from "../../lookup/initializers.ts";
import { StaticHashTable } from "../../lookup/static_table.ts";
import { checkTableDtypes, type LookupTable } from "../../lookup/table.ts";
import { FastHashSpec, type HasherSpec, IdTableWithHashBuckets } from "../../lookup/vocabulary.ts";
import { structureText } from "../../tensors/composite_specs.ts";
import { TensorSpec } from "../../tensors/specs.ts";
import type { Dataset } from "../dataset.ts";
import type { Count } from "../inputs.ts";
import type { Any, Nested, Spec } from "../structure.ts";
import { assertCardinality } from "../transforms.ts";

/** Throws ValueError unless elements are pairs of scalars, key and value. */
function pairOf(specs: Nested<Spec>): readonly [Spec, Spec] {
  const fail = (why: string): ValueError =>
    new ValueError(
      `Datasets used to initialize lookup tables must produce elements in the form (key, value), where the keys and values are scalar tensors. However, the given dataset produces ${why}`,
    );
  const parts = (Array.isArray(specs) ? specs : Object.values(specs as Any)) as readonly Spec[];
  if (!Array.isArray(specs) || parts.length !== 2) {
    const n = Array.isArray(specs) ? specs.length : 1;
    throw fail(
      `${n} components instead of two (key, value) components. Full dataset element spec: ${structureText(specs)}.`,
    );
  }
  for (const [i, what] of ["key", "value"].entries()) {
    if (!(parts[i] instanceof TensorSpec)) throw fail(`non-Tensor ${what}s of type ${parts[i]!.constructor.name}.`);
  }
  for (const [i, what] of ["key", "value"].entries()) {
    const rank = parts[i]!.shape?.length ?? 0;
    if (rank !== 0) throw fail(`non-scalar ${what} Tensors of rank ${rank}.`);
  }
  return [parts[0]!, parts[1]!];
}

/** Fills a table with pairs of key and value. Throws ValueError for elements that are no pairs of scalars. */
export class DatasetInitializer implements TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly sharedName = "";
  readonly dataset: Dataset;

  constructor(dataset: Dataset) {
    const [key, value] = pairOf(dataset.elementSpec);
    this.dataset = dataset;
    this.keyDtype = key.dtype;
    this.valueDtype = value.dtype;
  }

  initialize(table: LookupTable & { readonly resourceHandle: Tensor }): Operation {
    checkTableDtypes(table, this.keyDtype, this.valueDtype);
    const op = initializeTableFromDatasetOp({
      table_handle: table.resourceHandle,
      dataset: this.dataset.variantTensor,
    });
    getDefaultGraph().addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
    return op;
  }
}

export interface DatasetTableOptions {
  /** Buckets for keys that the dataset has not, behind the others. */
  readonly numOovBuckets?: number | undefined;
  /** As many elements as the dataset has to give. */
  readonly vocabSize?: Count | undefined;
  readonly defaultValue?: TensorLike | undefined;
  readonly hasherSpec?: HasherSpec | undefined;
  readonly keyDtype?: DType | undefined;
  readonly name?: string | undefined;
}
const tableNames = ["numOovBuckets", "vocabSize", "defaultValue", "hasherSpec", "keyDtype", "name"] as const;
type TableRest = Rest<DatasetTableOptions, typeof tableNames>;

/** A table of the dataset's pairs. Throws ValueError and TypeError for options that do not fit. */
export function tableFromDataset(dataset: Dataset, ...rest: TableRest): StaticHashTable | IdTableWithHashBuckets {
  const options: DatasetTableOptions = byName(rest, tableNames);
  const { numOovBuckets = 0, vocabSize, hasherSpec = FastHashSpec, keyDtype = string } = options;
  const [, value] = pairOf(dataset.elementSpec);
  if (options.defaultValue === undefined && !/int|float/.test(value.dtype.name)) {
    throw new ValueError(
      `\`default_value\` must be specified when creating a table from a dataset that produces values of type <dtype: '${value.dtype.name}'>.`,
    );
  }
  if (numOovBuckets < 0)
    throw new ValueError(`\`num_oov_buckets\` must be greater than or equal to 0, got ${numOovBuckets}.`);
  if (vocabSize !== undefined && !(vocabSize instanceof Tensor) && vocabSize < 1)
    throw new ValueError(`\`vocab_size\` must be greater than 0, got ${vocabSize}.`);
  if (keyDtype.baseDtype !== string && !/int/.test(keyDtype.name))
    throw new TypeError(`\`key_dtype\` must be either an integer or string type, but got <dtype: '${keyDtype.name}'>`);
  const size = vocabSize instanceof Tensor ? (cast(vocabSize, int64) as Tensor) : vocabSize;
  const pairs = size === undefined ? dataset : dataset.take(size).apply(assertCardinality(size));
  const graph = getDefaultGraph();
  return graph.nameScope(options.name ?? "string_to_index", () => {
    const initializer = new DatasetInitializer(pairs);
    return graph.nameScope("hash_table", () => {
      const table = new StaticHashTable(initializer, options.defaultValue ?? -1);
      if (numOovBuckets === 0) return table;
      return new IdTableWithHashBuckets(table, numOovBuckets, { hasherSpec, keyDtype });
    });
  });
}

/** A table from the dataset's elements to their numbers. */
export const indexTableFromDataset = (
  dataset: Dataset,
  ...rest: TableRest
): StaticHashTable | IdTableWithHashBuckets => {
  const options: DatasetTableOptions = byName(rest, tableNames);
  const pairs = dataset.enumerate().map((v: Tensor, k: Tensor) => [k, v]);
  return tableFromDataset(pairs, { ...options, defaultValue: options.defaultValue ?? -1 } as never);
};
