/** The iterator behind a handle, and its next element. */
import { OpError, opError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext, RunContext } from "../../../../graph/definition.ts";
import { objectOf } from "../../resource.ts";
import type { Element } from "../runtime/dataset.ts";
import type { IteratorResource } from "./resource.ts";

export const kind = "Iterator";

export const iteratorOf = (context: ComputeContext, handle: NdArray): IteratorResource =>
  objectOf<IteratorResource>(context, handle, kind);

/** An error from inside a user's function, with the node that asked for the element behind it. */
export function atAsker(error: unknown, context: RunContext): unknown {
  if (!(error instanceof OpError) || !error.op) return error;
  const outer = opError(error.code, `${error.message}\n\t [[${context.node.name}]]`, { cause: error });
  outer.op = error.op;
  outer.madeAt = error.madeAt;
  return outer;
}

async function waiting(element: Promise<Element | null>, context: RunContext): Promise<Element | null> {
  try {
    return await element;
  } catch (error) {
    throw atAsker(error, context);
  }
}

/** The next element of an iterator, with errors as the asking node says them. */
export function nextOf(handle: NdArray, context: RunContext): Element | null | Promise<Element | null> {
  try {
    const element = iteratorOf(context, handle).next(context.signal);
    return element instanceof Promise ? waiting(element, context) : element;
  } catch (error) {
    throw atAsker(error, context);
  }
}
