/** Calls of functions in the graph's library: a body is a graph of its own, run by a plan of its own. Source: function.cc. */
import { InvalidArgumentError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { FunctionRef } from "../graph/attr.ts";
import { type FunctionGraph, functionGraph } from "../graph/def/function.ts";
import { type DerivativeRef, differentiator } from "../graph/def/library.ts";
import type { Graph } from "../graph/graph.ts";
import { type CallOptions, copied, type Held } from "./plan/call.ts";
import { Plan } from "./plan/plan.ts";
import type { RunValue } from "./plan/values.ts";
import type { Session } from "./session.ts";

const owners = new WeakMap<Session, Plan>();

/** Runs a function of the session's graph on values; copies of its results. Throws INVALID_ARGUMENT for an unknown name. */
export function callFunction(
  session: Session,
  fn: FunctionRef,
  args: readonly NdArray[],
  signal: AbortSignal = neverAborted,
): readonly NdArray[] | Promise<readonly NdArray[]> {
  let owner = owners.get(session);
  if (!owner) {
    owner = new Plan({ graphVersion: 0, fetches: [], targets: [], feeds: [], state: session.state });
    owners.set(session, owner);
  }
  const releases: (() => void)[] = [];
  const end = (): void => {
    for (const release of releases.splice(0)) release();
  };
  try {
    const held = holdFunction(session, fn, args, { signal, releases, owner });
    if (held instanceof Promise) return held.then((each) => copied(each, session.state)).finally(end);
    const values = copied(held, session.state);
    end();
    return values;
  } catch (error) {
    end();
    throw error;
  }
}

/** As `callFunction`, for nodes of a run: values come and go as they are. */
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
  return plan.hold(args, { ...options, call: (inner, values, more) => holdFunction(session, inner, values, more) });
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

const neverAborted = new AbortController().signal;
