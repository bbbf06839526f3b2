/** `tf.assign` and its kin: functions that change variables, references and resources alike. Source: tensorflow/python/ops/state_ops.py. */

import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  assignAddOp,
  assignOp,
  assignSubOp,
  countUpToOp,
  isVariableInitializedOp,
  varIsInitializedOp,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import type { Updated } from "./updated.ts";
import type { Variable } from "./variable.ts";

/** A variable, or the reference that a node of the graph gives. */
export type Reference = Variable | Tensor;

export interface UpdateOptions {
  readonly useLocking?: boolean | undefined;
  readonly name?: string | undefined;
}

export const isResourceVariable = (ref: Reference): ref is Variable => "isResource" in ref && ref.isResource;

type AssignOptions = UpdateOptions & { readonly validateShape?: boolean };
const assignPlaces = ["validateShape", "useLocking", "name"] as const;

/** The variable's value after it has become `value`; its shape may change with validateShape false. */
export const assign = byKeyword(
  ["ref", "value"],
  function assign(ref: Reference, value: TensorLike, ...rest: Rest<AssignOptions, typeof assignPlaces>): Updated {
    const options = byName<AssignOptions>(rest, assignPlaces);
    const { useLocking = true, validateShape = true, name } = options;
    if (isResourceVariable(ref)) return ref.assign(value, { name });
    return assignOp({ ref: ref as TensorLike, value, use_locking: useLocking, validate_shape: validateShape }, name);
  },
);

const assignAddPlaces = ["useLocking", "name"] as const;

/** Adds the value to the variable; what it gives is the variable behind that. */
export const assignAdd = byKeyword(
  ["ref", "value"],
  function assignAdd(ref: Reference, value: TensorLike, ...rest: Rest<UpdateOptions, typeof assignAddPlaces>): Updated {
    const options = byName<UpdateOptions>(rest, assignAddPlaces);
    const { useLocking = false, name } = options;
    if (isResourceVariable(ref)) return ref.assignAdd(value);
    return assignAddOp({ ref: ref as TensorLike, value, use_locking: useLocking }, name);
  },
);

/** Takes the value from the variable; what it gives is the variable behind that. */
export const assignSub = byKeyword(
  ["ref", "value"],
  function assignSub(ref: Reference, value: TensorLike, ...rest: Rest<UpdateOptions, typeof assignAddPlaces>): Updated {
    const options = byName<UpdateOptions>(rest, assignAddPlaces);
    const { useLocking = false, name } = options;
    // As in Python, a resource's update takes no name here.
    if (isResourceVariable(ref)) return ref.assignSub(value);
    return assignSubOp({ ref: ref as TensorLike, value, use_locking: useLocking }, name);
  },
);

const countUpToPlaces = ["name"] as const;

/** The value before it grows by one. Throws OUT_OF_RANGE once it has reached the limit. */
export const countUpTo = byKeyword(
  ["ref", "limit"],
  function countUpTo(
    ref: Reference,
    limit: number,
    ...rest: Rest<{ readonly name?: string }, typeof countUpToPlaces>
  ): Tensor {
    const options = byName<{ readonly name?: string }>(rest, countUpToPlaces);
    if (isResourceVariable(ref)) return ref.countUpTo(limit, options);
    return countUpToOp({ ref: ref as TensorLike, limit }, options.name);
  },
);

/** A boolean scalar: has the variable a value? */
export function isVariableInitialized(ref: Reference, options: { readonly name?: string | undefined } = {}): Tensor {
  if (isResourceVariable(ref)) return varIsInitializedOp({ resource: ref.handle }, options.name);
  return isVariableInitializedOp({ ref: ref as TensorLike }, options.name);
}
