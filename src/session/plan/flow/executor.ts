/**
 * TF1's control flow, node by node: frames, iterations and dead values. A node runs once in an iteration of a frame when all its inputs
 * and control inputs have come (a merge: when one live input has come, or all are dead). A dead input makes a node dead without running.
 *
 *     switch          passes its data to one output, the other output is dead
 *     merge           passes the first live input on, and its index
 *     enter           into iteration 0 of a child frame; constants come again in each iteration
 *     nextIteration   into the next iteration of its frame (a dead value ends there)
 *     exit            back to the parent's iteration (dead only when the frame is done)
 *
 * Source: tensorflow/core/common_runtime/executor.cc, propagator_state.cc.
 */
import { int32 } from "../../../core/dtype.ts";
import { InternalError } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { isLowered } from "../classify.ts";
import { type HostEnvironment, runHostNode } from "../host.ts";
import { tracedNode } from "../run/tracer.ts";
import { giveBack, type RunFrame, Segment } from "../segment.ts";
import { copyOut, dead, EngineValue, type RunValue, viewOf } from "../values.ts";
import {
  type FlowGraph,
  type FlowNode,
  type Frame,
  type Iteration,
  type NodeState,
  prepare,
  type Ready,
} from "./executor_graph.ts";

const yieldEveryMs = 50;

/** Runs to the end; the fetched values in order. */
export function runFlow(
  graph: FlowGraph,
  feeds: ReadonlyMap<Tensor, RunValue>,
  fetches: readonly Tensor[],
  environment: HostEnvironment,
): Promise<RunValue[]> {
  return new FlowRun(graph, feeds, fetches, environment).run();
}

class FlowRun {
  readonly #nodes: Map<Operation, FlowNode>;
  readonly #enters: Map<string, number>;
  readonly #feeds: ReadonlyMap<Tensor, RunValue>;
  readonly #fetches: readonly Tensor[];
  readonly #fetched = new Map<Tensor, RunValue>();
  readonly #isFetched: ReadonlySet<Tensor>;
  readonly #environment: HostEnvironment;
  readonly #ready: Ready[] = [];
  readonly #root: Iteration;
  #pending = 0;
  #failure: { error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(
    graph: FlowGraph,
    feeds: ReadonlyMap<Tensor, RunValue>,
    fetches: readonly Tensor[],
    environment: HostEnvironment,
  ) {
    const { nodes, enters } = prepare(graph);
    this.#nodes = nodes;
    this.#enters = enters;
    this.#feeds = feeds;
    this.#fetches = fetches;
    this.#isFetched = new Set(fetches);
    this.#environment = environment;
    const root: Frame = {
      key: "",
      parent: null,
      iterations: new Map(),
      children: new Map(),
      parallelIterations: 1,
      newest: 0,
      pendingEnters: 0,
      constants: [],
      deferred: [],
      deadExits: [],
    };
    this.#root = { frame: root, number: 0, nodes: new Map(), outstanding: 1, childFrames: 0 };
    root.iterations.set(0, this.#root);
  }

  async run(): Promise<RunValue[]> {
    for (const node of this.#nodes.values()) {
      let fedInputs = 0;
      for (const [input, tensor] of node.op.inputs.entries()) {
        const fed = this.#feeds.get(tensor);
        if (fed === undefined) continue;
        fedInputs++;
        this.#deliver(node, input, fed, this.#root, false);
      }
      if (fedInputs === 0 && node.dataInputs === 0 && node.controlInputs === 0)
        this.#activate(node, this.#root, [], false);
    }
    let since = performance.now();
    let next = 0;
    for (;;) {
      while (next < this.#ready.length && !this.#failure) {
        this.#step(this.#ready[next++]!);
        if (next === 4096) {
          this.#ready.splice(0, next);
          next = 0;
        }
        if ((next & 63) === 0 && performance.now() - since > yieldEveryMs) {
          await new Promise((resolve) => setImmediate(resolve));
          this.#environment.signal.throwIfAborted();
          since = performance.now();
        }
      }
      if (this.#pending === 0) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      since = performance.now();
      if (this.#failure && this.#pending === 0) break;
    }
    if (this.#failure) throw this.#failure.error;
    return this.#fetches.map((tensor) => this.#feeds.get(tensor) ?? this.#fetched.get(tensor) ?? dead);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #step(item: Ready): void {
    const { node, at } = item;
    const finish = (values: readonly RunValue[]): void => this.#finish(node, at, values);
    try {
      if (item.isDead) {
        this.#finish(node, at, null);
        return;
      }
      const { trace } = this.#environment;
      const role = (): readonly RunValue[] => this.#runRole(node, item.inputs);
      const outputs = !node.role
        ? this.#runNode(node, item.inputs as RunValue[])
        : trace
          ? tracedNode(trace, node.op, role)
          : role();
      if (outputs instanceof Promise) {
        this.#pending++;
        outputs.then(
          (values) => {
            this.#pending--;
            try {
              finish(values);
            } catch (error) {
              this.#fail(error);
            }
            this.#wake?.();
          },
          (error) => {
            this.#pending--;
            this.#fail(error);
            this.#wake?.();
          },
        );
      } else finish(outputs);
    } catch (error) {
      this.#fail(error);
    }
  }

  #runRole(node: FlowNode, inputs: readonly (RunValue | undefined)[]): readonly RunValue[] {
    switch (node.role!) {
      case "switch": {
        const taken = this.#isTrue(inputs[1]!) ? 1 : 0;
        return taken ? [dead, inputs[0]!] : [inputs[0]!, dead];
      }
      case "merge": {
        const index = inputs.findIndex((value) => value !== undefined && value !== dead);
        return [inputs[index]!, new NdArray(int32, [], Int32Array.of(index))];
      }
      case "controlTrigger":
        return [];
      default:
        return [inputs[0]!];
    }
  }

  #isTrue(value: RunValue): boolean {
    const array = value instanceof EngineValue ? viewOf(this.#environment.state.engine, value) : value;
    if (!(array instanceof NdArray)) throw new InternalError("a switch needs a bool");
    return elementAt(array, 0) === true;
  }

  #runNode(node: FlowNode, inputs: readonly RunValue[]): readonly RunValue[] | Promise<readonly RunValue[]> {
    const { op } = node;
    const { state } = this.#environment;
    if (!isLowered(op)) {
      const result = runHostNode(op, inputs, this.#environment);
      const complete = (values: readonly RunValue[]) =>
        values.length || op.outputs.length === 0
          ? values
          : op.outputs.map(() => inputs[op.inputs.findIndex((input) => input.dtype.isRef)]!);
      return result instanceof Promise ? result.then(complete) : complete(result);
    }
    if (op.definition.variable) return [state.variableOf(op).value];
    node.segment ??= new Segment({
      nodes: [op],
      inputs: op.inputs,
      outputs: op.outputs,
      fetchedRefs: new Set(),
      index: new Map([...op.inputs, ...op.outputs].map((tensor, i) => [tensor, i])),
      state,
    });
    const values: (RunValue | undefined)[] = [];
    const index = node.segment.index;
    for (const [i, tensor] of op.inputs.entries()) values[index.get(tensor)!] = inputs[i]!;
    const frame: RunFrame = { values, borrowed: [], releases: [], trace: this.#environment.trace };
    node.segment.run(frame);
    const outputs = op.outputs.map((tensor) => {
      const value = values[index.get(tensor)!]!;
      return value instanceof EngineValue ? copyOut(state.engine, value) : value;
    });
    giveBack(frame);
    return outputs;
  }

  /** A node is done (null: dead): its outputs go where its role says. */
  #finish(node: FlowNode, at: Iteration, outputs: readonly RunValue[] | null): void {
    const { frame } = at;
    if (node.role === "enter") this.#enter(node, at, outputs ? outputs[0]! : dead);
    else if (node.role === "exit") {
      if (outputs) this.#propagate(node, frame.parent!, outputs);
      else if (at.number === frame.newest) frame.deadExits.push(node);
    } else if (node.role === "nextIteration") {
      if (outputs) this.#nextIteration(node, at, outputs[0]!);
    } else this.#propagate(node, at, outputs);
    at.outstanding--;
    this.#cleanUp(at);
  }

  #propagate(node: FlowNode, to: Iteration, outputs: readonly RunValue[] | null): void {
    for (const [k, users] of node.users.entries()) {
      const value = outputs ? outputs[k]! : dead;
      if (to === this.#root) {
        const tensor = node.op.outputs[k]!;
        if (this.#isFetched.has(tensor)) this.#fetched.set(tensor, value);
      }
      for (const { node: user, input } of users) this.#deliver(user, input, value, to, node.role === "enter");
    }
    for (const user of node.controlUsers) this.#deliverControl(user, to, outputs === null);
  }

  #stateOf(node: FlowNode, at: Iteration): NodeState {
    let state = at.nodes.get(node.index);
    if (!state) {
      state = {
        inputs: new Array(node.dataInputs),
        arrived: 0,
        controls: 0,
        deadInputs: 0,
        hasDeadControl: false,
        fired: false,
      };
      at.nodes.set(node.index, state);
    }
    return state;
  }

  #deliver(node: FlowNode, input: number, value: RunValue, at: Iteration, fromEnter: boolean): void {
    const state = this.#stateOf(node, at);
    if (state.fired) return;
    state.inputs[input] = value;
    state.arrived++;
    if (value === dead) state.deadInputs += fromEnter && node.role === "merge" ? node.dataInputs : 1;
    this.#check(node, state, at);
  }

  #deliverControl(node: FlowNode, at: Iteration, isDead: boolean): void {
    const state = this.#stateOf(node, at);
    if (state.fired) return;
    state.controls++;
    if (isDead) state.hasDeadControl = true;
    this.#check(node, state, at);
  }

  #check(node: FlowNode, state: NodeState, at: Iteration): void {
    if (state.controls < node.controlInputs) return;
    if (node.role === "merge") {
      const live = state.arrived - Math.min(state.deadInputs, state.arrived);
      if (live === 0 && state.deadInputs < node.dataInputs) return;
      this.#fire(node, state, at, live === 0);
      return;
    }
    if (state.arrived < node.dataInputs) return;
    const isDead = node.role === "controlTrigger" ? false : state.hasDeadControl || state.deadInputs > 0;
    this.#fire(node, state, at, isDead);
  }

  #fire(node: FlowNode, state: NodeState, at: Iteration, isDead: boolean): void {
    state.fired = true;
    this.#activate(node, at, state.inputs, isDead);
    state.inputs.length = 0;
  }

  #activate(node: FlowNode, at: Iteration, inputs: readonly (RunValue | undefined)[], isDead: boolean): void {
    at.outstanding++;
    this.#ready.push({ node, at, inputs: [...inputs], isDead });
  }

  // frames

  #enter(node: FlowNode, at: Iteration, value: RunValue): void {
    const key = `${at.frame.key}/${at.number}/${node.frameName}`;
    let frame = at.frame.children.get(key);
    if (!frame) {
      frame = {
        key,
        parent: at,
        iterations: new Map(),
        children: new Map(),
        parallelIterations: node.parallelIterations,
        newest: 0,
        pendingEnters: this.#enters.get(node.frameName)!,
        constants: [],
        deferred: [],
        deadExits: [],
      };
      frame.iterations.set(0, { frame, number: 0, nodes: new Map(), outstanding: 0, childFrames: 0 });
      at.frame.children.set(key, frame);
      at.childFrames++;
    }
    frame.pendingEnters--;
    if (node.isConstantEnter) {
      frame.constants.push({ node, value });
      for (const iteration of [...frame.iterations.values()]) this.#propagateEntered(node, iteration, value);
    } else this.#propagateEntered(node, frame.iterations.get(0)!, value);
    if (frame.pendingEnters === 0) {
      const first = frame.iterations.get(0);
      if (first) this.#cleanUp(first);
    }
  }

  #propagateEntered(node: FlowNode, to: Iteration, value: RunValue): void {
    this.#propagate(node, to, value === dead ? null : [value]);
  }

  #nextIteration(node: FlowNode, at: Iteration, value: RunValue): void {
    const { frame } = at;
    if (at.number === frame.newest) {
      if (frame.iterations.size >= frame.parallelIterations) {
        frame.deferred.push({ node, value });
        return;
      }
      this.#beginIteration(frame);
    }
    this.#propagate(node, frame.iterations.get(at.number + 1)!, [value]);
  }

  #beginIteration(frame: Frame): void {
    frame.newest++;
    frame.deadExits.length = 0;
    const next: Iteration = { frame, number: frame.newest, nodes: new Map(), outstanding: 0, childFrames: 0 };
    frame.iterations.set(frame.newest, next);
    for (const { node, value } of frame.deferred.splice(0)) this.#propagate(node, next, [value]);
    for (const { node, value } of frame.constants) this.#propagateEntered(node, next, value);
  }

  /** Removes iterations that are done, begins deferred ones, and ends the frame after its last. */
  #cleanUp(at: Iteration): void {
    const { frame } = at;
    if (!frame.parent) return;
    let number = at.number;
    for (;;) {
      const iteration = frame.iterations.get(number);
      if (!iteration || iteration.outstanding > 0 || iteration.childFrames > 0) return;
      if (number === 0 ? frame.pendingEnters > 0 : frame.iterations.has(number - 1)) return;
      frame.iterations.delete(number);
      if (frame.deferred.length) this.#beginIteration(frame);
      number++;
      if (frame.iterations.size === 0) break;
    }
    const { parent } = frame;
    parent.frame.children.delete(frame.key);
    for (const exit of frame.deadExits) this.#propagate(exit, parent, null);
    parent.childFrames--;
    this.#cleanUp(parent);
  }
}
