/**
 * The primitives: a closed list of what the engine can do. A program is a list of values in order, each made by one primitive from
 * values before it. Every dtype and every dimension is known; strings, resources and variants are int32 handles here.
 */
import type { DTypeName } from "../core/dtype.ts";
import type { NdArray, NumberArray } from "../core/nd_array.ts";
import type { FullShape } from "../core/shape.ts";

/** Functions of one argument that are approximated, and dear beside a multiplication. */
export const approximatedFunctions = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "sigmoid",
  "tanh",
  "erf",
  "erfc",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "softplus",
] as const;

/** Elementwise functions of one argument; the result has the argument's dtype unless `predicates` names it (then bool). */
export const unaryFunctions = [
  "neg",
  "abs",
  "sign",
  "floor",
  "ceil",
  "round",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "square",
  ...approximatedFunctions,
  "logicalNot",
  "bitNot",
  "isNan",
  "isInf",
  "isFinite",
] as const;
export type UnaryFunction = (typeof unaryFunctions)[number];

/**
 * Elementwise functions of two arguments of one dtype and shape. `div` is true division for floats and truncates for integers; `mod`
 * truncates, `floorMod` and `floorDiv` round down (as Python). Integer division by zero reports at the primitive's site.
 */
export const binaryFunctions = [
  "add",
  "sub",
  "mul",
  "div",
  "floorDiv",
  "mod",
  "floorMod",
  "pow",
  "max",
  "min",
  "atan2",
  "bitAnd",
  "bitOr",
  "bitXor",
  "shiftLeft",
  "shiftRight",
  "logicalAnd",
  "logicalOr",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
] as const;
/** Functions of one or two arguments that an instruction or two compute, the same everywhere. */
export const simpleFunctions = [
  "neg",
  "abs",
  "sign",
  "square",
  "logicalNot",
  "isNan",
  "isInf",
  "isFinite",
  "add",
  "sub",
  "mul",
  "max",
  "min",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "logicalAnd",
  "logicalOr",
] as const satisfies readonly (UnaryFunction | BinaryFunction)[];

export type BinaryFunction = (typeof binaryFunctions)[number];

/** Functions whose result is bool. */
export const predicates: ReadonlySet<UnaryFunction | BinaryFunction> = new Set([
  "isNan",
  "isInf",
  "isFinite",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
]);

export type ReduceFunction = "sum" | "prod" | "max" | "min" | "any" | "all";

/** One spatial dimension of a convolution or a window: y[o] takes x[o * stride + k * dilation - padBefore], k < filter. */
export interface SpatialDim {
  readonly input: number;
  readonly output: number;
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBefore: number;
}

/**
 * Convolution in channels-last layout, 1 to 3 spatial dimensions: input [batch, ...spatial, inChannels], filter
 * [...spatial, inChannels / groups, outChannels], output [batch, ...spatial, outChannels]. Depthwise convolution has
 * groups = inChannels and outChannels = inChannels * multiplier (channel-major, as TensorFlow's filter [h, w, in, multiplier] flattened).
 */
export interface ConvolutionGeometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly spatial: readonly SpatialDim[];
}

/** A pooling window over [batch, ...spatial, channels]. Padding never counts: not in a maximum, not in an average's divisor. */
export interface WindowGeometry {
  readonly batch: number;
  readonly channels: number;
  readonly spatial: readonly SpatialDim[];
}

/**
 * What a random primitive draws. The state of an op is 32 bytes in a slot: key (2 words), counter (4 words), 2 unused. A run takes
 * blocks of 4 words from the counter and then moves it on by 256 * elements blocks (a shuffle: by ceil((n - 1) / 4)), as TensorFlow does.
 * With a seed (int32 or int64 [2]; or uint64 [3]: key and counter) the draw is stateless and no slot is used. `bits`: whole random integers.
 */
export type Distribution = "uniform" | "normal" | "truncated" | "integers" | "bits" | "shuffle";

/** Site of a check: an index into the program's list of error texts. -1: no check. */
export type Site = number;

export type Primitive =
  // sources
  | { readonly kind: "constant"; readonly data: NumberArray }
  /** The segment's k-th input. */
  | { readonly kind: "input"; readonly index: number }
  /** 0, 1, 2 … along one axis. */
  | { readonly kind: "iota"; readonly axis: number }
  | {
      readonly kind: "random";
      readonly distribution: Distribution;
      /** -1 when seeded. */
      readonly slot: number;
      /** Stateless: the last input is the seed. */
      readonly seeded: boolean;
      /** integers: [min, max); shuffle: the permutation of n as int32 indices. */
      readonly inputs: readonly Value[];
    }
  /** The variable's value at this place in the order. */
  | { readonly kind: "read"; readonly slot: number }
  // elementwise; all operands have the result's shape
  | { readonly kind: "unary"; readonly fn: UnaryFunction; readonly inputs: readonly [Value] }
  | {
      readonly kind: "binary";
      readonly fn: BinaryFunction;
      readonly inputs: readonly [Value, Value];
      readonly site: Site;
    }
  /** inputs: condition (bool), then, else. */
  | { readonly kind: "select"; readonly inputs: readonly [Value, Value, Value] }
  /** Numbers convert as TensorFlow's Cast: floats to integers truncate, to bool is != 0. */
  | { readonly kind: "cast"; readonly inputs: readonly [Value] }
  /** Same bits, another dtype; the last dimension grows or shrinks as in TensorFlow's Bitcast. */
  | { readonly kind: "bitcast"; readonly inputs: readonly [Value] }
  // reductions; the reduced axes are removed from the shape
  | {
      readonly kind: "reduce";
      readonly fn: ReduceFunction;
      readonly inputs: readonly [Value];
      readonly axes: readonly number[];
    }
  /** First position of the extreme value; NaN as in TensorFlow. int32 or int64 by the value's dtype. */
  | { readonly kind: "argReduce"; readonly fn: "max" | "min"; readonly inputs: readonly [Value]; readonly axis: number }
  // movement
  | { readonly kind: "reshape"; readonly inputs: readonly [Value] }
  | { readonly kind: "transpose"; readonly inputs: readonly [Value]; readonly perm: readonly number[] }
  /** Numpy's broadcast to the value's shape, aligned at the right. */
  | { readonly kind: "broadcast"; readonly inputs: readonly [Value] }
  /** y[i] = x[begin + i * stride]; strides may be negative. */
  | {
      readonly kind: "slice";
      readonly inputs: readonly [Value];
      readonly begin: readonly number[];
      readonly strides: readonly number[];
    }
  /** inputs: x, begin (int32 or int64 [rank]); clamps nothing, reports out of range at the site. */
  | { readonly kind: "dynamicSlice"; readonly inputs: readonly [Value, Value]; readonly site: Site }
  /** inputs: x and a scalar fill; `interior` zeros go between neighbours; `low` and `high` are >= 0. */
  | {
      readonly kind: "pad";
      readonly inputs: readonly [Value, Value];
      readonly low: readonly number[];
      readonly high: readonly number[];
      readonly interior: readonly number[];
    }
  | { readonly kind: "concat"; readonly inputs: readonly Value[]; readonly axis: number }
  | { readonly kind: "reverse"; readonly inputs: readonly [Value]; readonly axes: readonly number[] }
  // heavy arithmetic
  /** [..., m, k] x [..., k, n]; leading dimensions are equal. */
  | {
      readonly kind: "matmul";
      readonly inputs: readonly [Value, Value];
      readonly transposeA: boolean;
      readonly transposeB: boolean;
    }
  /** forward: (x, filter); inputGradient: (filter, dy); filterGradient: (x, dy). */
  | {
      readonly kind: "convolution";
      readonly fn: "forward" | "inputGradient" | "filterGradient";
      readonly inputs: readonly [Value, Value];
      readonly geometry: ConvolutionGeometry;
    }
  | {
      readonly kind: "window";
      readonly fn: "max" | "average";
      readonly inputs: readonly [Value];
      readonly geometry: WindowGeometry;
    }
  /** max: (x, y, dy), the gradient goes to the first maximum of each window; average: (dy). */
  | {
      readonly kind: "windowGradient";
      readonly fn: "max" | "average";
      readonly inputs: readonly Value[];
      readonly geometry: WindowGeometry;
    }
  // indexed
  /**
   * inputs: params, indices (int32 or int64). y = params with axis `axis` replaced by the dimensions of indices; the first
   * `batchDims` dimensions of both go together; further inputs are details of the error. An index out of range reports (position, index, limit) at the site; without one it gives zeros.
   */
  | {
      readonly kind: "gather";
      readonly inputs: readonly [Value, Value, ...Value[]];
      readonly axis: number;
      readonly batchDims: number;
      readonly site: Site;
    }
  /**
   * inputs: base [rows, ...slice], indices [n], updates [n, ...slice]. y = base, then y[indices[i]] = fn(y[indices[i]], updates[i]) in
   * the order of i; further inputs are details of the error. Out of range reports at the site; without one the row is dropped. In place where base is dead afterwards.
   */
  | {
      readonly kind: "scatter";
      readonly fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min";
      readonly inputs: readonly [Value, Value, Value, ...Value[]];
      readonly site: Site;
    }
  /** int32 indices that sort the last axis stably; NaN last. */
  | { readonly kind: "order"; readonly inputs: readonly [Value]; readonly descending: boolean }
  /** inputs: x [n] of int32 or int64. int32: for each element the position of the first one that equals it. */
  | { readonly kind: "firstEqual"; readonly inputs: readonly [Value] }
  | {
      readonly kind: "scan";
      readonly fn: "sum" | "prod";
      readonly inputs: readonly [Value];
      readonly axis: number;
      readonly exclusive: boolean;
      readonly reverse: boolean;
    }
  // effects
  /** The variable has the input's value from this place in the order on. The value of the primitive is its input. */
  | { readonly kind: "write"; readonly slot: number; readonly inputs: readonly [Value] }
  /** inputs: condition (bool, any shape), details. The first false element reports (its position) at the site. */
  | { readonly kind: "check"; readonly inputs: readonly [Value, ...Value[]]; readonly site: Site };

export type PrimitiveKind = Primitive["kind"];

/** One value of a program. `id` is its place in the program's order. */
export interface Value {
  readonly id: number;
  readonly dtype: DTypeName;
  readonly shape: FullShape;
  readonly primitive: Primitive;
  /** For whom the value was made, in the builder's caller's numbers. */
  readonly origin?: number | undefined;
}

/** Numbers that a failed check leaves: what went wrong, where (element position), the offending number, its limit. */
export interface CheckNumbers {
  readonly position: number;
  readonly value: number;
  readonly limit: number;
  /** Values that the check named, as they were. */
  readonly details: readonly NdArray[];
}

/** The inputs of any primitive, in order. */
export const inputsOf = (primitive: Primitive): readonly Value[] => ("inputs" in primitive ? primitive.inputs : []);

/** Where the details of a primitive's error begin among its inputs. */
export const detailsFrom = (kind: PrimitiveKind): number => (kind === "check" ? 1 : kind === "gather" ? 2 : 3);

/** A straight line of primitives, ready to be compiled. */
export interface Program {
  readonly values: readonly Value[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Words for each site's failure. */
  readonly sites: readonly ((numbers: CheckNumbers) => Error)[];
}
