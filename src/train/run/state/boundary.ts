/**
 * What a run was at its last step boundary, for a step that must be undone or left: kept where copying costs little beside a step, or
 * always when a step is to be undone.
 */
import type { SessionState } from "../../../session/state.ts";
import type { RunMemory } from "./memory.ts";
import { VariableSnapshot } from "./snapshot.ts";

/** A copy may cost this part of a step. */
const share = 0.05;
/** What a copy costs is found anew every so many steps: the first ones are slow. */
const lookEvery = 64;
/** Larger ones are kept only where a step is to be undone. */
const largeBytes = 2 ** 28;

export class Boundary {
  readonly #variables: VariableSnapshot;
  readonly #isAlways: boolean;
  #memory: RunMemory | null = null;
  #step = -1;
  #costMs = 0;
  #passed = 0;
  readonly #state: SessionState;

  constructor(state: SessionState, { always }: { always: boolean }) {
    this.#state = state;
    this.#variables = new VariableSnapshot(state);
    this.#isAlways = always;
  }

  /** At the boundary after `step`; the last step took so long. */
  pass(step: number, stepMs: number, memory: () => RunMemory): void {
    const isDear = this.#costMs > share * stepMs && this.#passed++ % lookEvery !== 0;
    if (!this.#isAlways && (isDear || VariableSnapshot.bytesOf(this.#state) > largeBytes)) return;
    const before = performance.now();
    this.#variables.take();
    this.#memory = memory();
    this.#step = step;
    this.#costMs = performance.now() - before;
  }

  /** The memory of the boundary after `step`; null where none was kept. */
  at(step: number): RunMemory | null {
    return this.#step === step ? this.#memory : null;
  }

  /** Gives all variables the values of the boundary that is kept. */
  goBack(): void {
    this.#variables.goBack();
  }
}
