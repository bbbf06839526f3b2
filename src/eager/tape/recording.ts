/** What tapes that are open write down: each op that takes something they watch. Source: tape.cc, tape.h. */
import { isTrainable } from "../../build/gradients/pending.ts";
import { variableOf } from "../../build/variables/variable.ts";
import type { Gradient } from "../../graph/op/gradients.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { VariableHandle } from "../kernels.ts";
import type { EagerTensor } from "../tensor.ts";

/** An op that ran, or a function with a gradient of its own. */
export interface Recorded {
  readonly op: Operation;
  readonly inputs: readonly EagerTensor[];
  readonly outputs: readonly EagerTensor[];
  /** From the gradients of the outputs (null where none came) to those of the inputs. */
  readonly backward?: (dys: readonly (Gradient | null)[]) => readonly (Gradient | null)[];
}

/** What one tape has written down. */
export class Recording {
  readonly watchesVariables: boolean;
  entries: Recorded[] = [];
  /** Tensors that are watched, or depend on those. */
  tracked = new Set<Tensor>();
  /** Handles of variables that were read, in that order. */
  readonly variables = new Set<VariableHandle>();

  constructor(watchesVariables: boolean) {
    this.watchesVariables = watchesVariables;
  }

  record(entry: Recorded): void {
    if (!this.#concerns(entry)) return;
    this.entries.push(entry);
    for (const output of entry.outputs) if (isTrainable(output.dtype)) this.tracked.add(output);
  }

  #concerns({ inputs, outputs, op }: Recorded): boolean {
    let isTracked = false;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (
        input instanceof VariableHandle &&
        variableOf.get(input)?.trainable &&
        this.watchesVariables &&
        !this.variables.has(input) &&
        isRead(op, outputs)
      ) {
        this.variables.add(input);
        this.tracked.add(input);
      }
      if (this.tracked.has(input)) isTracked = true;
    }
    return isTracked && outputs.length > 0;
  }

  clear(): void {
    this.entries = [];
    this.tracked = new Set();
    this.variables.clear();
  }
}

/** Does the op give what a variable holds, rather than change it? */
const isRead = (op: Operation, outputs: readonly EagerTensor[]): boolean =>
  op.definition.updates.length === 0 && outputs.some((output) => isTrainable(output.dtype));

/** The tapes that are open, the innermost last. */
const open: Recording[] = [];
let paused = 0;

/** Is anybody listening? */
export const isRecording = (): boolean => open.length > 0 && paused === 0;

export function openRecording(recording: Recording): void {
  open.push(recording);
}

export function closeRecording(recording: Recording): void {
  const at = open.lastIndexOf(recording);
  if (at >= 0) open.splice(at, 1);
}

export function record(entry: Recorded): void {
  for (let i = 0; i < open.length; i++) open[i]!.record(entry);
}

/** Runs fn while no tape listens. */
export function withoutRecording<R>(fn: () => R): R {
  paused++;
  try {
    return fn();
  } finally {
    paused--;
  }
}

/** Runs fn while no tape listens but those that it opens itself. */
export function aside<R>(fn: () => R): R {
  const [outer, pauses] = [open.splice(0), paused];
  paused = 0;
  try {
    return fn();
  } finally {
    paused = pauses;
    open.splice(0, open.length, ...outer);
  }
}
