/** Updates of a variable at coordinates, and of a strided slice of it. Source: state_ops.cc, array_ops.cc, scatter_nd_op.cc, strided_slice_op.cc. */
import { invalidArgument } from "../../core/error.ts";
import { type FullShape, formatShape, type Shape } from "../../core/shape.ts";
import type { Lowering } from "../../engine/lowering.ts";
import type { Value } from "../../engine/primitive.ts";
import { scatterLowered } from "../compute/array/index/gather_nd.ts";
import { assignSlice } from "../compute/array/slice/box.ts";
import { defineOp } from "../define.ts";
import { readResource, variableData } from "./variable_data.ts";

type Fn = "update" | "add" | "sub" | "max" | "min";

/** Throws where known dimensions contradict: indices [..., k] and updates [..., the variable's dimensions from k on]. */
function checkStatic(params: Shape, indices: Shape, updates: Shape): void {
  const k = indices?.at(-1);
  if (params === null || indices === null || updates === null || k === null || k === undefined) return;
  const outer = indices.length - 1;
  const differ = (a: Shape, b: Shape): boolean =>
    a!.length !== b!.length || a!.some((d, i) => d !== null && b![i] !== null && d !== b![i]);
  if (differ(indices.slice(0, -1), updates.slice(0, outer))) {
    throw invalidArgument(
      `Dimensions [0,${outer}) of indices[shape=${formatShape(indices)}] = ${formatShape(indices.slice(0, -1))} must match dimensions [0,${outer}) of updates[shape=${formatShape(updates)}] = ${formatShape(updates.slice(0, outer))}`,
    );
  }
  if (differ(params.slice(k), updates.slice(outer))) {
    throw invalidArgument(
      `Dimensions [${k},${params.length}) of input[shape=${formatShape(params)}] = ${formatShape(params.slice(k))} must match dimensions [${outer},${updates.length}) of updates[shape=${formatShape(updates)}] = ${formatShape(updates.slice(outer))}`,
    );
  }
}

/** What the kernel says of full shapes. */
function checkFull(params: FullShape, indices: FullShape, updates: FullShape): void {
  const k = indices.at(-1) ?? 1;
  const outer = Math.max(indices.length - 1, 1);
  for (let i = 0; i < outer; i++) {
    if (indices[i] !== updates[i]) {
      throw invalidArgument(
        `Dimensions [0,${outer}) of indices[shape=${formatShape(indices)}] = ${indices[i]} must match dimensions [0,${outer}) of updates[shape=${formatShape(updates)}] = ${updates[i]}`,
      );
    }
  }
  if (params.length - k !== updates.length - outer) {
    throw invalidArgument(
      `Dimensions [${k},${params.length}) of input[shape=${formatShape(params)}] must match dimensions [${outer},${updates.length}) of updates[shape=${formatShape(updates)}]`,
    );
  }
  for (let i = 0; i + k < params.length; i++) {
    if (params[k + i] !== updates[outer + i]) {
      throw invalidArgument(
        `Dimensions [${k + i},${params.length}) of input[shape=${formatShape(params)}] must match dimensions [${outer + i},${updates.length}) of updates[shape=${formatShape(updates)}]`,
      );
    }
  }
}

function scattered(p: Lowering, fn: Fn, params: Value, indices: Value, updates: Value, policy: string): Value {
  if (policy !== "" && policy !== "DEFAULT" && policy !== "ERROR" && policy !== "IGNORE") {
    throw invalidArgument(`Unknown bad indices handling attribute: ${policy}`);
  }
  checkFull(params.shape, indices.shape, updates.shape);
  return scatterLowered(p, { fn, base: params, indices, updates, policy });
}

const scatterNd = (type: string, fn: Fn, types: string, locking: boolean, gradient: "none" | "unregistered") =>
  defineOp(type, {
    inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"],
    outputs: ["output_ref: Ref(T)"],
    attrs: [
      `T: ${types}` as "T: type",
      "Tindices: {int32, int64}",
      `use_locking: bool = ${locking}` as "use_locking: bool = false",
      "bad_indices_policy: string = ''",
    ],
    updates: ["ref"],
    shape({ ref, indices, updates }) {
      checkStatic(ref, indices, updates);
      return [ref];
    },
    lower(p, { ref, indices, updates, bad_indices_policy }) {
      p.write(ref, scattered(p, fn, p.read(ref), indices, updates, bad_indices_policy));
      return ref;
    },
    gradient,
  });

/** ref[indices[i]] = updates[i]. */
export const scatterNdUpdateOp = scatterNd("ScatterNdUpdate", "update", "type", true, "none");
export const scatterNdAddOp = scatterNd("ScatterNdAdd", "add", "numbertype", false, "none");
export const scatterNdSubOp = scatterNd("ScatterNdSub", "sub", "numbertype", false, "none");
export const scatterNdMaxOp = scatterNd("ScatterNdMax", "max", "numbertype", false, "unregistered");
export const scatterNdMinOp = scatterNd("ScatterNdMin", "min", "numbertype", false, "unregistered");

const resourceScatterNd = (type: string, fn: Fn) =>
  defineOp(type, {
    inputs: ["ref: resource", "indices: Tindices", "updates: T"],
    attrs: ["T: type", "Tindices: {int32, int64}", "use_locking: bool = true", "bad_indices_policy: string = ''"],
    stateful: true,
    updates: ["ref"],
    shape({ indices, updates, T }, context) {
      checkStatic(variableData(context, T, "ref").shape, indices, updates);
      return [];
    },
    lower(p, { ref, indices, updates, bad_indices_policy }) {
      p.write(ref, scattered(p, fn, readResource(p, ref), indices, updates, bad_indices_policy));
    },
    gradient: "unregistered",
  });

export const resourceScatterNdUpdateOp = resourceScatterNd("ResourceScatterNdUpdate", "update");
export const resourceScatterNdAddOp = resourceScatterNd("ResourceScatterNdAdd", "add");
export const resourceScatterNdSubOp = resourceScatterNd("ResourceScatterNdSub", "sub");
export const resourceScatterNdMaxOp = resourceScatterNd("ResourceScatterNdMax", "max");
export const resourceScatterNdMinOp = resourceScatterNd("ResourceScatterNdMin", "min");

const sliceAttrs = [
  "T: type",
  "Index: {int32, int64}",
  "begin_mask: int = 0",
  "end_mask: int = 0",
  "ellipsis_mask: int = 0",
  "new_axis_mask: int = 0",
  "shrink_axis_mask: int = 0",
] as const;

/** ref[begin:end:strides] = value, with the masks of Python's slicing. */
export const stridedSliceAssignOp = defineOp("StridedSliceAssign", {
  inputs: ["ref: Ref(T)", "begin: Index", "end: Index", "strides: Index", "value: T"],
  outputs: ["output_ref: Ref(T)"],
  attrs: sliceAttrs,
  updates: ["ref"],
  shape: ({ ref }) => [ref],
  lower(p, op) {
    p.write(op.ref, assignSlice(p, p.read(op.ref), op, op.value));
    return op.ref;
  },
  gradient: "unregistered",
});

export const resourceStridedSliceAssignOp = defineOp("ResourceStridedSliceAssign", {
  inputs: ["ref: resource", "begin: Index", "end: Index", "strides: Index", "value: T"],
  attrs: sliceAttrs,
  stateful: true,
  updates: ["ref"],
  shape: () => [],
  lower(p, op) {
    p.write(op.ref, assignSlice(p, readResource(p, op.ref), op, op.value));
  },
  gradient: "unregistered",
});
