/** What the training ops do: shapes, the dense form and the sparse form of a rule. Source: training_ops.cc. */
import { FailedPreconditionError, InternalError, invalidArgument } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import {
  elementCount,
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
import type { Absorbed, ComputeContext, InferredShapes, ShapeContext } from "../../../graph/definition.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { identityOp } from "../../compute/array/basic/identity.ts";
import { shapeOp } from "../../compute/array/basic/shape.ts";
import { uniqueOp, uniqueV2Op, uniqueWithCountsOp } from "../../compute/array/lookup/unique.ts";
import { stridedSliceOp } from "../../compute/array/slice/strided_slice.ts";
import { unsortedSegmentSumOp } from "../../compute/math/segment/unsorted.ts";
import { arrayArithmetic, type Numbers, putRows, roundsOf, takeRows } from "./rows.ts";
import type { Arithmetic, Rule } from "./rules.ts";

export type ByName<T> = Readonly<Record<string, T>>;

/** A condition on a hyperparameter of the sparse kernels. */
export interface Limit {
  readonly input: string;
  readonly isMet: (value: number, attrs: Readonly<Record<string, unknown>>) => boolean;
  readonly words: string;
}

/** A rule with the facts that its ops share, by plain names. */
export interface Facts {
  readonly variables: readonly string[];
  readonly scalars: readonly string[];
  readonly gradient: string;
  readonly inputs: readonly string[];
  readonly attrs: readonly string[];
  readonly rule: Rule;
  readonly words: Readonly<Record<string, string>>;
  readonly limits: readonly Limit[];
  readonly rowWords: RowWords;
}

/** Words for a row that is not there. */
export type RowWords = (row: number, position: number, limit: number) => string;

/** As the kernels that update by a row functor say it. */
export const functorRowWords: RowWords = (row, position, limit) =>
  `indices[${position}] = ${row} is not in [0, ${limit})`;

export function shapes(facts: Facts, op: ByName<Shape>, context: ShapeContext, isSparse: boolean): InferredShapes {
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

/** Variables as their values, and the other inputs. */
function inputsOf(
  facts: Facts,
  p: Lowering,
  op: ByName<Value | VariableRef>,
  isResource: boolean,
): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const name of facts.variables) {
    const variable = op[name] as VariableRef;
    if (isResource && p.shapeOf(variable) === null) throw new InternalError("Invalid variable reference.");
    values[name] = p.read(variable);
  }
  for (const name of [...facts.scalars, facts.gradient]) values[name] = op[name] as Value;
  return values;
}

export function lowerDense(facts: Facts, p: Lowering, op: ByName<Value | VariableRef>, isResource: boolean): void {
  const values = inputsOf(facts, p, op, isResource);
  const shapeOf = (name: string): FullShape => values[name]!.shape;
  checkScalars(facts, shapeOf);
  checkEqual(facts, shapeOf, [...facts.variables.slice(1), facts.gradient]);
  const { dtype } = values.var!;
  const updated = facts.rule(primitives(p), values, { dtype, attrs: op as unknown as ByName<unknown> });
  for (const name of facts.variables) if (updated[name]) p.write(op[name] as VariableRef, updated[name]);
}

const inputOf = (node: Operation, name: string): Tensor =>
  node.inputs[node.definition.inputs.findIndex((arg) => arg.name === name)]!;

/** Do the indices of a sparse op name each row once? Those of de-duplicated gradients do: they come from a Unique. */
export function hasDistinctRows(node: Operation): boolean {
  let indices: Tensor | undefined = inputOf(node, "indices");
  while (indices?.op.definition === identityOp.definition) indices = indices.op.inputs[0];
  return indices !== undefined && indices.valueIndex === 0 && distinct.has(indices.op.definition);
}

const distinct: ReadonlySet<unknown> = new Set([uniqueOp, uniqueV2Op, uniqueWithCountsOp].map((op) => op.definition));

/**
 * The nodes with which gradients of equal rows are added up before a sparse update (Unique, the sum by its numbers, and the size of its
 * result), and the tensors that go in there. Source: optimizer.py, _deduplicate_indexed_slices.
 */
export function summedRows(node: Operation): Absorbed | null {
  const [indices, gradient] = [inputOf(node, "indices"), inputOf(node, "grad")];
  const unique = indices.op;
  const sum = gradient.op;
  if (indices.valueIndex !== 0 || unique.definition !== uniqueOp.definition) return null;
  if (sum.definition !== unsortedSegmentSumOp.definition || sum.inputs[1] !== unique.outputs[1]) return null;
  const size = sum.inputs[2]!.op;
  const shape = size.definition === stridedSliceOp.definition ? size.inputs[0]!.op : undefined;
  if (shape?.definition !== shapeOp.definition || shape.inputs[0] !== indices) return null;
  const inputs = new Map([
    [indices, unique.inputs[0]!],
    [gradient, sum.inputs[0]!],
  ]);
  return { nodes: [unique, shape, size, sum], inputs };
}

/** The rule on rows that may be named more than once, with gradients that are added up first. */
export function lowerSummedRows(facts: Facts, p: Lowering, op: ByName<Value | VariableRef>, isResource: boolean): void {
  const indices = op.indices as Value;
  const grad = op.grad as Value;
  if (indices.shape.length !== 1 || grad.shape[0] !== indices.shape[0]) {
    lowerRows(facts, p, op, isResource);
    return;
  }
  const first = p.firstEqual(indices);
  const limit = p.shapeOf(op.var as VariableRef)?.[0];
  if (limit !== undefined) {
    const [low, high] = [0, limit].map((bound) => p.scalar(bound, indices.dtype));
    p.check(
      p.logicalAnd(p.ge(indices, low!), p.lt(indices, high!)),
      ({ position, details }) => {
        const [ids, places] = details;
        const before = new Set(Array.from(places!.data as Int32Array).slice(0, position));
        return outside(facts, Number(elementAt(ids!, position)), before.size, limit);
      },
      [indices, first],
    );
  }
  const summed = p.scatter("add", p.fill(0, grad.dtype, grad.shape), first, grad);
  const isFirst = p.eq(first, p.iota("int32", first.shape, 0));
  const rows = p.select(isFirst, indices, p.scalar(-1, indices.dtype));
  lowerRows(facts, p, { ...op, grad: summed, indices: rows }, isResource, { mayMiss: true });
}

/** The rule on distinct rows: gathered, updated, put back. With `mayMiss`, rows of number -1 are left out. */
export function lowerRows(
  facts: Facts,
  p: Lowering,
  op: ByName<Value | VariableRef>,
  isResource: boolean,
  { mayMiss = false } = {},
): void {
  const values = inputsOf(facts, p, op, isResource);
  const indices = op.indices as Value;
  checkRows(facts, (name) => (name === "indices" ? indices : values[name]!).shape);
  for (const { input, isMet, words } of facts.limits) {
    const known = p.constantOf(values[input]!);
    if (known && !isMet(Number(elementAt(known, 0)), op as unknown as ByName<unknown>))
      throw invalidArgument(`${words}: []`);
  }
  const onError = ({ position, value, limit }: { position: number; value: number; limit: number }): Error =>
    outside(facts, value, position, limit);
  const rows: Record<string, Value> = { ...values };
  for (const name of facts.variables) rows[name] = p.gather(values[name]!, indices, mayMiss ? {} : { onError });
  const { dtype } = values.var!;
  const updated = facts.rule(primitives(p), rows, { dtype, attrs: op as unknown as ByName<unknown> });
  for (const name of facts.variables) {
    if (updated[name]) p.write(op[name] as VariableRef, p.scatter("update", values[name]!, indices, updated[name]));
  }
}

const outside = ({ rowWords }: Facts, row: number, position: number, limit: number): Error =>
  invalidArgument(rowWords(row, position, limit));

export const plainRowWords: RowWords = (row, position) =>
  `Index ${row} at offset ${position} in indices is out of range`;

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

export function computeRows(
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
  if (bad >= 0) throw outside(facts, rows[bad]!, bad, limit);
  const size = elementCount(rowShape);
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
