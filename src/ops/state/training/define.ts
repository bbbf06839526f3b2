/** From a rule to its ops: dense and sparse, for reference and resource variables. Source: training_ops.cc. */
import type { DType } from "../../../core/dtype.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Lowering, VariableRef } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import type { Operation } from "../../../graph/operation.ts";
import { defineOp, type OpBuilder } from "../../define.ts";
import {
  type ByName,
  computeRows,
  type Facts,
  hasDistinctRows,
  type Limit,
  lowerDense,
  lowerRows,
  lowerSummedRows,
  plainRowWords,
  type RowWords,
  shapes,
  summedRows,
} from "./kernels.ts";
import type { Rule } from "./rules.ts";

type References<V extends readonly string[]> = { readonly [K in keyof V]: `${V[K]}: Ref(T)` };
type Resources<V extends readonly string[]> = { readonly [K in keyof V]: `${V[K]}: resource` };
/** The sparse form names the rows right after the gradient. */
type Rows<R extends readonly string[]> = R extends readonly [
  infer H extends string,
  ...infer Rest extends readonly string[],
]
  ? H extends `grad: ${string}` | `delta: ${string}`
    ? readonly ["grad: T", "indices: Tindices", ...Rest]
    : readonly [H, ...Rows<Rest>]
  : readonly [];

type DenseAttrs<A extends readonly string[]> = readonly ["T: numbertype", "use_locking: bool = false", ...A];
type SparseAttrs<A extends readonly string[]> = readonly [
  "T: numbertype",
  "Tindices: {int32, int64}",
  "use_locking: bool = false",
  ...A,
];

interface RuleSpec<V extends readonly string[], R extends readonly string[], A extends readonly string[]> {
  /** The variable and its slots, in the order of the signature. */
  readonly variables: V;
  /** The inputs after them; the gradient is called `grad` (or `delta`). */
  readonly inputs: R;
  /** Attrs beside T and use_locking. */
  readonly attrs?: A;
  readonly rule: Rule;
  /** What errors call an input instead of its name. */
  readonly words?: Readonly<Record<string, string>>;
  /** Conditions on hyperparameters of the sparse kernels. */
  readonly limits?: readonly Limit[];
  readonly rowWords?: RowWords;
}

type Dense<V extends readonly string[], R extends readonly string[], A extends readonly string[]> = {
  readonly apply: OpBuilder<readonly [...References<V>, ...R], readonly ["out: Ref(T)"], DenseAttrs<A>>;
  readonly resourceApply: OpBuilder<readonly [...Resources<V>, ...R], readonly [], DenseAttrs<A>>;
};
type Sparse<V extends readonly string[], R extends readonly string[], A extends readonly string[]> = {
  readonly sparseApply: OpBuilder<readonly [...References<V>, ...Rows<R>], readonly ["out: Ref(T)"], SparseAttrs<A>>;
  readonly resourceSparseApply: OpBuilder<readonly [...Resources<V>, ...Rows<R>], readonly [], SparseAttrs<A>>;
};

const nameOf = (text: string): string => text.slice(0, text.indexOf(":"));

function factsOf(spec: RuleSpec<readonly string[], readonly string[], readonly string[]>): Facts {
  const names = spec.inputs.map(nameOf);
  const gradient = names.includes("delta") ? "delta" : "grad";
  return {
    variables: spec.variables,
    scalars: names.filter((name) => name !== gradient),
    gradient,
    inputs: spec.inputs,
    attrs: spec.attrs ?? [],
    rule: spec.rule,
    words: spec.words ?? {},
    limits: spec.limits ?? [],
    rowWords: spec.rowWords ?? plainRowWords,
  };
}

type Strings = readonly string[];

/** ApplyX and ResourceApplyX. */
export function denseRule<const V extends Strings, const R extends Strings, const A extends Strings = readonly []>(
  name: string,
  spec: RuleSpec<V, R, A>,
): Dense<V, R, A> {
  const apply = define(`Apply${name}`, factsOf(spec), {}) as Dense<V, R, A>["apply"];
  return { apply, resourceApply: resourceDenseRule(name, spec) };
}

/** ResourceApplyX. */
export const resourceDenseRule = <
  const V extends Strings,
  const R extends Strings,
  const A extends Strings = readonly [],
>(
  name: string,
  spec: RuleSpec<V, R, A>,
): Dense<V, R, A>["resourceApply"] =>
  define(`ResourceApply${name}`, factsOf(spec), { isResource: true }) as Dense<V, R, A>["resourceApply"];

/** SparseApplyX and ResourceSparseApplyX. */
export function sparseRule<const V extends Strings, const R extends Strings, const A extends Strings = readonly []>(
  name: string,
  spec: RuleSpec<V, R, A>,
): Sparse<V, R, A> {
  const sparseApply = define(`SparseApply${name}`, rowFacts(spec), { isSparse: true }) as Sparse<
    V,
    R,
    A
  >["sparseApply"];
  return { sparseApply, resourceSparseApply: resourceSparseRule(name, spec) };
}

/** ResourceSparseApplyX. */
export const resourceSparseRule = <
  const V extends Strings,
  const R extends Strings,
  const A extends Strings = readonly [],
>(
  name: string,
  spec: RuleSpec<V, R, A>,
): Sparse<V, R, A>["resourceSparseApply"] =>
  define(`ResourceSparseApply${name}`, rowFacts(spec), { isSparse: true, isResource: true }) as Sparse<
    V,
    R,
    A
  >["resourceSparseApply"];

/** The indices stand after the gradient, which the sparse ops all call `grad`. */
function rowFacts(spec: RuleSpec<Strings, Strings, Strings>): Facts {
  const dense = factsOf(spec);
  const inputs = dense.inputs.flatMap((text) =>
    nameOf(text) === dense.gradient ? ["grad: T", "indices: Tindices"] : [text],
  );
  return { ...dense, inputs, gradient: "grad" };
}

function define(
  type: string,
  facts: Facts,
  { isResource = false, isSparse = false }: { isResource?: boolean; isSparse?: boolean },
): unknown {
  const lower = (p: Lowering, op: unknown): VariableRef | undefined => {
    (isSparse ? lowerRows : lowerDense)(facts, p, op as ByName<Value | VariableRef>, isResource);
    return isResource ? undefined : ((op as ByName<VariableRef>).var as VariableRef);
  };
  const rows = {
    absorbs: {
      match: summedRows,
      lower: (p: Lowering, op: unknown): VariableRef | undefined => {
        lowerSummedRows(facts, p, op as ByName<Value | VariableRef>, isResource);
        return isResource ? undefined : ((op as ByName<VariableRef>).var as VariableRef);
      },
    },
    compute: (op: unknown, context: ComputeContext) => computeRows(facts, op as ByName<NdArray>, context, isResource),
    lowers: (op: unknown, node: Operation) => (op as { T: DType }).T.isComplex || hasDistinctRows(node),
  };
  return defineOp<readonly string[], readonly string[], readonly string[]>(type, {
    inputs: [...facts.variables.map((name) => (isResource ? `${name}: resource` : `${name}: Ref(T)`)), ...facts.inputs],
    outputs: isResource ? [] : ["out: Ref(T)"],
    attrs: [
      "T: numbertype",
      ...(isSparse ? ["Tindices: {int32, int64}"] : []),
      "use_locking: bool = false",
      ...facts.attrs,
    ],
    stateful: isResource,
    updates: facts.variables as readonly never[],
    shape: (op, context) => shapes(facts, op as unknown as ByName<Shape>, context, isSparse),
    lower,
    ...(isSparse ? rows : {}),
    gradient: "unregistered",
  });
}
