/** What runs an op at once: one kernel for an op with its attrs and the dtypes of its inputs, specialised by shapes. */
import { InvalidArgumentError, RuntimeError } from "../core/error.ts";
import { atOnce } from "../core/flow/maybe.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { AttrValue } from "../graph/attr.ts";
import type { OpDefinition } from "../graph/definition.ts";
import { Graph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { outputDtypes } from "../ops/apply.ts";
import { placeholderOp } from "../ops/index.ts";
import { isLowered } from "../session/plan/classify.ts";
import { runHostNode } from "../session/plan/host.ts";
import { copyOut, EngineValue, ownArray, type RunValue, VariableValue } from "../session/plan/values.ts";
import type { SessionState } from "../session/state.ts";
import type { Runtime } from "./runtime.ts";
import { type Specialisation, specialise } from "./specialisation.ts";
import type { EagerValue } from "./tensor.ts";

/** The specialisations of all kernels: those not used for long go when there are too many. */
class Pool {
  readonly #owners = new Map<Specialisation, Map<string, Specialisation>>();
  /** Counts runs. */
  time = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(spec: Specialisation, key: string, owner: Map<string, Specialisation>): void {
    spec.usedAt = ++this.time;
    owner.set(key, spec);
    this.#owners.set(spec, owner);
    if (this.#owners.size > this.#limit) this.#sweep();
  }

  /** Drops the half that was not used for the longest time. */
  #sweep(): void {
    const order = [...this.#owners.keys()].sort((a, b) => a.usedAt - b.usedAt);
    for (const spec of order.slice(0, order.length >> 1)) this.drop(spec);
  }

  drop(spec: Specialisation): void {
    const owner = this.#owners.get(spec);
    if (!owner) return;
    for (const [key, each] of owner) if (each === spec) owner.delete(key);
    this.#owners.delete(spec);
    spec.dispose();
  }
}

export const pool = new Pool(4096);

/** The programs of kernels that take a variable belong to it and go with it. */
export const programsOf = new WeakMap<VariableValue, Map<string, Specialisation>>();

const maxRecent = 6;
let kernels = 0;

export class Kernel {
  readonly op: Operation;
  readonly #runtime: Runtime;
  readonly #state: SessionState;
  readonly #isLowered: boolean;
  readonly id = `${kernels++}:`;
  /** Inputs whose values shapes depend on. */
  readonly #concrete = new Set<number>();
  readonly #programs = new Map<string, Specialisation>();
  /** Those that ran last: looked at before any key is made. */
  readonly #recent: Specialisation[] = [];
  readonly #takesVariables: boolean;

  constructor(
    runtime: Runtime,
    definition: OpDefinition,
    attrs: Map<string, AttrValue>,
    inputs: readonly Pick<Tensor, "dtype" | "handleData">[],
    name: string,
  ) {
    this.#runtime = runtime;
    this.#state = runtime.state;
    const graph = new Graph();
    graph.shareLibrary(runtime.graph);
    this.op = graph.asDefault(() => {
      const places = inputs.map(({ dtype, handleData }) => {
        const place = placeholderOp({ dtype, shape: null }, "input");
        place.handleData = handleData?.map(({ dtype }) => ({ dtype, shape: null })) ?? null;
        return place;
      });
      return graph.createOp({ definition, inputs: places, attrs, name, outputDtypes: outputDtypes(definition, attrs) });
    });
    this.#isLowered = isLowered(this.op);
    this.#takesVariables = inputs.some(({ dtype }) => dtype.base === "resource");
  }

  /** Runs on these values. Throws the kernel's OpError; RuntimeError for an op that waits. */
  run(values: readonly EagerValue[]): readonly EagerValue[] {
    if (!this.#isLowered) return this.#onHost(values);
    const recent = this.#recent;
    for (let i = 0; i < recent.length; i++) {
      const spec = recent[i]!;
      if (spec.isDropped || !spec.fits(values) || !spec.isCurrent) continue;
      spec.usedAt = ++pool.time;
      return spec.run(values);
    }
    const spec = this.#programFor(values);
    if (spec === null) return this.#onHost(values);
    if (recent.unshift(spec) > maxRecent) recent.pop();
    spec.usedAt = ++pool.time;
    return spec.run(values);
  }

  #programFor(values: readonly EagerValue[]): Specialisation | null {
    const variable = this.#takesVariables ? values.find((value) => value instanceof VariableValue) : undefined;
    let programs: Map<string, Specialisation> = this.#programs;
    if (variable) {
      programs = programsOf.get(variable) ?? new Map();
      programsOf.set(variable, programs);
    }
    let key = this.#keyOf(values);
    const known = programs.get(key);
    if (known?.isCurrent) return known;
    if (known) pool.drop(known);
    const spec = specialise(this.#state, this.op, values, this.#concrete);
    if (spec === null) return null;
    key = this.#keyOf(values);
    pool.add(spec, key, programs);
    return spec;
  }

  #keyOf(values: readonly EagerValue[]): string {
    let key = this.id;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value instanceof VariableValue) key += `v${value.slot};`;
      else {
        key += this.#concrete.has(i) ? `${value.shape}=${value.data};` : `${value.shape};`;
      }
    }
    return key;
  }

  #onHost(values: readonly EagerValue[]): readonly EagerValue[] {
    const result = atOnce(() => this.runLater(values, true));
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new RuntimeError(
      this.op.type.startsWith("IteratorGetNext")
        ? "The next element has to be waited for: go through the dataset with `for await (const element of dataset)`."
        : `${this.op.type} waits for queues, files or servers, which is not supported when eager execution is enabled. Use tf.data to get data into your model.`,
    );
  }

  /** As `run`, for ops of the host; a promise where the op waits. */
  runLater(values: readonly EagerValue[], atOnce = false): readonly EagerValue[] | Promise<readonly EagerValue[]> {
    const releases: (() => void)[] = [];
    const end = (): void => {
      for (const release of releases) release();
    };
    try {
      const result = runHostNode(this.op, values, this.#runtime.environment(releases, atOnce));
      if (result instanceof Promise) return result.then((each) => this.#owned(each)).finally(end);
      const outputs = this.#owned(result);
      end();
      return outputs;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** The values apart from engine memory. */
  #owned(values: readonly RunValue[]): EagerValue[] {
    const { engine } = this.#state;
    return values.map((value) => {
      if (value instanceof EngineValue) return copyOut(engine, value);
      if (value instanceof VariableValue) return value;
      if (typeof value === "symbol") throw new InvalidArgumentError("a value of a branch that was not taken");
      return ownArray(engine, value as NdArray);
    });
  }

  /** Frees what belongs to it. */
  dispose(): void {
    for (const spec of [...this.#programs.values()]) pool.drop(spec);
    this.#state.forgetNode(this.op);
  }
}
