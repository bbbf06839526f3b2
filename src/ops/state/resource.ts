/** Resource variables: a handle names the variable, ops take the handle. Source: resource_variable_ops.cc. */
import { int64 } from "../../core/dtype.ts";
import { invalidArgument, NotFoundError } from "../../core/error.ts";
import { formatShape, isFull, mergeShapes, type Shape, sameShape } from "../../core/shape.ts";
import { defineOp } from "../define.ts";
import { countUp } from "./count_up.ts";
import { readResource, readVariable, unknownResource, variableData } from "./variable_data.ts";

/** resource = the handle of a session variable of this dtype and shape. Nodes of one shared_name share the variable. */
export const varHandleOp = defineOp("VarHandleOp", {
  outputs: ["resource: resource"],
  attrs: [
    "container: string = ''",
    "shared_name: string = ''",
    "debug_name: string = ''",
    "dtype: type",
    "shape: shape",
    "allowed_devices: list(string) = []",
  ],
  stateful: true,
  variable: "resource",
  shape: ({ dtype, shape }) => ({ shapes: [[]], handles: [[{ dtype, shape }]] }),
  gradient: "unregistered",
});

/** value = the variable's value at this place in the order. */
export const readVariableOp = defineOp("ReadVariableOp", {
  inputs: ["resource: resource"],
  outputs: ["value: dtype"],
  attrs: ["dtype: type"],
  stateful: true,
  shape: ({ dtype }, context) => [variableData(context, dtype).shape],
  lower: (p, { resource }) => readVariable(p, resource),
  gradient: (_, __, dy) => ({ resource: dy! }),
});

function checkAssigned(known: Shape, value: Shape): void {
  if (known !== null && isFull(known) && isFull(value) && !sameShape(known, value)) {
    throw invalidArgument(
      `Trying to assign to variable with tensor with wrong shape. Expected ${formatShape(known)} got ${formatShape(value)}`,
    );
  }
}

/** The variable becomes value; with validate_shape its shape must stay. */
export const assignVariableOp = defineOp("AssignVariableOp", {
  inputs: ["resource: resource", "value: dtype"],
  attrs: ["dtype: type", "validate_shape: bool = false"],
  stateful: true,
  updates: ["resource"],
  shape({ value, dtype }, context) {
    mergeShapes(variableData(context, dtype).shape, value);
    return [];
  },
  lower(p, { resource, value, validate_shape }) {
    if (validate_shape) checkAssigned(p.shapeOf(resource), value.shape);
    p.write(resource, value);
  },
  gradient: "unregistered",
});

const update = (type: "AssignAddVariableOp" | "AssignSubVariableOp", fn: "add" | "sub") =>
  defineOp(type, {
    inputs: ["resource: resource", "value: dtype"],
    attrs: ["dtype: type"],
    stateful: true,
    updates: ["resource"],
    shape({ value, dtype }, context) {
      mergeShapes(variableData(context, dtype).shape, value);
      return [];
    },
    lower(p, { resource, value }) {
      const old = readResource(p, resource);
      if (!sameShape(old.shape, value.shape)) {
        throw invalidArgument(
          `Cannot update variable with shape ${formatShape(old.shape)} using a Tensor with shape ${formatShape(value.shape)}, shapes must be equal.`,
        );
      }
      p.write(resource, p[fn](old, value));
    },
    gradient: "unregistered",
  });

export const assignAddVariableOp = update("AssignAddVariableOp", "add");
export const assignSubVariableOp = update("AssignSubVariableOp", "sub");

/** is_initialized = whether the variable has a value. */
export const varIsInitializedOp = defineOp("VarIsInitializedOp", {
  inputs: ["resource: resource"],
  outputs: ["is_initialized: bool"],
  stateful: true,
  shape: () => [[]],
  lower: (p, { resource }) => p.scalar(p.shapeOf(resource) !== null, "bool"),
  gradient: "none",
});

/** output = the shape of the variable's value, a vector. */
export const variableShapeOp = defineOp("VariableShape", {
  inputs: ["input: resource"],
  outputs: ["output: out_type"],
  attrs: ["out_type: {int32, int64} = DT_INT32"],
  stateful: true,
  shape: (_, context) => [[context.handle("input")?.[0]?.shape?.length ?? null]],
  partialValue: (_, context) => context.handle("input")?.[0]?.shape ?? null,
  lower(p, { input, out_type }) {
    const shape = p.shapeOf(input);
    if (shape === null) throw unknownResource(input);
    return p.list(shape, out_type === int64 ? "int64" : "int32");
  },
  gradient: "none",
});

/** Ends a resource; its variable has no value afterwards. */
export const destroyResourceOp = defineOp("DestroyResourceOp", {
  inputs: ["resource: resource"],
  attrs: ["ignore_lookup_error: bool = true"],
  stateful: true,
  updates: ["resource"],
  shape: () => [],
  compute({ resource, ignore_lookup_error }, context) {
    const existed = context.deleteResource(resource);
    if (!existed && !ignore_lookup_error) throw new NotFoundError("Resource localhost does not exist.");
  },
  gradient: "unregistered",
});

/** Marks a variable for reads without copies: nothing to do here. */
export const disableCopyOnReadOp = defineOp("DisableCopyOnRead", {
  inputs: ["resource: resource"],
  stateful: true,
  shape: () => [],
  lower() {},
  gradient: "unregistered",
});

/** output = the variable's value, which grows by one. Throws OUT_OF_RANGE `Reached limit of 3`. */
export const resourceCountUpToOp = defineOp("ResourceCountUpTo", {
  inputs: ["resource: resource"],
  outputs: ["output: T"],
  attrs: ["limit: int", "T: {int32, int64}"],
  stateful: true,
  updates: ["resource"],
  shape: ({ T }, context) => [variableData(context, T).shape ?? []],
  lower(p, { resource, limit }) {
    readResource(p, resource);
    return countUp(p, resource, limit);
  },
  gradient: "unregistered",
});
