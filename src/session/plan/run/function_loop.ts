/** A loop of two functions that only compute, as one program: what lies between an iteration's values and the next ones. */
import { NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { SessionState } from "../../state.ts";
import { TightLoop } from "../flow/tight.ts";
import type { Plan } from "../plan.ts";
import type { RunValue } from "../values.ts";

/** What a body was made into together with the condition that it ran with. */
export interface FunctionLoop {
  readonly condition: Plan;
  /** Null where they are more than a segment each, change variables, or give other values than they take. */
  readonly tight: TightLoop | null;
}

/** The program of a loop, kept with the body's plan. */
export function tightLoopOf(condition: Plan, body: Plan, state: SessionState): TightLoop | null {
  if (body.loop?.condition !== condition) {
    body.loop?.tight?.dispose();
    body.loop = { condition, tight: create(condition, body, state) };
  }
  return body.loop.tight;
}

function create(condition: Plan, body: Plan, state: SessionState): TightLoop | null {
  const asked = condition.soleSegment?.nodes;
  const done = body.soleSegment?.nodes;
  if (!asked || !done || condition.fetches.length !== 1 || body.fetches.length !== body.feeds.length) return null;
  if (asked.some(isStateful) || [...asked, ...done].some((op) => op.definition.updates.length > 0)) return null;
  // Both functions take the loop's values by the same numbers.
  const index = new Map<Tensor, number>();
  for (const { feeds } of [condition, body]) for (const [k, tensor] of feeds.entries()) index.set(tensor, k);
  let next = body.feeds.length;
  for (const op of [...asked, ...done]) {
    for (const input of op.inputs) if (!index.has(input)) index.set(input, next++);
    for (const output of op.outputs) index.set(output, next++);
  }
  const known = [...body.fetches, ...condition.fetches].every((tensor) => index.has(tensor));
  if (!known) return null;
  return new TightLoop(
    {
      variables: body.fetches.map((tensor, k) => ({ from: k, merge: k, next: index.get(tensor)!, exits: [] })),
      predicate: index.get(condition.fetches[0]!)!,
      index,
      state,
    },
    asked,
    done,
  );
}

/** A pause asks the condition again: it may draw nothing. */
const isStateful = (op: Operation): boolean =>
  op.definition.stateful && !op.inputs.some(({ dtype }) => dtype.base === "resource");

/** Numbers alone can be moved between iterations by a program. */
export const isMovable = (value: RunValue): boolean => !(value instanceof NdArray) || ArrayBuffer.isView(value.data);
