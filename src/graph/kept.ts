/** What an object of a session (a queue, a reader, an iterator) must keep so that a run goes on where it was: facts as JSON, and arrays. */
import type { NdArray } from "../core/nd_array.ts";

export interface Kept {
  readonly facts: unknown;
  readonly arrays: readonly NdArray[];
}

export interface KeepsState {
  /** What it holds at this moment; null while it is as it was made. Later changes do not change what was given. */
  kept(): Kept | null;
  /** Makes a fresh object what another one was. */
  goBackTo(kept: Kept): void;
}

export const keepsState = (object: unknown): object is KeepsState =>
  typeof object === "object" &&
  object !== null &&
  typeof (object as Partial<KeepsState>).kept === "function" &&
  typeof (object as Partial<KeepsState>).goBackTo === "function";
