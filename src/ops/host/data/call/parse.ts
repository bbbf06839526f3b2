/** Batches of serialized Examples as their features, in the order of the keys. Source: parse_example_dataset_op.cc */
import { string, variant } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { after } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { raggedVariant } from "../../../compute/ragged/variant.ts";
import { parseExampleV2Op } from "../../../compute/string/parse/example.ts";
import { bytesOfText } from "../../arrays.ts";
import type { Element } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { parallelism } from "./apply.ts";

type Types = readonly NdArray["dtype"][];

interface ParseOp {
  readonly input_dataset: NdArray;
  readonly num_parallel_calls: NdArray;
  readonly dense_defaults: Element;
  readonly sparse_keys: readonly string[];
  readonly dense_keys: readonly string[];
  readonly sparse_types: Types;
  readonly Tdense: Types;
  readonly dense_shapes: readonly (readonly (number | null)[] | null)[];
  readonly ragged_keys?: readonly string[];
  readonly ragged_value_types?: Types;
  readonly ragged_split_types?: Types;
}

const strings = (texts: readonly string[]): NdArray => new NdArray(string, [texts.length], texts.map(bytesOfText));

function parsed(op: ParseOp, context: ComputeContext): Behaviour {
  const input = datasetOf(op.input_dataset);
  parallelism(scalar(op.num_parallel_calls, "num_parallel_calls"));
  const [sparse, dense, ragged] = [op.sparse_keys, op.dense_keys, op.ragged_keys ?? []];
  const compute = parseExampleV2Op.definition.compute!;
  const fixed = {
    names: strings([]),
    sparse_keys: strings(sparse),
    dense_keys: strings(dense),
    ragged_keys: strings(ragged),
    dense_defaults: op.dense_defaults,
    Tdense: op.Tdense,
    num_sparse: sparse.length,
    sparse_types: op.sparse_types,
    ragged_value_types: op.ragged_value_types ?? [],
    ragged_split_types: op.ragged_split_types ?? [],
    dense_shapes: op.dense_shapes,
  };
  const order = [...sparse, ...dense, ...ragged].sort((a, b) => (a < b ? -1 : 1));
  const n = sparse.length;
  const parse = (element: Element | null): Element | null => {
    if (element === null) return null;
    const serialized = element[0]!;
    if (serialized.dtype !== string) throw invalidArgument("ParseExampleDataset takes strings");
    const flat = compute({ ...fixed, serialized }, context) as readonly NdArray[];
    return order.map((key) => {
      const d = dense.indexOf(key);
      if (d >= 0) return flat[3 * n + d]!;
      const r = ragged.indexOf(key);
      if (r >= 0) {
        const at = 3 * n + dense.length + r;
        return raggedVariant([flat[at + ragged.length]!], flat[at]!);
      }
      const s = sparse.indexOf(key);
      return new NdArray(variant, [3], [flat[s], flat[n + s], flat[2 * n + s]] as never);
    });
  };
  return {
    cardinality: () => input.cardinality(),
    iterate(runtime) {
      const inner = input.iterate(runtime);
      return { next: () => after(inner.next(), parse), close: () => inner.close() };
    },
  };
}

const inputs = ["input_dataset: variant", "num_parallel_calls: int64", "dense_defaults: Tdense"] as const;
const keys = [
  "sparse_keys: list(string) >= 0",
  "dense_keys: list(string) >= 0",
  "sparse_types: list({float, int64, string}) >= 0",
  "Tdense: list({float, int64, string}) >= 0",
  "dense_shapes: list(shape) >= 0",
  ...typed,
] as const;
const raggedKeys = [
  "ragged_keys: list(string) >= 0 = []",
  "ragged_value_types: list({float, int64, string}) >= 0 = []",
  "ragged_split_types: list({int32, int64}) >= 0 = []",
] as const;

export const parseExampleDatasetOp = defineDataset("ParseExampleDataset", {
  inputs,
  attrs: [...keys, "sloppy: bool = false", ...raggedKeys],
  make: (op, _, context) => parsed(op, context),
});

export const experimentalParseExampleDatasetOp = defineDataset("ExperimentalParseExampleDataset", {
  inputs,
  attrs: [...keys, "sloppy: bool = false"],
  make: (op, _, context) => parsed(op, context),
});

export const parseExampleDatasetV2Op = defineDataset("ParseExampleDatasetV2", {
  inputs,
  attrs: [...keys, "deterministic: string = 'default'", ...raggedKeys],
  make: (op, _, context) => parsed(op, context),
});
