/** A node that the host runs, prepared to be run again and again. */
import type { Operation } from "../../../graph/operation.ts";
import type { SessionState } from "../../state.ts";
import { type HostEnvironment, runHostNode } from "../host.ts";
import type { RunFrame, TensorIndex } from "../segment.ts";
import type { RunValue } from "../values.ts";

export class HostCall {
  readonly #op: Operation;
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];
  readonly #reference: number;

  constructor(op: Operation, index: TensorIndex, _state: SessionState) {
    this.#op = op;
    this.#inputs = op.inputs.map((input) => index.get(input)!);
    this.#outputs = op.outputs.map((output) => index.get(output)!);
    this.#reference = op.inputs.findIndex((input) => input.dtype.isRef);
  }

  run(frame: RunFrame, environment: HostEnvironment): void | Promise<void> {
    const { values } = frame;
    const inputs = this.#inputs.map((index) => values[index]!);
    const result = runHostNode(this.#op, inputs, environment);
    const store = (outputs: readonly RunValue[]): void => {
      for (let k = 0; k < this.#outputs.length; k++) values[this.#outputs[k]!] = outputs[k] ?? inputs[this.#reference]!;
    };
    if (result instanceof Promise) return result.then(store);
    store(result);
  }
}
