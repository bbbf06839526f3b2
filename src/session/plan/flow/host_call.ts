/** A node that the host runs, prepared to be run again and again: its attrs are read once, its arrays go in and out without copies. */
import { NdArray } from "../../../core/nd_array.ts";
import { argLength, isListArg, recordOf } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import { hasLowering } from "../classify.ts";
import { atNode } from "../errors.ts";
import { type HostEnvironment, readVariable, runHostNode } from "../host.ts";
import { HostContext } from "../run/context.ts";
import { tracedNode } from "../run/tracer.ts";
import type { RunFrame, TensorIndex } from "../segment.ts";
import { EngineValue, located, memoryOf, type RunValue, VariableValue, viewOf } from "../values.ts";

interface Argument {
  readonly name: string;
  readonly at: number;
  readonly n: number;
  readonly isList: boolean;
  readonly isRef: boolean;
  readonly isOpaque: boolean;
}

export class HostCall {
  readonly #op: Operation;
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];
  readonly #reference: number;
  /** For nodes with `compute`: the record that it gets, with attrs filled in. */
  readonly #record: Record<string, unknown> | null;
  readonly #arguments: readonly Argument[];

  constructor(op: Operation, index: TensorIndex) {
    this.#op = op;
    this.#inputs = op.inputs.map((input) => index.get(input)!);
    this.#outputs = op.outputs.map((output) => index.get(output)!);
    this.#reference = op.inputs.findIndex((input) => input.dtype.isRef);
    const { compute, run, call, inputs, opaque = [] } = op.definition;
    const isComputed = compute && !run && !call && !hasLowering(op);
    this.#record = isComputed ? recordOf<unknown>(op, op.inputs) : null;
    let at = 0;
    this.#arguments = inputs.map((arg) => {
      const n = isListArg(arg) ? argLength(arg, op.attrs) : 1;
      at += n;
      return {
        name: arg.name,
        at: at - n,
        n,
        isList: isListArg(arg),
        isRef: arg.isRef,
        isOpaque: opaque.includes(arg.name),
      };
    });
  }

  run(frame: RunFrame, environment: HostEnvironment): void | Promise<void> {
    const { values } = frame;
    const inputs = new Array<RunValue>(this.#inputs.length);
    for (let k = 0; k < inputs.length; k++) inputs[k] = values[this.#inputs[k]!]!;
    memoryOf(environment.state.engine);
    const { trace } = environment;
    const record = this.#record;
    const result = !record
      ? runHostNode(this.#op, inputs, environment)
      : trace
        ? tracedNode(trace, this.#op, () => this.#compute(record, inputs, environment))
        : this.#compute(record, inputs, environment);
    const store = (outputs: readonly RunValue[]): void => {
      for (let k = 0; k < this.#outputs.length; k++) {
        const value = outputs[k] ?? inputs[this.#reference]!;
        values[this.#outputs[k]!] = value instanceof NdArray ? located(value) : value;
      }
    };
    if (result instanceof Promise) return result.then(store);
    store(result);
  }

  #compute(
    record: Record<string, unknown>,
    inputs: readonly RunValue[],
    environment: HostEnvironment,
  ): readonly RunValue[] {
    const op = this.#op;
    const { state } = environment;
    try {
      for (const { name, at, n, isList, isRef, isOpaque } of this.#arguments) {
        const given = (value: RunValue): unknown => {
          if (value instanceof EngineValue) return isOpaque ? value : viewOf(state.engine, value);
          if (value instanceof VariableValue && !value.isResource && !isRef) return readVariable(value, state);
          return value;
        };
        record[name] = isList ? inputs.slice(at, at + n).map(given) : given(inputs[at]!);
      }
      const result = op.definition.compute!(record, new HostContext(op, inputs, environment));
      const outputs = (
        result === undefined || result === null ? [] : Array.isArray(result) ? result : [result]
      ) as readonly RunValue[];
      if (outputs.length !== op.outputs.length && !(outputs.length === 0 && this.#reference >= 0)) {
        throw new Error(`bug: ${op.type} gives ${outputs.length} values for ${op.outputs.length} outputs`);
      }
      return outputs;
    } catch (error) {
      throw atNode(error, op);
    }
  }
}
