/** Updates of rows of a variable. Source: state_ops.cc, scatter_op.cc, resource_variable_ops.cc. */
import { invalidArgument } from "../../core/error.ts";
import { formatShape, mergeShapes, type Shape, sameShape, withRankAtLeast } from "../../core/shape.ts";
import type { Lowering } from "../../engine/lowering.ts";
import type { Value } from "../../engine/primitive.ts";
import { defineOp } from "../define.ts";
import { readResource, variableData } from "./variable_data.ts";
import { outOfRange } from "./words.ts";

type Fn = "update" | "add" | "sub" | "mul" | "div" | "max" | "min";

/** params with fn applied to the rows at indices. Throws INVALID_ARGUMENT when updates do not fit. */
function scattered(p: Lowering, fn: Fn, params: Value, indices: Value, updates: Value): Value {
  if (params.shape.length === 0)
    throw invalidArgument(`params must be at least 1-D, got shape ${formatShape(params.shape)}`);
  const wanted = [...indices.shape, ...params.shape.slice(1)];
  if (updates.shape.length && !sameShape(updates.shape, wanted)) {
    throw invalidArgument(
      `Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape ${formatShape(updates.shape)}, indices.shape ${formatShape(indices.shape)}, params.shape ${formatShape(params.shape)}`,
    );
  }
  return p.scatter(fn, params, indices, updates, outOfRange(indices.shape));
}

function checkUpdates(params: Shape, indices: Shape, updates: Shape): void {
  const rows = withRankAtLeast(params, 1);
  if (rows === null || indices === null || updates?.length === 0) return;
  mergeShapes(updates, [...indices, ...rows.slice(1)]);
}

const scatter = (type: string, fn: Fn, types: string, locking: boolean, gradient: "none" | "unregistered") =>
  defineOp(type, {
    inputs: ["ref: Ref(T)", "indices: Tindices", "updates: T"],
    outputs: ["output_ref: Ref(T)"],
    attrs: [
      `T: ${types}` as "T: type",
      "Tindices: {int32, int64}",
      `use_locking: bool = ${locking}` as "use_locking: bool = false",
    ],
    updates: ["ref"],
    shape({ ref, indices, updates }) {
      checkUpdates(ref, indices, updates);
      return [ref];
    },
    lower(p, { ref, indices, updates }) {
      p.write(ref, scattered(p, fn, p.read(ref), indices, updates));
      return ref;
    },
    gradient,
  });

const ordered = "{half, bfloat16, float, double, int32, int64}";

export const scatterUpdateOp = scatter("ScatterUpdate", "update", "type", true, "unregistered");
export const scatterAddOp = scatter("ScatterAdd", "add", "numbertype", false, "none");
export const scatterSubOp = scatter("ScatterSub", "sub", "numbertype", false, "none");
export const scatterMulOp = scatter("ScatterMul", "mul", "numbertype", false, "none");
export const scatterDivOp = scatter("ScatterDiv", "div", "numbertype", false, "none");
export const scatterMinOp = scatter("ScatterMin", "min", ordered, false, "unregistered");
export const scatterMaxOp = scatter("ScatterMax", "max", ordered, false, "unregistered");

const resourceScatter = (type: string, fn: Fn, types: string) =>
  defineOp(type, {
    inputs: ["resource: resource", "indices: Tindices", "updates: dtype"],
    attrs: [`dtype: ${types}` as "dtype: type", "Tindices: {int32, int64}"],
    stateful: true,
    updates: ["resource"],
    shape({ indices, updates, dtype }, context) {
      checkUpdates(variableData(context, dtype).shape, indices, updates);
      return [];
    },
    lower(p, { resource, indices, updates }) {
      p.write(resource, scattered(p, fn, readResource(p, resource), indices, updates));
    },
    gradient: "unregistered",
  });

export const resourceScatterUpdateOp = resourceScatter("ResourceScatterUpdate", "update", "type");
export const resourceScatterAddOp = resourceScatter("ResourceScatterAdd", "add", "numbertype");
export const resourceScatterSubOp = resourceScatter("ResourceScatterSub", "sub", "numbertype");
export const resourceScatterMulOp = resourceScatter("ResourceScatterMul", "mul", "numbertype");
export const resourceScatterDivOp = resourceScatter("ResourceScatterDiv", "div", "numbertype");
export const resourceScatterMinOp = resourceScatter("ResourceScatterMin", "min", "numbertype");
export const resourceScatterMaxOp = resourceScatter("ResourceScatterMax", "max", "numbertype");
