/** What a node's `compute` or `run` sees of the session. Made for each node of each run: it holds three references, the rest is found when asked for. */
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { FunctionRef } from "../../../graph/attr.ts";
import type { NodeFacts, RunContext, VariableHandle } from "../../../graph/definition.ts";
import { argLength, isListArg } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import { resourceKey } from "../../state.ts";
import { callCopied, callLasting } from "../call.ts";
import type { HostEnvironment } from "../host.ts";
import { type RunValue, VariableValue } from "../values.ts";
import { keepUntilEnd } from "./blocks.ts";

const knownFacts = new WeakMap<Operation, { readonly version: number; readonly facts: NodeFacts }>();

export function factsOf(op: Operation): NodeFacts {
  const { version } = op.graph;
  const known = knownFacts.get(op);
  if (known?.version === version) return known.facts;
  const facts: NodeFacts = {
    name: op.name,
    type: op.type,
    device: op.device,
    outputDtypes: op.outputs.map((output) => output.dtype),
    outputShapes: op.outputs.map((output) => output.shape),
  };
  knownFacts.set(op, { version, facts });
  return facts;
}

export class HostContext implements RunContext {
  readonly #op: Operation;
  readonly #inputs: readonly RunValue[];
  readonly #environment: HostEnvironment;

  constructor(op: Operation, inputs: readonly RunValue[], environment: HostEnvironment) {
    this.#op = op;
    this.#inputs = inputs;
    this.#environment = environment;
  }

  get node(): NodeFacts {
    return factsOf(this.#op);
  }

  get signal(): AbortSignal {
    return this.#environment.signal;
  }

  nodeState<T>(create: () => T): T {
    return this.#environment.state.nodeState(this.#op, create);
  }

  randomWords(): Uint32Array {
    const { state } = this.#environment;
    return new Uint32Array(state.engine.buffer as ArrayBuffer, state.slotAddress(state.randomSlot(this.#op)), 8);
  }

  variable(name: string): VariableHandle {
    const op = this.#op;
    const { state } = this.#environment;
    let at = 0;
    for (const arg of op.definition.inputs) {
      if (arg.name === name) {
        const value = this.#inputs[at];
        if (!(value instanceof VariableValue))
          throw new InvalidArgumentError(`Input ${name} of ${op.name} is no variable`);
        return state.handleOf(state.variableAt(value.slot));
      }
      at += isListArg(arg) ? argLength(arg, op.attrs) : 1;
    }
    throw new Error(`bug: ${op.type} has no input ${name}`);
  }

  resource<T>(handle: NdArray, kind = ""): T | undefined {
    return this.#environment.state.resource(handle, kind);
  }

  makeResource<T>(options: { container: string; kind?: string; name: string; create: () => T }): {
    handle: NdArray;
    resource: T;
  } {
    const { container, kind = "", name, create } = options;
    return this.#environment.state.makeResource(resourceKey(container, kind, name || this.#op.name), create);
  }

  nextId(): number {
    return this.#environment.state.nextId();
  }

  deleteResource(handle: NdArray): boolean {
    const { state } = this.#environment;
    // A handle of a variable is the variable itself here.
    const value = handle as unknown;
    if (!(value instanceof VariableValue)) return state.deleteResource(handle);
    const entry = state.variableAt(value.slot);
    const existed = entry.shape !== null;
    state.clearVariable(entry);
    return existed;
  }

  call(fn: FunctionRef, args: readonly NdArray[]): readonly NdArray[] {
    const result = callCopied(fn, args, this.#environment);
    if (result instanceof Promise)
      throw new InvalidArgumentError(`Function ${fn.name} waits and cannot be called from ${this.#op.name}`);
    return result;
  }

  async callAsync(fn: FunctionRef, args: readonly NdArray[]): Promise<readonly NdArray[]> {
    return callCopied(fn, args, this.#environment);
  }

  /** What outlives the run keeps this function and the next one. */
  get invoke(): RunContext["invoke"] {
    const environment = this.#environment;
    return (fn, args) => callLasting(fn, args, environment);
  }

  get permit(): RunContext["permit"] {
    const { filePolicy } = this.#environment.state;
    const access = this.#op.definition.access ?? "file";
    return (path) => filePolicy?.(access, path);
  }

  keep(array: NdArray): NdArray {
    const { state, releases } = this.#environment;
    return keepUntilEnd(array, state, releases);
  }

  atEnd(release: () => void): void {
    this.#environment.releases.push(release);
  }
}
