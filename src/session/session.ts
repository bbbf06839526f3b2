/** Sessions: run parts of a graph, keep its variables. Source: tensorflow/python/client/session.py. */
import { setMaxListeners } from "node:events";
import { CancelledError, InvalidArgumentError, NotFoundError, RuntimeError, TypeError } from "../core/error.ts";
import { log, nowMs } from "../core/host.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { Engine } from "../engine/engine.ts";
import { Graph, getDefaultGraph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { typeName } from "../graph/parts/element.ts";
import type { TensorHandle } from "../graph/parts/tensor_handle.ts";
import { around, type FeedDict, graphStack, type SessionLike, sessionStack } from "../graph/scopes.ts";
import { isComposite, type Tensor } from "../graph/tensor.ts";
import { type ConfigFields, DeviceAttributes } from "./config.ts";
import { type EngineName, processEngine } from "./default_engine.ts";
import { fedValues, feedArrays, feedTensor, parted, sameKeys } from "./feed.ts";
import { type Fetched, type Fetches, type FetchPlan, isSimple, planFetches, sameFetches } from "./fetch.ts";
import { holdFunction } from "./function.ts";
import { Plan, type RunOptions as PlanOptions } from "./plan/plan.ts";
import { naming, quickly } from "./shortage.ts";
import { type FilePolicy, SessionState } from "./state.ts";
import { runWithin } from "./timeout.ts";
import { collectStepStats, type RunMetadata, type RunOptions } from "./trace.ts";

export type { ConfigFields as SessionConfig } from "./config.ts";

export interface SessionOptions {
  /** "" or "local": this process. */
  readonly target?: string;
  readonly graph?: Graph;
  readonly config?: ConfigFields;
  /** What computes: `auto`, `wasm`, `native`, `reference`, or an engine of one's own; the process's choice otherwise. */
  readonly engine?: EngineName | Engine;
  /** Asked before a node opens a file; by default a session runs what it is given. */
  readonly filePolicy?: FilePolicy;
}

export interface RunArguments {
  readonly feedDict?: FeedDict;
  readonly options?: RunOptions;
  /** Filled by a traced run. */
  readonly runMetadata?: RunMetadata;
  /** Stops waiting nodes. */
  readonly signal?: AbortSignal;
}

/** Feeds may stand by themselves, as in Python: `sess.run(loss, [[x, 1]])`. */
export function runArguments(args: RunArguments | FeedDict | undefined): RunArguments | undefined {
  const given = args !== undefined && Symbol.iterator in args ? { feedDict: args } : args;
  for (const [key] of given?.feedDict ?? [])
    if (isComposite(key)) return { ...given, feedDict: parted(given!.feedDict!) };
  return given;
}

interface CachedRun {
  readonly fetches: unknown;
  readonly feeds: readonly Tensor[];
  readonly feedKeys: readonly unknown[];
  readonly fetchPlan: FetchPlan;
  readonly plan: Plan;
}

const host = "/job:localhost/replica:0/task:0";
const maxPlans = 64;
const yieldEveryMs = 50;

/** A session on one graph. Its variables are its own; close it, or `await using` it, to free them. */
export class Session implements SessionLike, AsyncDisposable {
  readonly graph: Graph;
  readonly target: string;
  readonly config: ConfigFields;
  readonly state: SessionState;
  readonly #plans = new Map<string, Plan>();
  readonly #placed = { upTo: 0 };
  readonly #closing = new AbortController();
  readonly #options: PlanOptions = {
    signal: this.#closing.signal,
    call: (fn, args, options) => holdFunction(this, fn, args, options),
  };
  readonly #yielding: PlanOptions = { ...this.#options, yields: true };
  #last: CachedRun | null = null;
  #isClosed = false;
  #lastYieldMs = nowMs();
  #runsSinceClock = 0;

  constructor(options: SessionOptions = {}) {
    const { target = "", graph = getDefaultGraph(), config = {}, engine, filePolicy } = options;
    if (!(graph instanceof Graph))
      throw new TypeError(`Argument \`graph\` must be a tf.Graph, but got "${typeName(graph)}"`);
    if (typeof config !== "object" || config === null)
      throw new TypeError(`Argument \`config\` must be a tf.ConfigProto, but got "${typeName(config)}"`);
    if (target !== "" && target !== "local") {
      throw new NotFoundError(
        `No session factory registered for the given session options: {target: "${target}" config: } Registered factories are {DIRECT_SESSION}.`,
      );
    }
    // Any number of runs may wait in one session.
    setMaxListeners(0, this.#closing.signal);
    this.graph = graph;
    this.target = target;
    this.config = config;
    const { intraOpParallelismThreads } = config;
    this.state = new SessionState(
      typeof engine === "object" ? engine : processEngine(engine, intraOpParallelismThreads),
      filePolicy,
    );
  }

  get sessionGraph(): Graph {
    return this.graph;
  }

  get graphDef(): ReturnType<Graph["asGraphDef"]> {
    return this.graph.asGraphDef();
  }

  /** The target, as it was given. */
  get sessStr(): string {
    return this.target;
  }

  /** What runs can be placed on: the CPU. Throws RuntimeError in a closed session. */
  listDevices(): readonly DeviceAttributes[] {
    this.#checkOpen();
    return [new DeviceAttributes(`${host}/device:CPU:0`, "CPU", 256 << 20)];
  }

  /**
   * Runs what the fetches need. Fetches nest freely; tensors give arrays, operations null. Feeds are pairs of tensor and value, for this
   * run only. Throws in TensorFlow's words: closed session, unknown fetch, missing feed, wrong shape or dtype, uninitialized variable.
   */
  run<const F extends Fetches>(fetches: F, args?: RunArguments | FeedDict): Promise<Fetched<F>> {
    return this.#run(fetches, runArguments(args)) as Promise<never>;
  }

  async #run(fetches: unknown, args: RunArguments | undefined): Promise<unknown> {
    const timeoutMs = args?.options?.timeoutInMs || this.config.operationTimeoutInMs;
    const started = timeoutMs
      ? runWithin(timeoutMs, args?.signal, (signal) => this.#start(fetches, { ...args, signal }, this.#yielding))
      : this.#start(fetches, args, this.#yielding);
    const result = started instanceof Promise ? await started : started;
    if ((++this.#runsSinceClock & 15) === 0) {
      if (Math.abs(nowMs() - this.#lastYieldMs) > yieldEveryMs) {
        await new Promise((resolve) => setImmediate(resolve));
        this.#lastYieldMs = nowMs();
      }
    }
    return result;
  }

  /** As `run`, at once. Throws RuntimeError when the fetches need a node that waits (queues, readers). */
  runSync<const F extends Fetches>(fetches: F, args?: RunArguments | FeedDict): Fetched<F> {
    const result = this.#start(fetches, runArguments(args), this.#options);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new RuntimeError("These fetches wait for queues, files or functions: use `await sess.run(...)`");
    }
    return result as never;
  }

  #start(fetches: unknown, args: RunArguments | undefined, options: PlanOptions): unknown {
    this.#checkOpen();
    args?.signal?.throwIfAborted();
    const cached = this.#lookUp(fetches, args?.feedDict);
    const { plan, fetchPlan, feeds } = cached;
    const given = fedValues(feeds.length, args?.feedDict);
    if (args?.options?.traceLevel && args.options.traceLevel !== "NO_TRACE")
      return this.#runTraced(cached, feedArrays(feeds, given), args);
    if (args?.runMetadata) args.runMetadata.stepStats = { devStats: [] };
    const results = quickly(plan, given);
    if (results) return fetchPlan.rebuild(results);
    const values = feedArrays(feeds, given);
    return naming(plan.nodes, values, fetchPlan.rebuild, () => plan.run(values, this.#runOptions(args, options)));
  }

  readonly #handleOf = (value: NdArray, op: Operation): TensorHandle => this.state.tensorHandle(value, op);

  #runOptions(args: RunArguments | undefined, options: PlanOptions = this.#options): PlanOptions {
    const { signal } = args ?? {};
    return signal ? { ...options, signal: AbortSignal.any([signal, this.#closing.signal]) } : options;
  }

  #runTraced({ fetchPlan, plan }: CachedRun, values: readonly NdArray[], args: RunArguments): unknown {
    const { trace, fill } = collectStepStats(args.runMetadata);
    const finish = (results: readonly NdArray[]): unknown => {
      fill();
      return fetchPlan.rebuild(results);
    };
    const result = plan.run(values, { ...this.#runOptions(args), trace });
    return result instanceof Promise ? result.then(finish) : finish(result);
  }

  /** The plan of the last run when fetches and feed keys are the same, else one from the cache, else a new one. */
  #lookUp(fetches: unknown, feedDict: FeedDict | undefined): CachedRun {
    const last = this.#last;
    if (
      last &&
      last.plan.graphVersion === this.graph.version &&
      sameFetches(last.fetches, fetches) &&
      sameKeys(last.feedKeys, feedDict)
    )
      return last;
    if (this.graph.operations.length === 0) {
      throw new RuntimeError("The Session graph is empty. Add operations to the graph before calling run().");
    }
    const fetchPlan = planFetches(this.graph, fetches, this.#handleOf);
    const feedKeys: unknown[] = [];
    const feeds: Tensor[] = [];
    for (const [key] of feedDict ?? []) {
      feedKeys.push(key);
      feeds.push(feedTensor(this.graph, key));
    }
    this.#place();
    const plan = this.#planFor(fetchPlan, feeds);
    const cached: CachedRun = {
      fetches: Array.isArray(fetches) ? [...fetches] : fetches,
      feeds,
      feedKeys,
      fetchPlan,
      plan,
    };
    this.#last = isSimple(fetches) ? cached : null;
    return cached;
  }

  #planFor(fetchPlan: FetchPlan, feeds: readonly Tensor[]): Plan {
    const key = `${fetchPlan.tensors.map((tensor) => tensor.name).join()}|${fetchPlan.operations.map((op) => op.name).join()}|${feeds.map((tensor) => tensor.name).join()}`;
    let plan = this.#plans.get(key);
    if (plan?.graphVersion === this.graph.version) {
      this.#plans.delete(key);
      this.#plans.set(key, plan);
      return plan;
    }
    plan?.dispose();
    plan = new Plan({
      graphVersion: this.graph.version,
      fetches: fetchPlan.tensors,
      targets: fetchPlan.operations,
      feeds,
      state: this.state,
      key,
    });
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    if (this.#plans.size > maxPlans) {
      const [oldest, old] = this.#plans.entries().next().value!;
      this.#plans.delete(oldest);
      old.dispose();
    }
    return plan;
  }

  /** Checks explicit devices of nodes made since the last run, and prints where each one goes when asked to. */
  #place(): void {
    const ops = this.graph.operations;
    for (; this.#placed.upTo < ops.length; this.#placed.upTo++) {
      const op = ops[this.#placed.upTo]!;
      if (op.device && !isLocalCpu(op.device) && !this.config.allowSoftPlacement) {
        throw new InvalidArgumentError(
          `Cannot assign a device for operation ${op.name}: {{node ${op.name}}} was explicitly assigned to ${op.device} but available devices are [ ${host}/device:CPU:0 ]. Make sure the device specification refers to a valid device.\n\t [[${op.name}]]`,
        );
      }
      if (this.config.logDevicePlacement) log("INFO", `${op.name}: (${op.type}): ${host}/device:CPU:0`);
    }
  }

  /** A function of the feeds' values, in order, that runs the fetches: no key, no map; no promise unless a node waits. */
  makeCallable<const F extends Fetches>(
    fetches: F,
    feedList: readonly unknown[] = [],
  ): (...values: unknown[]) => Fetched<F> | Promise<Fetched<F>> {
    this.#checkOpen();
    const fetchPlan = planFetches(this.graph, fetches, this.#handleOf);
    const feeds = feedList.map((key) => feedTensor(this.graph, key));
    this.#place();
    let plan = this.#planFor(fetchPlan, feeds);
    const options = this.#runOptions(undefined);
    return (...values) => {
      if (this.#isClosed) throw new CancelledError("Session has been closed.");
      if (values.length !== feeds.length) {
        throw new TypeError(`Expected ${feeds.length} feed values of this callable, got ${values.length}`);
      }
      if (plan.graphVersion !== this.graph.version) plan = this.#planFor(fetchPlan, feeds);
      const result = plan.quick?.run(values) ?? plan.run(feedArrays(feeds, values), options);
      return (result instanceof Promise ? result.then(fetchPlan.rebuild) : fetchPlan.rebuild(result)) as never;
    };
  }

  /** The plan of these fetches, for `explain` and graph checks. */
  plan(fetches: Fetches, feedKeys: readonly unknown[] = []): Plan {
    return this.#planFor(
      planFetches(this.graph, fetches, this.#handleOf),
      feedKeys.map((key) => feedTensor(this.graph, key)),
    );
  }

  /** Makes this the default session, and its graph the default graph, inside fn. */
  asDefault<R>(fn: () => R): R {
    const leaveGraph = graphStack.open(this.graph, "Session.asDefault");
    const leave = sessionStack.open(this, "Session.asDefault");
    return around(fn, () => {
      leave();
      leaveGraph();
    });
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Cancels waiting runs and frees variables, queues and plans. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort(new RuntimeError("Session has been closed."));
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
    this.#last = null;
    this.state.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new RuntimeError("Attempted to use a closed Session.");
  }
}

const isLocalCpu = (device: string): boolean => {
  const parts = device.split("/").filter(Boolean);
  return parts.every((part) => {
    const [key, value, index] = part.split(":");
    if (key === "device")
      return value!.toUpperCase() === "CPU" && (index === undefined || index === "0" || index === "*");
    return (key === "job" && value === "localhost") || ((key === "replica" || key === "task") && value === "0");
  });
};

/** Opens a session, makes it the default inside fn, and closes it when fn's promise settles. */
export async function withSession<R>(
  options: SessionOptions | ((sess: Session) => R | Promise<R>),
  fn?: (sess: Session) => R | Promise<R>,
): Promise<R> {
  const [given, body] = typeof options === "function" ? [{}, options] : [options, fn!];
  const sess = new Session(given);
  try {
    return await sess.asDefault(async () => body(sess));
  } finally {
    sess.close();
  }
}

/** A session that is the default one from its making to its close. */
export class InteractiveSession extends Session {
  readonly #leave: () => void;

  constructor(options: SessionOptions = {}) {
    super(options);
    const leaveGraph = graphStack.open(this.graph, "InteractiveSession");
    const leaveSession = sessionStack.open(this, "InteractiveSession");
    this.#leave = () => {
      leaveSession();
      leaveGraph();
    };
  }

  override close(): void {
    if (!this.closed) this.#leave();
    super.close();
  }
}
