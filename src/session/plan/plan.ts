/** A plan: the stages for one set of fetches and feeds, ready to run again and again. */
import { InvalidArgumentError, RuntimeError } from "../../core/error.ts";
import { mustBeDone } from "../../core/flow/maybe.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { SessionState } from "../state.ts";
import { Absorptions } from "./absorb.ts";
import type { CallFunction, Held } from "./call.ts";
import { isLowered } from "./classify.ts";
import { atNode } from "./errors.ts";
import { runFlow } from "./flow/executor.ts";
import type { FlowGraph } from "./flow/executor_graph.ts";
import { type FlowProgram, planFlow } from "./flow/program.ts";
import { type RegionStage, runStage } from "./flow/region.ts";
import { type HostEnvironment, readVariable, runHostNode } from "./host.ts";
import { isLiveRead } from "./live_reads.ts";
import { cutStages, orderNodes, prune, type Stage } from "./order.ts";
import { Cancellation, WaitingEnvironment } from "./run/cancellation.ts";
import type { FunctionLoop } from "./run/function_loop.ts";
import { type QuickRun, quickRun } from "./run/quick.ts";
import type { Tracer } from "./run/tracer.ts";
import { orderOf, runWaiting, type StageOrder } from "./run/waiting.ts";
import { giveBack, type RunFrame, Segment } from "./segment.ts";
import { copyOut, dead, EngineValue, ownArray, type RunValue, VariableValue } from "./values.ts";

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly trace?: Tracer | undefined;
  readonly call: CallFunction;
  /** Where nodes put what is to be called at the end, when this run is a part of another. */
  readonly releases?: (() => void)[];
  /** The plan of the run that this one is a part of. */
  readonly owner?: Plan;
  /** May a long loop give a promise, to let timers and signals run in between? */
  readonly yields?: boolean;
  /** Nothing waits, or it is an error: the run is a part of an op that runs at once. */
  readonly atOnce?: boolean | undefined;
}

interface PlannedStage {
  readonly stage: Pick<Stage, "nodes">;
  readonly segment: Segment | null;
  readonly after: readonly number[];
  /** Where the values of a host node are in a frame. */
  readonly places?: Places;
  /** A stage of a graph with control flow. */
  readonly flow?: RegionStage;
}

interface Places {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The reference that a node without values of its own gives back. */
  readonly reference: number;
}

export class Plan {
  readonly graphVersion: number;
  /** What tells it apart in its session, also in a later process; null for plans that only keep or are parts of others. */
  readonly key: string | null;
  readonly fetches: readonly Tensor[];
  readonly targets: readonly Operation[];
  readonly feeds: readonly Tensor[];
  /** The nodes that run, in order. */
  readonly nodes: readonly Operation[];
  /** Does any node wait? Then the run is asynchronous. */
  readonly mayWait: boolean;
  /** Plans of the functions that runs of this plan call: what they draw begins anew with each plan, as in TensorFlow. */
  readonly functions = new Map<string, Plan>();
  /** Of a loop's body: the loop as one program. */
  loop: FunctionLoop | null = null;
  readonly #stages: readonly PlannedStage[];
  #order: StageOrder | undefined;
  readonly #index = new Map<Tensor, number>();
  readonly #state: SessionState;
  #absorptions: Absorptions | undefined;
  /** A graph with control flow, as regions, or for the executor of nodes. */
  readonly #program: FlowProgram | null;
  readonly #flow: FlowGraph | null;
  readonly #sole: Segment | null;
  readonly #fetchIndex: readonly number[];
  readonly #feedIndex: readonly number[];

  constructor(options: {
    graphVersion: number;
    fetches: readonly Tensor[];
    targets: readonly Operation[];
    feeds: readonly Tensor[];
    state: SessionState;
    key?: string;
  }) {
    this.graphVersion = options.graphVersion;
    this.key = options.key ?? null;
    this.fetches = options.fetches;
    this.targets = options.targets;
    this.feeds = options.feeds;
    this.#state = options.state;
    const fed = new Set(options.feeds);
    const wanted = [
      ...options.fetches.filter((tensor) => !fed.has(tensor)).map((tensor) => tensor.op),
      ...options.targets,
    ];
    const pruned = prune(wanted, fed);
    for (const tensor of options.feeds) this.#numberOf(tensor);
    if (pruned.hasFlow) {
      this.nodes = [...pruned.nodes].sort((a, b) => a.id - b.id);
      const { feeds, fetches, state } = options;
      this.#program = planFlow({ nodes: this.nodes, feeds, fetches, state });
      this.#flow = this.#program ? null : { nodes: this.nodes, fed };
      for (const [tensor, index] of this.#program?.index ?? []) this.#index.set(tensor, index);
      const stages = this.#program?.root.stages ?? [];
      this.#stages = stages.map((flow) => ({ stage: flow, segment: null, after: flow.after, flow }));
      this.mayWait = this.#program?.mayWait ?? true;
    } else {
      this.#program = null;
      this.#flow = null;
      this.nodes = orderNodes(pruned.nodes, fed);
      const stages = this.#cut(fed);
      this.#stages = this.#plan(stages, fed);
      this.mayWait = stages.some((stage) => stage.mayWait);
    }
    this.#sole = this.#stages.length === 1 ? this.#stages[0]!.segment : null;
    this.#fetchIndex = options.fetches.map((tensor) => this.#numberOf(tensor));
    this.#feedIndex = options.feeds.map((tensor) => this.#numberOf(tensor));
  }

  #numberOf(tensor: Tensor): number {
    let index = this.#index.get(tensor);
    if (index === undefined) {
      index = this.#index.size;
      this.#index.set(tensor, index);
    }
    return index;
  }

  #cut(fed: ReadonlySet<Tensor>): Stage[] {
    const absorptions = new Absorptions(this.nodes, fed, this.fetches);
    this.#absorptions = absorptions;
    for (;;) {
      const stages = cutStages(this.nodes, fed, { absorptions });
      if (absorptions.size === 0) return stages;
      const stageOf = new Map(stages.flatMap((stage) => stage.nodes.map((op) => [op, stage] as const)));
      if (!absorptions.keepWithin((op) => stageOf.get(op))) return stages;
    }
  }

  #plan(stages: readonly Stage[], fed: ReadonlySet<Tensor>): PlannedStage[] {
    const stageOf = new Map<Operation, number>();
    for (const [i, stage] of stages.entries()) for (const op of stage.nodes) stageOf.set(op, i);
    const neededOutside = stages.map(() => new Set<Tensor>());
    const fetched = new Set(this.fetches);
    const need = (tensor: Tensor, by: number): void => {
      if (fed.has(tensor)) return;
      const made = stageOf.get(tensor.op)!;
      if (made !== by) neededOutside[made]!.add(tensor);
    };
    for (const [i, stage] of stages.entries())
      for (const op of stage.nodes) for (const input of op.inputs) need(input, i);
    for (const tensor of this.fetches) need(tensor, -1);
    const fetchedRefs = new Set([...fetched].filter((tensor) => tensor.dtype.isRef || isLiveRead(tensor)));
    return stages.map((stage, i) => {
      if (stage.kind === "host") {
        const op = stage.nodes[0]!;
        const places: Places = {
          inputs: op.inputs.map((tensor) => this.#numberOf(tensor)),
          outputs: op.outputs.map((tensor) => this.#numberOf(tensor)),
          reference: op.inputs.findIndex((input) => input.dtype.isRef),
        };
        return { stage, segment: null, after: stage.after, places };
      }
      const own = new Set(stage.nodes);
      const inputs = new Set<Tensor>();
      for (const op of stage.nodes)
        for (const input of op.inputs) if (fed.has(input) || !own.has(input.op)) inputs.add(input);
      for (const tensor of inputs) this.#numberOf(tensor);
      for (const op of stage.nodes) for (const tensor of op.outputs) this.#numberOf(tensor);
      const outputs = [...neededOutside[i]!];
      const segment = new Segment({
        nodes: stage.nodes,
        inputs: [...inputs],
        outputs,
        fetchedRefs,
        index: this.#index,
        state: this.#state,
        absorptions: this.#absorptions,
        isOurs: (input) => !fed.has(input),
      });
      return { stage, segment, after: stage.after };
    });
  }

  /** Runs with values for the feeds, in order; gives copies of the fetches. A promise when a node waits. */
  run(feedValues: readonly NdArray[], options: RunOptions): NdArray[] | Promise<NdArray[]> {
    const frame = this.#frame(feedValues, options);
    if (this.mayWait)
      return this.#runWaiting(frame, options, () => this.#collect(frame)).finally(() => giveBack(frame));
    try {
      const later = this.#runThrough(frame, options);
      if (later) return later.then(() => this.#collect(frame)).finally(() => giveBack(frame));
      const values = this.#collect(frame);
      giveBack(frame);
      return values;
    } catch (error) {
      giveBack(frame);
      throw error;
    }
  }

  /** The shortest way to run as the last time, if there is one. */
  get quick(): QuickRun | null {
    const sole = this.#sole;
    const spec = sole?.last;
    if (!spec) return null;
    if (spec.quick === undefined)
      spec.quick = quickRun(
        spec,
        { feeds: this.feeds, inputs: sole!.inputs, fetchIndex: this.#fetchIndex },
        this.#state,
      );
    return spec.quick;
  }

  /** Runs as a part of another run: the fetches stay where they are until the caller gives the workspaces back. */
  hold(feedValues: readonly RunValue[], options: RunOptions): Held | Promise<Held> {
    const frame = this.#frame(feedValues, options);
    const held = (): Held => ({
      values: this.#fetchIndex.map((index) => this.#heldValue(frame, index)),
      frame,
      plan: this,
    });
    const failed = (error: unknown): never => {
      giveBack(frame);
      throw error;
    };
    if (this.mayWait && !options.atOnce && !mustBeDone()) return this.#runWaiting(frame, options, held).catch(failed);
    try {
      const later = this.#runThrough(frame, options);
      if (later) return later.then(held).catch(failed);
      return held();
    } catch (error) {
      return failed(error);
    }
  }

  #frame(feedValues: readonly RunValue[], { trace }: RunOptions): RunFrame {
    const frame: RunFrame = { values: new Array(this.#index.size), borrowed: [], releases: [], trace };
    for (let i = 0; i < feedValues.length; i++) frame.values[this.#feedIndex[i]!] = feedValues[i]!;
    return frame;
  }

  /** A value that outlives the caller's: views of engine memory that host nodes gave are copied. */
  #heldValue(frame: RunFrame, index: number): RunValue {
    const value = frame.values[index]!;
    if (value === dead)
      throw new InvalidArgumentError(`Retval[${this.#fetchIndex.indexOf(index)}] does not have value`);
    if (value instanceof VariableValue && !value.isResource) return readVariable(value, this.#state);
    return value instanceof NdArray ? ownArray(this.#state.engine, value) : value;
  }

  /** A promise only when a long loop yields. */
  #runThrough(frame: RunFrame, options: RunOptions): void | Promise<void> {
    const sole = this.#sole;
    if (sole) {
      sole.run(frame);
      return;
    }
    const environment = this.#environment(options, frame, frame);
    if (this.#program) return this.#program.root.run(frame, environment);
    for (const planned of this.#stages) {
      const later = this.#runStage(planned, frame, environment);
      if (later && (options.atOnce || mustBeDone())) throw waits(planned.stage.nodes, later);
    }
  }

  #environment(options: RunOptions, frame: RunFrame, holder: RunFrame | null): HostEnvironment {
    const { signal = neverAborted, call, releases = frame.releases, owner = this, trace } = options;
    return {
      state: this.#state,
      signal,
      call,
      releases,
      owner,
      holder,
      mayYield: options.yields ?? false,
      trace,
      atOnce: options.atOnce || mustBeDone(),
    };
  }

  #runStage(planned: PlannedStage, frame: RunFrame, environment: HostEnvironment): void | Promise<void> {
    if (planned.flow) return runStage(planned.flow, frame, environment);
    if (planned.segment) {
      planned.segment.run(frame);
      return;
    }
    const op = planned.stage.nodes[0]!;
    const { values } = frame;
    const { inputs: from, outputs: to, reference } = planned.places!;
    const inputs = new Array<RunValue>(from.length);
    for (let k = 0; k < from.length; k++) inputs[k] = values[from[k]!]!;
    const result = runHostNode(op, inputs, environment);
    const store = (outputs: readonly RunValue[]): void => {
      for (let k = 0; k < to.length; k++) values[to[k]!] = outputs[k] ?? inputs[reference]!;
    };
    if (result instanceof Promise) return result.then(store);
    store(result);
  }

  /** Stages start as soon as those before them are done; the first error cancels what still waits. */
  async #runWaiting<R>(frame: RunFrame, options: RunOptions, collect: () => R): Promise<R> {
    const cancellation = new Cancellation(options.signal);
    try {
      if (this.#flow) await this.#runFlow(frame, { ...options, signal: cancellation.signal });
      else await this.#runStages(frame, options, cancellation);
      return collect();
    } finally {
      cancellation.end();
    }
  }

  #runStages(frame: RunFrame, options: RunOptions, cancellation: Cancellation): Promise<void> {
    const environment = new WaitingEnvironment(this.#environment(options, frame, frame), cancellation);
    this.#order ??= orderOf(this.#stages);
    const run = (i: number): void | Promise<void> => this.#runStage(this.#stages[i]!, frame, environment);
    return runWaiting(this.#order, run, () => cancellation.cancel());
  }

  async #runFlow(frame: RunFrame, options: RunOptions): Promise<void> {
    const feeds = new Map<Tensor, RunValue>(
      this.feeds.map((tensor, i) => [tensor, frame.values[this.#feedIndex[i]!]!]),
    );
    const environment = this.#environment(options, frame, null);
    const values = await runFlow(this.#flow!, feeds, this.fetches, environment);
    for (const [i, value] of values.entries()) frame.values[this.#fetchIndex[i]!] = value;
  }

  #collect(frame: RunFrame): NdArray[] {
    const results = new Array<NdArray>(this.fetches.length);
    for (let i = 0; i < results.length; i++)
      results[i] = this.#own(frame.values[this.#fetchIndex[i]!]!, this.fetches[i]!);
    return results;
  }

  /** A fetched value as an array that belongs to the caller. */
  #own(value: RunValue, tensor: Tensor): NdArray {
    if (value instanceof EngineValue) return copyOut(this.#state.engine, value);
    if (value === dead) {
      throw atNode(new InvalidArgumentError(`Retval[${this.fetches.indexOf(tensor)}] does not have value`), tensor.op);
    }
    if (value instanceof VariableValue) {
      if (value.isResource)
        throw new InvalidArgumentError(`The handle ${tensor.name} has no value to fetch: fetch its read`);
      try {
        return readVariable(value, this.#state);
      } catch (error) {
        throw atNode(error, tensor.op, `_retval_${tensor.op.name}_0_0`);
      }
    }
    return ownArray(this.#state.engine, value);
  }

  /** The only segment, when the plan is one segment and nothing else. */
  get soleSegment(): Segment | null {
    return this.#sole;
  }

  get segments(): readonly Segment[] {
    return this.#stages.flatMap(({ segment, flow }) => (segment ? [segment] : (flow?.segments ?? [])));
  }

  /** Nodes that run outside segments. */
  get hostNodes(): readonly Operation[] {
    return this.#stages
      .flatMap(({ segment, flow, stage }) =>
        segment ? [] : flow ? stage.nodes.filter((op) => !isLowered(op)) : stage.nodes,
      )
      .concat(this.#flow ? this.nodes.filter((op) => !isLowered(op)) : []);
  }

  /** A plan of the same session that runs nothing itself: a keeper of functions' plans. */
  another(): Plan {
    return new Plan({ graphVersion: 0, fetches: [], targets: [], feeds: [], state: this.#state });
  }

  dispose(): void {
    this.loop?.tight?.dispose();
    this.#program?.root.dispose();
    for (const segment of this.segments) segment.dispose();
    for (const plan of this.functions.values()) plan.dispose();
  }
}

const neverAborted = new AbortController().signal;

function waits(nodes: readonly Operation[], later: Promise<void>): RuntimeError {
  later.catch(() => {});
  return new RuntimeError(`${nodes.map((op) => op.name).join(", ")} waits, which nothing does where ops run at once`);
}
