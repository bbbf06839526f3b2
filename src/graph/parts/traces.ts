/** Where in the user's program the operations of a graph are made. */
import { captureTrace } from "../../core/trace.ts";

/** So many nodes of a graph know the line that made them: lines of more would take most of the time and memory of a large graph. */
const tracedNodes = 10_000;

/** Looking at the stack takes as long as everything else that makes a node, and the longer, the deeper it is. */
export class Traces {
  #here: Error | undefined;
  #nodes = 0;

  /** Nodes made in fn, and those that their inputs are converted to, are said to be made by whoever called this: looked for once. */
  here<R>(fn: () => R): R {
    if (this.#here || this.#nodes >= tracedNodes) return fn();
    this.#here = captureTrace();
    try {
      return fn();
    } finally {
      this.#here = undefined;
    }
  }

  /** The trace of the next node. */
  next(): Error | undefined {
    if (this.#nodes >= tracedNodes) return undefined;
    this.#nodes++;
    return this.#here ?? captureTrace();
  }
}
