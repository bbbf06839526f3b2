/** Copies of all variables of a session at a step boundary, to go back to: in memory that is used again. */
import { NdArray } from "../../../core/nd_array.ts";
import type { SessionState, VariableState } from "../../../session/state.ts";

interface Copy {
  readonly variable: VariableState;
  readonly shape: readonly number[] | null;
  readonly bytes: Uint8Array;
  readonly strings: readonly Uint8Array[] | null;
}

export class VariableSnapshot {
  readonly #state: SessionState;
  #copies: Copy[] = [];

  constructor(state: SessionState) {
    this.#state = state;
  }

  /** Bytes of all variables. */
  static bytesOf(state: SessionState): number {
    return state.variables.reduce((sum, variable) => sum + (state.readVariable(variable) ? variable.sizeBytes : 0), 0);
  }

  take(): void {
    const before = this.#copies;
    this.#copies = this.#state.variables.map((variable, i) => {
      const value = this.#state.readVariable(variable);
      const data = value && ArrayBuffer.isView(value.data) ? value.data : null;
      const room = before[i]?.bytes;
      const bytes = room?.length === (data?.byteLength ?? 0) ? room : new Uint8Array(data?.byteLength ?? 0);
      if (data) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return { variable, shape: value?.shape ?? null, bytes, strings: variable.strings };
    });
  }

  /** Variables that got their first value since then lose it. */
  goBack(): void {
    const known = new Set<VariableState>();
    for (const { variable, shape, bytes, strings } of this.#copies) {
      known.add(variable);
      if (!shape) this.#state.clearVariable(variable);
      else if (strings) this.#state.writeVariable(variable, new NdArray(variable.dtype, shape, [...strings]));
      else this.#write(variable, shape, bytes);
    }
    for (const variable of this.#state.variables) if (!known.has(variable)) this.#state.clearVariable(variable);
  }

  #write(variable: VariableState, shape: readonly number[], bytes: Uint8Array): void {
    this.#state.reserveVariable(variable, shape);
    this.#state.commitVariable(variable, shape);
    new Uint8Array(this.#state.engine.buffer, variable.address, bytes.length).set(bytes);
  }
}
