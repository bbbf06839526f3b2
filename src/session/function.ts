/** Calls of functions in the graph's library: a body is a graph of its own, run by a plan of its own. Source: function.cc. */
import { NotFoundError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { FunctionRef } from "../graph/attr.ts";
import { functionGraph } from "../graph/def/function.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Plan } from "./plan/plan.ts";
import type { Session } from "./session.ts";

interface Compiled {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly plan: Plan;
}

const compiled = new WeakMap<Session, Map<string, Compiled>>();

/** Runs a function of the session's graph on values. Throws NOT_FOUND for an unknown name. */
export function callFunction(
  session: Session,
  fn: FunctionRef,
  args: readonly NdArray[],
): readonly NdArray[] | Promise<readonly NdArray[]> {
  let known = compiled.get(session);
  if (!known) {
    known = new Map();
    compiled.set(session, known);
  }
  const key = `${fn.name}${[...fn.attrs].map(([name, attr]) => `,${name}=${JSON.stringify(attr, (_, value) => (typeof value === "bigint" ? String(value) : value))}`)}`;
  let body = known.get(key);
  if (!body) {
    const made = functionGraph(session.graph, fn);
    if (!made) throw new NotFoundError(`Function ${fn.name} is not defined.`);
    const plan = new Plan({
      graphVersion: made.graph.version,
      fetches: made.outputs,
      targets: made.targets,
      feeds: made.inputs,
      state: session.state,
    });
    body = { graph: made.graph, inputs: made.inputs, plan };
    known.set(key, body);
  }
  return body.plan.run(args, { call: (inner, values) => callFunction(session, inner, values) });
}
