/** `defineDataset`: an op whose output is a dataset, made from what its node says. */
import type { DType } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { ComputeContext, FileAccess } from "../../../../graph/definition.ts";
import { defineOp, type OpBuilder, type OpSpec } from "../../../define.ts";
import { heldBy, variantOf } from "../../../variant/value.ts";
import { copyArray } from "../../arrays.ts";
import type { DataIterator, Dataset, Element, Runtime } from "./dataset.ts";

/** What tells the elements of a dataset: the attrs of nearly all of its ops. */
export const typed = ["output_types: list(type) >= 1", "output_shapes: list(shape) >= 1"] as const;
export const metadata = "metadata: string = ''" as const;

/** What one kind of dataset does. */
export interface Behaviour {
  /** Where the node has no `output_types` and `output_shapes`. */
  readonly dtypes?: readonly DType[];
  readonly shapes?: readonly Shape[];
  cardinality(): number;
  /** `runtime.prefix` is the place of this iterator. */
  iterate(runtime: Runtime): DataIterator;
  at?(runtime: Runtime, index: number): Maybe<Element>;
  readonly isMapped?: boolean;
}

type Handle = readonly ["handle: variant"];
type RecordOf<I extends readonly string[], A extends readonly string[]> = Parameters<
  NonNullable<OpSpec<I, Handle, A>["compute"]>
>[0];

export interface DatasetSpec<I extends readonly string[], A extends readonly string[]> {
  readonly inputs?: I;
  readonly attrs?: A;
  readonly stateful?: boolean;
  /** Files whose names are among its inputs. */
  readonly access?: FileAccess;
  readonly make: (op: RecordOf<I, A>, title: string, context: ComputeContext) => Behaviour;
}

const counterOf = (context: ComputeContext): { next: number } =>
  context.makeResource({ container: "", kind: "datasets", name: "made", create: () => ({ next: 0 }) }).resource;

/** The name of a kind of dataset in the names of iterators: `ParallelMapV2`. */
const kindOf = (type: string): string => type.replace(/^Experimental/, "").replace("Dataset", "");

/** Registers an op with one output, a dataset. The function that makes its nodes is returned. */
export function defineDataset<
  const I extends readonly string[] = readonly [],
  const A extends readonly string[] = readonly [],
>(type: string, { inputs, attrs, stateful, access, make }: DatasetSpec<I, A>): OpBuilder<I, Handle, A> {
  const kind = kindOf(type);
  return defineOp<I, Handle, A>(type, {
    ...(inputs ? { inputs } : {}),
    outputs: ["handle: variant"],
    ...(attrs ? { attrs } : {}),
    stateful: stateful ?? false,
    ...(access ? { access } : {}),
    shape: () => [[]],
    compute(op, context) {
      const record = kept(op as Record<string, unknown>) as typeof op;
      const title = `${type}:${counterOf(context).next++}`;
      const behaviour = make(record, title, context);
      const says = op as { output_types?: readonly DType[]; output_shapes?: readonly Shape[] };
      const { at } = behaviour;
      const dataset: Dataset = {
        title,
        dtypes: behaviour.dtypes ?? says.output_types!,
        shapes: behaviour.shapes ?? says.output_shapes!,
        cardinality: () => behaviour.cardinality(),
        iterate: (runtime) => behaviour.iterate({ ...runtime, prefix: `${runtime.prefix}::${kind}` }),
        ...(at ? { at } : {}),
        isMapped: behaviour.isMapped ?? false,
        source: { type, record: record as Record<string, unknown> },
      };
      return variantOf(dataset);
    },
    gradient: "unregistered",
  });
}

/** The record with arrays of its own: those of a run are views of memory that is used again. */
function kept(record: Record<string, unknown>): Record<string, unknown> {
  const own = (value: unknown): unknown =>
    value instanceof NdArray ? copyArray(value) : Array.isArray(value) ? value.map(own) : value;
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, own(value)]));
}

const isDataset = (object: unknown): object is Dataset =>
  typeof object === "object" && object !== null && "iterate" in object && "cardinality" in object;

/** The dataset in a variant. Throws INVALID_ARGUMENT for anything else. */
export function datasetOf(array: NdArray): Dataset {
  const object = array.size === 1 && !ArrayBuffer.isView(array.data) ? heldBy(array) : undefined;
  if (!isDataset(object))
    throw invalidArgument("The given variant tensor does not hold a dataset (its type is not DatasetVariantWrapper)");
  return object;
}
