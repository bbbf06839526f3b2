/** Calls of functions in the graph's library. Source: functional_ops.cc, function_ops.cc, partitioned_function_ops.cc. */
import { DType } from "../../core/dtype.ts";
import { InternalError, invalidArgument, OpError } from "../../core/error.ts";
import { type NdArray, ndarray } from "../../core/nd_array.ts";
import { elementCount, type Shape } from "../../core/shape.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import { cppName } from "../../graph/def/node_text.ts";
import type { CallContext, Passed, ShapeContext } from "../../graph/definition.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emptyArray } from "../compute/array/basic/elements.ts";
import { defineOp } from "../define.ts";

export const unknownShapes = (_: unknown, context: ShapeContext): Shape[] => context.outputDtypes.map(() => null);

/** The shapes that the function gives for the shapes of its arguments. */
const calledShapes = ({ args, f }: { args: readonly Shape[]; f: FunctionRef }, context: ShapeContext): Shape[] => [
  ...(context.functionShapes(f, args) ?? unknownShapes(null, context)),
];

/** The shapes that an attr says; unknown ones when it is empty. Throws INVALID_ARGUMENT for another number of them. */
export function givenShapes({ output_shapes }: { output_shapes: readonly Shape[] }, context: ShapeContext): Shape[] {
  const n = context.outputDtypes.length;
  if (output_shapes.length === 0) return new Array<Shape>(n).fill(null);
  if (output_shapes.length !== n) {
    throw invalidArgument(`\`output_shapes\` must be the same length as num outputs (${output_shapes.length} vs. ${n}`);
  }
  return [...output_shapes];
}

/** Calls, and compares what comes with the node's signature. Throws INTERNAL when they differ. */
export function callChecked(
  context: CallContext,
  fn: FunctionRef,
  args: readonly Passed[],
): readonly Passed[] | Promise<readonly Passed[]> {
  const check = (results: readonly Passed[]): readonly Passed[] => {
    const wanted = context.node.outputDtypes;
    if (results.length !== wanted.length) {
      throw new InternalError(`Expect ${wanted.length} returns but get ${results.length}`);
    }
    for (const [i, result] of results.entries()) {
      if (result.dtype instanceof DType && result.dtype !== wanted[i]) {
        throw new InternalError(
          `Expect ${i}-th output is of type ${cppName(wanted[i]!)} but get ${cppName(result.dtype)}`,
        );
      }
    }
    return results;
  };
  const results = context.call(fn, args);
  return results instanceof Promise ? results.then(check) : check(results);
}

const callAttrs = [
  "Tin: list(type) >= 0",
  "Tout: list(type) >= 0",
  "f: func",
  "config: string = ''",
  "config_proto: string = ''",
  "executor_type: string = ''",
] as const;

// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
type Tools = any;

/** output = f(args). */
export const partitionedCallOp = defineOp("PartitionedCall", {
  inputs: ["args: Tin"],
  outputs: ["output: Tout"],
  attrs: callAttrs,
  shape: calledShapes,
  call: ({ args, f }, context) => callChecked(context, f, args),
  called: "f",
  gradient: (tf: Tools, { op }, ...dys) => ({ args: tf.gradientOfCall(op, dys) }),
});

/** output = f(args), where f changes variables or draws random numbers. */
export const statefulPartitionedCallOp = defineOp("StatefulPartitionedCall", {
  inputs: ["args: Tin"],
  outputs: ["output: Tout"],
  attrs: callAttrs,
  stateful: true,
  shape: calledShapes,
  call: ({ args, f }, context) => callChecked(context, f, args),
  called: "f",
  gradient: (tf: Tools, { op }, ...dys) => ({ args: tf.gradientOfCall(op, dys) }),
});

/** output = f(args), on the device `target`, which is this process. */
export const remoteCallOp = defineOp("RemoteCall", {
  inputs: ["target: string", "args: Tin"],
  outputs: ["output: Tout"],
  attrs: ["Tin: list(type) >= 1", "Tout: list(type) >= 1", "f: func"],
  stateful: true,
  shape: unknownShapes,
  call: ({ args, f }, context) => callChecked(context, f, args),
  gradient: "unregistered",
});

/** output = the gradients of f at its inputs, given those and the gradients of its outputs. */
export const symbolicGradientOp = defineOp("SymbolicGradient", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs: ["Tin: list(type) >= 1", "Tout: list(type) >= 1", "f: func"],
  shape({ input }, { outputDtypes }) {
    if (input.length < outputDtypes.length) throw invalidArgument("len(inputs) < len(outputs)");
    return outputDtypes.map((_, i) => input[i]!);
  },
  call: ({ input, f }, context) => callChecked(context, context.gradientOf(f), input),
  gradient: "unregistered",
});

/** The gradients of an op that has a function's name: the function is computed again, as TensorFlow does. */
export function gradientOfFunctionOp(
  record: { readonly op: Operation },
  dys: readonly Tensor[],
): Record<string, unknown> {
  const { op } = record;
  const input = [...op.inputs, ...dys];
  const found = symbolicGradientOp({
    input,
    Tout: op.inputs.map((each) => each.dtype.baseDtype),
    f: { name: op.type, attrs: op.attrs },
  });
  let at = 0;
  return Object.fromEntries(
    op.definition.inputs.map((arg) => {
      const isList = arg.numberAttr !== undefined || arg.typeListAttr !== undefined;
      if (!isList) return [arg.name, found[at++]];
      const attr = op.attrs.get((arg.numberAttr ?? arg.typeListAttr)!) as { value: unknown };
      const n = arg.numberAttr ? Number(attr.value) : (attr.value as unknown[]).length;
      at += n;
      return [arg.name, found.slice(at - n, at)];
    }),
  );
}

/** Stands for an argument that a branch does not need: a value that nobody reads. Zeros, or nothing where the shape is not known. */
export const fakeParamOp = defineOp("FakeParam", {
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "shape: shape"],
  shape: ({ shape }) => [shape],
  compute: ({ dtype, shape }) =>
    emptyArray(
      dtype,
      (shape ?? []).map((n) => n ?? 0),
    ),
  gradient: "unregistered",
});

/** index = the place of this device's kind in device_names; their number when it is not among them. */
export const deviceIndexOp = defineOp("DeviceIndex", {
  outputs: ["index: int32"],
  attrs: ["device_names: list(string)"],
  stateful: true,
  shape: () => [[]],
  compute({ device_names }) {
    const at = device_names.indexOf("CPU");
    return ndarray(at < 0 ? device_names.length : at, "int32");
  },
  gradient: "unregistered",
});

/** output = is a scalar not zero or empty; has an array any elements? */
export const toBoolOp = defineOp("ToBool", {
  inputs: ["input: T"],
  outputs: ["output: bool"],
  attrs: ["T: type"],
  shape: () => [[]],
  compute: ({ input }) => ndarray(truth(input), "bool"),
  gradient: "unregistered",
});

/** Source: functional_ops.cc, ToBool. Throws INVALID_ARGUMENT for scalars that are neither numbers nor strings. */
export function truth(value: NdArray): boolean {
  if (value.shape.length > 0) return elementCount(value.shape) > 0;
  const { dtype, data } = value;
  const isKnown = ["float64", "float32", "uint8", "int8", "int16", "int32", "int64", "bool", "string"].includes(
    dtype.base,
  );
  if (!isKnown) throw new OpError("INVALID_ARGUMENT", `${cppName(dtype)} cannot be converted to a boolean`);
  const item = data[0]!;
  return typeof item === "object" ? item.length > 0 : Number(item) !== 0;
}
