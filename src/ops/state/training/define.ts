/** From a rule to its ops: dense and sparse, for reference and resource variables. Source: training_ops.cc. */
import { FailedPreconditionError, InternalError, invalidArgument } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import {
  type FullShape,
  formatShape,
  mergeDims,
  mergeShapes,
  type Shape,
  sameShape,
  withRank,
} from "../../../core/shape.ts";
import type { Lowering, VariableRef } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { ComputeContext, InferredShapes, ShapeContext } from "../../../graph/definition.ts";
import { defineOp, type OpBuilder } from "../../define.ts";
import { arrayArithmetic, type Numbers, putRows, roundsOf, takeRows } from "./rows.ts";
import type { Arithmetic, Rule } from "./rules.ts";

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
}

interface Limit {
  readonly input: string;
  readonly isMet: (value: number, attrs: Readonly<Record<string, unknown>>) => boolean;
  readonly words: string;
}

type Dense<V extends readonly string[], R extends readonly string[], A extends readonly string[]> = {
  readonly apply: OpBuilder<readonly [...References<V>, ...R], readonly ["out: Ref(T)"], DenseAttrs<A>>;
  readonly resourceApply: OpBuilder<readonly [...Resources<V>, ...R], readonly [], DenseAttrs<A>>;
};
type Sparse<V extends readonly string[], R extends readonly string[], A extends readonly string[]> = {
  readonly sparseApply: OpBuilder<readonly [...References<V>, ...Rows<R>], readonly ["out: Ref(T)"], SparseAttrs<A>>;
  readonly resourceSparseApply: OpBuilder<readonly [...Resources<V>, ...Rows<R>], readonly [], SparseAttrs<A>>;
};

/** A rule with the facts that its ops share, by plain names. */
interface Facts {
  readonly variables: readonly string[];
  readonly scalars: readonly string[];
  readonly gradient: string;
  readonly inputs: readonly string[];
  readonly attrs: readonly string[];
  readonly rule: Rule;
  readonly words: Readonly<Record<string, string>>;
  readonly limits: readonly Limit[];
}

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

type ByName<T> = Readonly<Record<string, T>>;

function define(
  type: string,
  facts: Facts,
  { isResource = false, isSparse = false }: { isResource?: boolean; isSparse?: boolean },
): unknown {
  const behaviour = isSparse
    ? {
        compute: (op: unknown, context: ComputeContext) =>
          computeRows(facts, op as ByName<NdArray>, context, isResource),
      }
    : {
        lower(p: Lowering, op: unknown) {
          lowerDense(facts, p, op as ByName<Value | VariableRef>, isResource);
          return isResource ? undefined : ((op as ByName<VariableRef>).var as VariableRef);
        },
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
    ...behaviour,
    gradient: "unregistered",
  });
}

function shapes(facts: Facts, op: ByName<Shape>, context: ShapeContext, isSparse: boolean): InferredShapes {
  const isReference = context.outputDtypes.length > 0;
  let shape: Shape = null;
  for (const name of facts.variables)
    shape = mergeShapes(shape, isReference ? op[name]! : (context.handle(name)?.[0]?.shape ?? null));
  for (const name of facts.scalars) withRank(op[name]!, 0);
  const gradient = op[facts.gradient]!;
  if (isSparse) {
    const [rows] = withRank(op.indices!, 1);
    mergeDims(rows!, gradient?.[0] ?? null);
    shape = mergeShapes(shape, gradient && [null, ...gradient.slice(1)]);
  } else shape = mergeShapes(shape, gradient);
  return isReference ? [shape] : [];
}

function checkScalars(facts: Facts, shapeOf: (name: string) => FullShape): void {
  for (const name of facts.scalars) {
    if (shapeOf(name).length)
      throw invalidArgument(`${facts.words[name] ?? name} is not a scalar: ${formatShape(shapeOf(name))}`);
  }
}

function checkEqual(facts: Facts, shapeOf: (name: string) => FullShape, others: readonly string[]): void {
  const shape = shapeOf("var");
  for (const name of others) {
    if (!sameShape(shape, shapeOf(name))) {
      throw invalidArgument(
        `var and ${facts.words[name] ?? name} do not have the same shape${formatShape(shape)} ${formatShape(shapeOf(name))}`,
      );
    }
  }
}

function lowerDense(facts: Facts, p: Lowering, op: ByName<Value | VariableRef>, isResource: boolean): void {
  const values: Record<string, Value> = {};
  for (const name of facts.variables) {
    const variable = op[name] as VariableRef;
    if (isResource && p.shapeOf(variable) === null) throw new InternalError("Invalid variable reference.");
    values[name] = p.read(variable);
  }
  for (const name of [...facts.scalars, facts.gradient]) values[name] = op[name] as Value;
  const shapeOf = (name: string): FullShape => values[name]!.shape;
  checkScalars(facts, shapeOf);
  checkEqual(facts, shapeOf, [...facts.variables.slice(1), facts.gradient]);
  const { dtype } = values.var!;
  const updated = facts.rule(primitives(p), values, { dtype, attrs: op as unknown as ByName<unknown> });
  for (const name of facts.variables) if (updated[name]) p.write(op[name] as VariableRef, updated[name]);
}

/** The engine's values as an arithmetic. */
const primitives = (p: Lowering): Arithmetic<Value> => ({
  add: p.add,
  sub: p.sub,
  mul: p.mul,
  div: p.div,
  max: p.max,
  min: p.min,
  pow: p.pow,
  neg: p.neg,
  abs: p.abs,
  sign: p.sign,
  sqrt: p.sqrt,
  rsqrt: p.rsqrt,
  square: p.square,
  exp: p.exp,
  cast: p.cast,
  scalar: p.scalar,
  known(x) {
    const array = x.shape.length === 0 ? p.constantOf(x) : undefined;
    return array && Number(elementAt(array, 0));
  },
});

function computeRows(
  facts: Facts,
  op: ByName<NdArray>,
  context: ComputeContext,
  isResource: boolean,
): readonly NdArray[] {
  const values: Record<string, NdArray> = {};
  for (const name of facts.variables) {
    const variable = context.variable(name);
    const value = variable.read();
    if (value === null)
      throw isResource ? new InternalError("Invalid variable reference.") : uninitialized(variable.name);
    values[name] = value;
  }
  const shapeOf = (name: string): FullShape => (values[name] ?? op[name]!).shape;
  const { indices, grad } = op as { indices: NdArray; grad: NdArray };
  const rowShape = checkRows(facts, shapeOf);
  checkLimits(facts, op);
  const rows = Int32Array.from(indices.data as Int32Array, Number);
  const limit = shapeOf("var")[0]!;
  const bad = rows.findIndex((row) => row < 0 || row >= limit);
  if (bad >= 0)
    throw invalidArgument(
      `Index ${Number((indices.data as Int32Array)[bad])} at offset ${bad} in indices is out of range`,
    );
  const size = rowShape.reduce((n, d) => n * d, 1);
  const dtype = values.var!.dtype;
  const p = arrayArithmetic(dtype.base);
  for (const round of roundsOf(rows)) {
    const targets = round.map((i) => rows[i]!);
    const inputs: Record<string, Numbers> = {};
    for (const name of facts.variables) inputs[name] = takeRows(values[name]!, targets, size);
    for (const name of facts.scalars) inputs[name] = Number(elementAt(op[name]!, 0));
    inputs[facts.gradient] = takeRows(grad, round, size);
    const updated = facts.rule(p, inputs, { dtype: dtype.base, attrs: op as unknown as ByName<unknown> });
    for (const name of facts.variables)
      if (updated[name] !== undefined) putRows(values[name]!, targets, size, updated[name]);
  }
  return [];
}

/** Shapes of the sparse form; returns that of a row. */
function checkRows(facts: Facts, shapeOf: (name: string) => FullShape): FullShape {
  const shape = shapeOf("var");
  checkEqual(facts, shapeOf, facts.variables.slice(1));
  if (shape.length < 1) throw invalidArgument("var must be at least 1 dimensional");
  checkScalars(facts, shapeOf);
  const indices = shapeOf("indices");
  const grad = shapeOf("grad");
  if (indices.length !== 1) throw invalidArgument("indices must be one-dimensional");
  for (let d = 1; d < shape.length; d++) {
    if (shape[d] !== grad[d]) throw invalidArgument(`var and grad must match in dimension ${d}`);
  }
  if (grad[0] !== indices[0]) throw invalidArgument("grad must be the same size as indices in the first dimension.");
  return shape.slice(1);
}

function checkLimits(facts: Facts, op: ByName<NdArray>): void {
  for (const { input, isMet, words } of facts.limits) {
    if (!isMet(Number(elementAt(op[input]!, 0)), op as unknown as ByName<unknown>))
      throw invalidArgument(`${words}: []`);
  }
}

const uninitialized = (name: string) => new FailedPreconditionError(`Attempting to use uninitialized value ${name}`);
