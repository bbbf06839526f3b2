/** Calls of functions in the graph's library: a body is a graph of its own, run by a plan of its own. Source: function.cc. */
import { InvalidArgumentError } from "../core/error.ts";
import type { FunctionRef } from "../graph/attr.ts";
import { type FunctionGraph, functionGraph } from "../graph/def/function.ts";
import { type DerivativeRef, differentiator } from "../graph/def/library.ts";
import type { Graph } from "../graph/graph.ts";
import type { CallOptions, Held } from "./plan/call.ts";
import { Plan } from "./plan/plan.ts";
import type { RunValue } from "./plan/values.ts";
import type { Session } from "./session.ts";

/** Runs a function of the session's graph for a node of a run: values come and go as they are. Throws INVALID_ARGUMENT for an unknown name. */
export function holdFunction(
  session: Session,
  fn: FunctionRef,
  args: readonly RunValue[],
  options: CallOptions,
): Held | Promise<Held> {
  const plan = planOf(session, fn, options.owner);
  if (plan.feeds.length !== args.length) {
    throw new InvalidArgumentError(`Expected ${plan.feeds.length} arguments, but got ${args.length}`);
  }
  return plan.hold(args, {
    ...options,
    trace: options.trace?.within,
    call: (inner, values, more) => holdFunction(session, inner, values, more),
  });
}

/** A node names its function by the same object in each run. */
const byRef = new WeakMap<Plan, WeakMap<FunctionRef, Plan>>();

function planOf(session: Session, fn: FunctionRef, owner: Plan): Plan {
  let refs = byRef.get(owner);
  if (!refs) {
    refs = new WeakMap();
    byRef.set(owner, refs);
  }
  let plan = refs.get(fn);
  if (plan) return plan;
  const key = keyOf(fn);
  plan = owner.functions.get(key);
  if (!plan) {
    const body = bodyOf(session.graph, fn);
    if (!body) {
      throw new InvalidArgumentError(`Failed to find function "${fn.name}" in function library: goo.gle/debugonly`);
    }
    if (owner.key !== null) session.state.nameBody(body.graph, `${owner.key}|${key}`);
    plan = new Plan({
      graphVersion: body.graph.version,
      fetches: body.outputs,
      targets: body.targets,
      feeds: body.inputs,
      state: session.state,
    });
    owner.functions.set(key, plan);
  }
  refs.set(fn, plan);
  return plan;
}

function bodyOf(graph: Graph, fn: FunctionRef): FunctionGraph | null {
  const { derivativeOf } = fn as Partial<DerivativeRef>;
  if (!derivativeOf) return functionGraph(graph, fn);
  if (!differentiator.gradientGraph) throw new Error("bug: nothing differentiates functions");
  return differentiator.gradientGraph(graph, derivativeOf);
}

/** Attrs that begin with "_" are notes of those who wrote the graph; the others make a function another one. */
const keyOf = (fn: FunctionRef): string =>
  `${fn.name}${[...fn.attrs]
    .filter(([name]) => !name.startsWith("_"))
    .map(
      ([name, attr]) =>
        `,${name}=${JSON.stringify(attr, (_, value) => (typeof value === "bigint" ? String(value) : value))}`,
    )}`;
