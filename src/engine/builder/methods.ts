/** `Lowering` on top of a maker: broadcasting, negative axes, and the type rule of each primitive. A broken rule is a bug of the op. */
import { type DTypeName, dtypeOf } from "../../core/dtype.ts";
import { FailedPreconditionError } from "../../core/error.ts";
import { allocateElements, type NdArray, type NumberArray } from "../../core/nd_array.ts";
import { broadcastShapes, elementCount, type FullShape, formatShape, sameShape } from "../../core/shape.ts";
import { arrayOf, type Maker, NeedsValue, type OpContext } from "../builder.ts";
import type { ErrorOf, VariableRef } from "../lowering.ts";
import {
  type BinaryFunction,
  binaryFunctions,
  predicates,
  type ReduceFunction,
  type UnaryFunction,
  unaryFunctions,
  type Value,
} from "../primitive.ts";
import { formatOf, scalarOf } from "../reference/format.ts";
import { faultOf, hasBinary, hasUnary } from "../reference/scalar.ts";
import { kernelMethods } from "./kernels.ts";
import { axisOf, type Bound, bug, isIndex, show } from "./rules.ts";

/**
 * The methods of one builder: `Object.create` of them, with the op, is a `Lowering`. Methods that take an `onError` or draw are called on it;
 * all others may be passed around.
 */
export function methodsOf(b: Maker): object {
  const broadcast = (x: Value, shape: FullShape): Value => {
    const joined = broadcastShapes(x.shape, shape);
    if (!joined || !sameShape(joined as FullShape, shape)) bug(`broadcast of ${show(x)} to ${formatShape(shape)}`);
    return b.make({ kind: "broadcast", inputs: [x] }, x.dtype, shape);
  };

  const unary = (fn: UnaryFunction, x: Value): Value => {
    if (!hasUnary(fn, x.dtype)) bug(`${fn} of ${show(x)}`);
    return b.make({ kind: "unary", fn, inputs: [x] }, predicates.has(fn) ? "bool" : x.dtype, x.shape);
  };

  const binary = (fn: BinaryFunction, x: Value, y: Value, onError?: ErrorOf, op?: OpContext): Value => {
    if (x.dtype !== y.dtype || !hasBinary(fn, x.dtype)) bug(`${fn} of ${show(x)} and ${show(y)}`);
    const shape = broadcastShapes(x.shape, y.shape) as FullShape;
    const dtype = predicates.has(fn) ? "bool" : x.dtype;
    const site = onError && canFail(fn, y) ? b.site(onError, op!) : -1;
    return b.make({ kind: "binary", fn, inputs: [broadcast(x, shape), broadcast(y, shape)], site }, dtype, shape);
  };

  /** Constant divisors are looked at here, so that only those in question are checked in every run. */
  const canFail = (fn: BinaryFunction, y: Value): boolean => {
    const fault = faultOf(fn, y.dtype);
    if (!fault) return false;
    const known = b.uniformOf(y) ?? b.dataOf(y);
    return !known || Array.from(known as Int32Array).some((divisor) => fault(divisor));
  };

  const constant = (data: NumberArray, dtype: DTypeName, shape: FullShape): Value =>
    b.make({ kind: "constant", data }, dtype, shape);

  const scalar = (value: number | bigint | boolean, dtype: DTypeName): Value => {
    const data = allocateElements(dtypeOf(dtype), 1) as NumberArray;
    formatOf(dtype).write(data, 0, scalarOf(value, dtype));
    return constant(data, dtype, []);
  };

  const concrete = (x: Value): NdArray => {
    const data = b.dataOf(x, Number.POSITIVE_INFINITY);
    if (!data) throw new NeedsValue(x);
    return arrayOf(x, data);
  };

  const reduce = (fn: ReduceFunction, x: Value, axes: readonly number[], keepDims = false): Value => {
    const kind = formatOf(x.dtype).class;
    if ((fn === "any" || fn === "all") !== (kind === "bool")) bug(`${fn} of ${show(x)}`);
    const set = new Set(axes.map((axis) => axisOf(axis, x.shape.length, fn)));
    const sorted = [...set].sort((p, q) => p - q);
    const shape = x.shape.filter((_, d) => !set.has(d));
    const result = b.make({ kind: "reduce", fn, inputs: [x], axes: sorted }, x.dtype, shape);
    return keepDims
      ? reshape(
          result,
          x.shape.map((n, d) => (set.has(d) ? 1 : n)),
        )
      : result;
  };

  const reshape = (x: Value, shape: FullShape): Value => {
    if (elementCount(shape) !== elementCount(x.shape)) bug(`reshape of ${show(x)} to ${formatShape(shape)}`);
    return b.make({ kind: "reshape", inputs: [x] }, x.dtype, shape);
  };

  const table = {
    ...kernelMethods(b, broadcast),
    constant: (array: NdArray) => {
      if (!ArrayBuffer.isView(array.data)) bug("a constant of strings");
      return constant(array.data, array.dtype.base, array.shape);
    },
    scalar,
    fill: (value: number | bigint | boolean, dtype: DTypeName, shape: FullShape) =>
      broadcast(scalar(value, dtype), shape),
    list: (values: readonly number[], dtype: DTypeName = "int32") => {
      const data = allocateElements(dtypeOf(dtype), values.length) as NumberArray;
      const { write } = formatOf(dtype);
      for (let i = 0; i < values.length; i++) write(data, i, scalarOf(values[i]!, dtype));
      return constant(data, dtype, [values.length]);
    },
    iota: (dtype: DTypeName, shape: FullShape, axis: number) =>
      b.make({ kind: "iota", axis: axisOf(axis, shape.length, "iota") }, dtype, shape),

    concrete,
    numbers: (x: Value) => Array.from(concrete(x).data as Int32Array, Number),
    constantOf: (x: Value) => {
      const data = b.dataOf(x);
      return data && arrayOf(x, data);
    },

    select(condition: Value, then: Value, otherwise: Value) {
      if (condition.dtype !== "bool" || then.dtype !== otherwise.dtype) {
        bug(`select by ${show(condition)} of ${show(then)} and ${show(otherwise)}`);
      }
      const shape = broadcastShapes(condition.shape, broadcastShapes(then.shape, otherwise.shape)) as FullShape;
      const inputs = [broadcast(condition, shape), broadcast(then, shape), broadcast(otherwise, shape)] as const;
      return b.make({ kind: "select", inputs }, then.dtype, shape);
    },
    cast: (x: Value, dtype: DTypeName) => b.make({ kind: "cast", inputs: [x] }, dtype, x.shape),
    bitcast(x: Value, dtype: DTypeName) {
      const from = dtypeOf(x.dtype).sizeBytes;
      const to = dtypeOf(dtype).sizeBytes;
      let shape = x.shape;
      if (from > to) shape = [...shape, from / to];
      else if (from < to) {
        if (shape.at(-1) !== to / from) bug(`bitcast of ${show(x)} to ${dtype}`);
        shape = shape.slice(0, -1);
      }
      return b.make({ kind: "bitcast", inputs: [x] }, dtype, shape);
    },

    reduce,
    sum: (x: Value, axes: readonly number[], keepDims = false) => reduce("sum", x, axes, keepDims),
    argReduce(fn: "max" | "min", x: Value, axis: number, dtype: "int32" | "int64") {
      const d = axisOf(axis, x.shape.length, "argReduce");
      if (x.shape[d] === 0) bug(`argReduce of ${show(x)} along ${d}`);
      const shape = x.shape.filter((_, i) => i !== d);
      return b.make({ kind: "argReduce", fn, inputs: [x], axis: d }, dtype, shape);
    },

    reshape,
    transpose(x: Value, perm: readonly number[]) {
      if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
        bug(`transpose of ${show(x)} by ${perm}`);
      const order = perm.map((p) => axisOf(p, perm.length, "transpose"));
      return b.make(
        { kind: "transpose", inputs: [x], perm: order },
        x.dtype,
        order.map((p) => x.shape[p]!),
      );
    },
    broadcast,
    slice(
      x: Value,
      begin: readonly number[],
      size: readonly number[],
      strides: readonly number[] = begin.map(() => 1),
    ) {
      x.shape.forEach((n, d) => {
        const first = begin[d]!;
        const last = first + (size[d]! - 1) * strides[d]!;
        if (size[d]! < 0 || (size[d]! > 0 && (first < 0 || first >= n || last < 0 || last >= n))) {
          bug(`slice of ${show(x)} from ${begin} of ${size} by ${strides}`);
        }
      });
      if (size.length !== x.shape.length) bug(`slice of ${show(x)} of ${size}`);
      return b.make({ kind: "slice", inputs: [x], begin: [...begin], strides: [...strides] }, x.dtype, [...size]);
    },
    dynamicSlice(this: Bound, x: Value, begin: Value, size: readonly number[], onError: ErrorOf) {
      if (!isIndex(begin) || begin.shape[0] !== x.shape.length) bug(`dynamicSlice of ${show(x)} from ${show(begin)}`);
      const site = b.site(onError, this.op);
      return b.make({ kind: "dynamicSlice", inputs: [x, begin], site }, x.dtype, [...size]);
    },
    pad(
      x: Value,
      low: readonly number[],
      high: readonly number[],
      options: { fill?: Value; interior?: readonly number[] } = {},
    ) {
      const interior = options.interior ?? low.map(() => 0);
      const fill = options.fill ?? scalar(0, x.dtype);
      if (
        fill.dtype !== x.dtype ||
        elementCount(fill.shape) !== 1 ||
        [...low, ...high, ...interior].some((n) => n < 0)
      ) {
        bug(`pad of ${show(x)} by ${low}, ${high}, ${interior} with ${show(fill)}`);
      }
      const shape = x.shape.map((n, d) => low[d]! + n + Math.max(n - 1, 0) * interior[d]! + high[d]!);
      return b.make({ kind: "pad", inputs: [x, reshape(fill, [])], low, high, interior }, x.dtype, shape);
    },
    concat(xs: readonly Value[], axis: number) {
      const first = xs[0] ?? bug("concat of nothing");
      const d = axisOf(axis, first.shape.length, "concat");
      const others = (x: Value) => x.shape.filter((_, i) => i !== d);
      if (xs.some((x) => x.dtype !== first.dtype || !sameShape(others(x), others(first))))
        bug(`concat of ${xs.map(show)}`);
      const n = xs.reduce((sum, x) => sum + x.shape[d]!, 0);
      return b.make(
        { kind: "concat", inputs: xs, axis: d },
        first.dtype,
        first.shape.map((m, i) => (i === d ? n : m)),
      );
    },
    reverse: (x: Value, axes: readonly number[]) =>
      b.make(
        { kind: "reverse", inputs: [x], axes: [...new Set(axes.map((d) => axisOf(d, x.shape.length, "reverse")))] },
        x.dtype,
        x.shape,
      ),

    read(variable: VariableRef) {
      const value = b.read(variable);
      if (!value) throw new FailedPreconditionError(`Attempting to use uninitialized value ${variable.name}`);
      return value;
    },
    shapeOf: b.shapeOf,
    write(variable: VariableRef, value: Value) {
      if (variable.dtype !== value.dtype) bug(`write of ${show(value)} to ${variable.name} of ${variable.dtype}`);
      b.write(variable, value);
    },
    check(this: Bound, condition: Value, onError: ErrorOf, details: readonly Value[] = []) {
      if (condition.dtype !== "bool") bug(`check of ${show(condition)}`);
      if (b.uniformOf(condition)?.[0]) return;
      b.make(
        { kind: "check", inputs: [condition, ...details], site: b.site(onError, this.op) },
        "bool",
        condition.shape,
      );
    },
  };

  const methods: Record<string, unknown> = { ...table };
  for (const fn of unaryFunctions) methods[fn] = (x: Value) => unary(fn, x);
  for (const fn of binaryFunctions) {
    methods[fn] = function (this: Bound | undefined, x: Value, y: Value, onError?: ErrorOf) {
      return binary(fn, x, y, onError, this?.op);
    };
  }
  return methods;
}
