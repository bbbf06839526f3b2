/** Gradient functions that programs register, by name: for op types without one, and for ops made in `gradientOverrideMap`. */
import { KeyError } from "../../core/error.ts";
import { unwrapAttr } from "../attr.ts";
import type { IndexedSlices } from "../indexed_slices.ts";
import type { Operation } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { findDefinition } from "./registry.ts";

export type Gradient = Tensor | IndexedSlices;

/** Gets the op and the gradients of its outputs; returns one gradient, or one for each input: null where nothing flows. */
export type GradientFunction = (
  op: Operation,
  ...gradients: Gradient[]
) => Gradient | null | readonly (Gradient | null)[];

const registered = new Map<string, GradientFunction>();

/** Throws KeyError when the name has a gradient function already. Source: registry.py. */
export function registerGradient(name: string, fn: GradientFunction): void {
  const own = findDefinition(name)?.gradient;
  if (registered.has(name) || (own !== undefined && own !== "unregistered")) {
    throw new KeyError(`Registering two gradient with name '${name}'!`);
  }
  registered.set(name, fn);
}

/** The name whose gradient function an op takes: its type, or what `gradientOverrideMap` gave it. */
export function gradientNameOf(op: Operation): string {
  const attr = op.attrs.get("_gradient_op_type");
  return attr ? String(unwrapAttr(attr)) : op.type;
}

export const registeredGradient = (name: string): GradientFunction | undefined => registered.get(name);
