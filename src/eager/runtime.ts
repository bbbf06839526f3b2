/** What eager execution runs on: one graph for names and functions, one session's state for variables and resources. */
import { holdFunction } from "../session/function.ts";
import type { HostEnvironment } from "../session/plan/host.ts";
import { Plan } from "../session/plan/plan.ts";
import { Session } from "../session/session.ts";
import type { SessionState } from "../session/state.ts";
import type { EagerGraph } from "./graph.ts";
import { Kernels } from "./kernels.ts";

const neverAborted = new AbortController().signal;

export class Runtime {
  readonly graph: EagerGraph;
  readonly kernels: Kernels;
  readonly #session: Session;
  /** Keeps the plans of functions. */
  readonly #owner: Plan;

  constructor(graph: EagerGraph) {
    this.graph = graph;
    this.#session = new Session({ graph });
    this.kernels = new Kernels(this);
    this.#owner = new Plan({ graphVersion: 0, fetches: [], targets: [], feeds: [], state: this.state });
    graph.onSeed = () => this.kernels.forgetRandomStates();
  }

  get state(): SessionState {
    return this.#session.state;
  }

  /** What a node that the host runs gets. */
  environment(releases: (() => void)[], atOnce: boolean): HostEnvironment {
    return {
      state: this.state,
      signal: neverAborted,
      call: (fn, args, options) => holdFunction(this.#session, fn, args, options),
      releases,
      owner: this.#owner,
      holder: null,
      atOnce,
    };
  }
}

const runtimes = new WeakMap<EagerGraph, Runtime>();

export function runtimeOf(graph: EagerGraph): Runtime {
  let runtime = runtimes.get(graph);
  if (!runtime) {
    runtime = new Runtime(graph);
    runtimes.set(graph, runtime);
  }
  return runtime;
}
