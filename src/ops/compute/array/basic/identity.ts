/** Ops that pass their input on, and placeholders. */
import { type DType, type DTypeLike, int64, toDtype } from "../../../../core/dtype.ts";
import { InvalidArgumentError, KeyError, ValueError } from "../../../../core/error.ts";
import { compatible, formatShape, mergeShapes, type Shape } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { SparseTensor as SparseParts } from "../../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { SparseTensor } from "../../sparse/tensor.ts";
import { type Name, type Named, nameOf } from "./names.ts";

/** The input's shape, and what is known of the handle that it may be. */
const unchanged = ({ input }: { readonly input: Shape }, context: ShapeContext) => ({
  shapes: [input],
  handles: [context.handle("input")],
});

const knownElements = ({ input }: { readonly input: Shape }, context: ShapeContext) =>
  input?.length === 1 && context.outputDtypes[0]!.isInteger ? context.valueAsShape("input") : null;

/** output = input. Source: array_ops.cc. */
export const identityOp = defineOp("Identity", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  passes: true,
  shape: unchanged,
  partialValue: knownElements,
  lower: (_, { input }) => input,
  gradient: (_, __, dy) => ({ input: dy! }),
});

export const identityNOp = defineOp("IdentityN", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: list(type) >= 1"],
  shape: ({ input }, context) => ({ shapes: input, handles: input.map((_, i) => context.handle("input", i)) }),
  lower: (_, { input }) => input,
  gradient: (_, __, ...dys) => ({ input: dys }),
});

/** output = input; no gradient passes. */
export const stopGradientOp = defineOp("StopGradient", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  passes: true,
  shape: unchanged,
  lower: (_, { input }) => input,
  gradient: "none",
});

/** output = input; asking for a gradient through it is an error with the message. */
export const preventGradientOp = defineOp("PreventGradient", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "message: string = ''"],
  shape: unchanged,
  lower: (_, { input }) => input,
  gradient: (_, { message }) => {
    throw new KeyError(`Gradient explicitly disabled. Reason: ${message}`);
  },
});

/** A copy that later updates of a variable do not change. */
export const snapshotOp = defineOp("Snapshot", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ input }) => [input],
  lower: (_, { input }) => input,
  gradient: "unregistered",
});

export const deepCopyOp = defineOp("DeepCopy", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs: ["T: type"],
  stateful: true,
  shape: ({ x }) => [x],
  lower: (_, { x }) => x,
  gradient: "unregistered",
});

export const guaranteeConstOp = defineOp("GuaranteeConst", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  stateful: true,
  shape: unchanged,
  lower: (_, { input }) => input,
  gradient: "unregistered",
});

export const debugGradientIdentityOp = defineOp("DebugGradientIdentity", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ input }) => [input],
  lower: (_, { input }) => input,
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** The reference itself. */
export const refIdentityOp = defineOp("RefIdentity", {
  inputs: ["input: Ref(T)"],
  outputs: ["output: Ref(T)"],
  attrs: ["T: type"],
  shape: unchanged,
  lower: (_, { input }) => input,
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** output = input, whose shape must go with the attr. Source: array_ops.cc. */
export const ensureShapeOp = defineOp("EnsureShape", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["shape: shape", "T: type"],
  shape: ({ input, shape }) => [mergeShapes(shape, input)],
  lower(_, { input, shape }) {
    if (!compatible(input.shape, shape)) {
      throw new InvalidArgumentError(
        `Shape of tensor ${formatShape(input.shape)} is not compatible with expected shape ${formatShape(shape)}.`,
      );
    }
    return input;
  },
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** A value that every run is fed. Its `shape` attr is what is known of the shape. Source: array_ops.cc. */
export const placeholderOp = defineOp("Placeholder", {
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "shape: shape = unknown"],
  placeholder: true,
  shape: ({ shape }) => [shape],
  gradient: "unregistered",
});

export const placeholderV2Op = defineOp("PlaceholderV2", {
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "shape: shape"],
  placeholder: true,
  shape: ({ shape }) => [shape],
  gradient: "unregistered",
});

/** The input where the run feeds nothing else. */
export const placeholderWithDefaultOp = defineOp("PlaceholderWithDefault", {
  inputs: ["input: dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "shape: shape"],
  isOverridable: true,
  shape({ input, shape }) {
    mergeShapes(input, shape);
    return [shape];
  },
  lower: (_, { input }) => input,
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** The tensor under a name of its own; a new node. */
export const identity = byKeyword(["input"], function identity<
  T extends TensorLike | IndexedSlices | SparseParts,
>(input: T, name?: Name): T extends IndexedSlices ? IndexedSlices : T extends SparseParts ? SparseParts : Tensor {
  return mapTensors(input, (part) => identityOp({ input: part }, nameOf(name))) as never;
});

/** Applies a function to the tensors that a value consists of, in Python's order of components. */
function mapTensors(
  input: TensorLike | IndexedSlices | SparseParts,
  fn: (part: TensorLike) => Tensor,
): Tensor | IndexedSlices | SparseParts {
  if (input instanceof IndexedSlices) {
    const values = fn(input.values);
    return new IndexedSlices(values, fn(input.indices), input.denseShape && fn(input.denseShape));
  }
  if (input instanceof SparseParts) {
    return new SparseTensor({ indices: fn(input.indices), values: fn(input.values), denseShape: fn(input.denseShape) });
  }
  return fn(input);
}

/** Tensors with the values of these, of any dtypes and shapes. */
export const identityN = (inputs: readonly TensorLike[], name?: Name): Tensor[] =>
  identityNOp({ input: inputs }, nameOf(name)) as unknown as Tensor[];

/** The input, through which no gradient flows. */
export const stopGradient = (input: TensorLike, name?: Name): Tensor => stopGradientOp({ input }, nameOf(name));

/** The input; `gradients` through it fails with the message. */
export const preventGradient = (input: TensorLike, options: { readonly message?: string } & Named = {}): Tensor =>
  preventGradientOp({ input, message: options.message ?? "" }, options.name);

/** x; INVALID_ARGUMENT when it is run with a value of another shape. */
export const ensureShape = byKeyword(
  ["x", "shape"],
  function ensureShape(x: TensorLike, shape: Shape, name?: Name): Tensor {
    return ensureShapeOp({ input: x, shape }, nameOf(name));
  },
);

/** A tensor that must be fed. `null` dimensions take any size, a `null` shape any rank. */
export const placeholder = byKeyword(
  ["dtype"],
  function placeholder(
    dtype: DTypeLike,
    shapeOrOptions: Shape | ({ readonly shape?: Shape } & Named) = null,
    options: Named = {},
  ): Tensor {
    const isShape = shapeOrOptions === null || Array.isArray(shapeOrOptions);
    const given = (isShape ? { ...options, shape: shapeOrOptions } : shapeOrOptions) as { shape?: Shape } & Named;
    return placeholderOp({ dtype: toDtype(dtype).baseDtype, shape: given.shape ?? null }, given.name);
  },
);

/** A tensor that may be fed; else it has the default's value, whose shape must go with `shape`. */
export const placeholderWithDefault = byKeyword(
  ["input", "shape"],
  function placeholderWithDefault(input: TensorLike, shape: Shape, name?: Name): Tensor {
    return placeholderWithDefaultOp({ input, shape }, nameOf(name));
  },
);

type SparsePlaceholderOptions = { readonly shape?: Shape } & Named;
const sparsePlaceholderPlaces = ["shape", "name"] as const;

/** A sparse tensor that must be fed: placeholders for values, indices and, where no shape is given, the dense shape. */
export function sparsePlaceholder(
  dtype: DType,
  ...rest: Rest<SparsePlaceholderOptions, typeof sparsePlaceholderPlaces>
): SparseParts {
  const options = byName<SparsePlaceholderOptions>(rest, sparsePlaceholderPlaces);
  const { shape = null } = options;
  const part = (suffix: string) => (options.name ? { name: `${options.name}/${suffix}` } : {});
  if (shape?.some((d) => d !== null && d < -1))
    throw new ValueError(`Dimension must be >= 0 in shape ${formatShape(shape)}`);
  const denseShape =
    shape === null
      ? placeholder(int64, [null], part("shape"))
      : placeholderWithDefault(
          constant(
            shape.map((d) => d ?? -1),
            { dtype: int64, name: part("shape_default").name ?? "Const" },
          ),
          [shape.length],
          part("shape"),
        );
  const values = placeholder(dtype, [null], part("values"));
  const indices = placeholder(int64, [null, shape?.length ?? null], part("indices"));
  const sparse = new SparseTensor({ indices, values, denseShape });
  if (shape !== null) sparse.setShape(shape);
  return sparse;
}
