/**
 * The stacks of defaults. Callbacks may be async: a scope lasts until its callback's promise settles, and scopes must close in the
 * reverse order of opening.
 */
import { RuntimeError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Pairs of a tensor (or variable, or tensor name) and its value. */
export type FeedDict = Iterable<readonly [unknown, unknown]>;

/** What `eval` and `op.run` need of a session. */
export interface SessionLike {
  readonly graph: Graph;
  run(fetches: Tensor | Operation, options?: { feedDict?: FeedDict }): Promise<NdArray | null>;
}

/** A stack whose entries open and close around a callback. */
export class ScopeStack<T> {
  readonly #kind: string;
  readonly #entries: { value: T; label: string }[] = [];

  constructor(kind: string) {
    this.#kind = kind;
  }

  get top(): T | undefined {
    return this.#entries.at(-1)?.value;
  }

  get values(): readonly T[] {
    return this.#entries.map((entry) => entry.value);
  }

  /** Calls fn with the value on top; an async fn keeps it there until it settles. */
  with<R>(value: T, label: string, fn: () => R): R {
    const entry = { value, label };
    this.#entries.push(entry);
    return around(fn, () => this.#close(entry));
  }

  /** Opens without a callback; returns what closes it. */
  open(value: T, label: string): () => void {
    const entry = { value, label };
    this.#entries.push(entry);
    return () => this.#close(entry);
  }

  /** Replaces all entries for the time of fn (init scopes, imports). */
  cleared<R>(fn: () => R): R {
    const saved = this.#entries.splice(0);
    return around(fn, () => {
      this.#entries.splice(0, this.#entries.length, ...saved);
    });
  }

  #close(entry: { value: T; label: string }): void {
    const top = this.#entries.at(-1);
    if (top !== entry) {
      const at = this.#entries.indexOf(entry);
      if (at >= 0) this.#entries.splice(at, 1);
      throw new RuntimeError(
        `Nesting violated for ${this.#kind}: "${entry.label}" closes while "${top?.label ?? "nothing"}" is innermost. Await async scopes one at a time.`,
      );
    }
    this.#entries.pop();
  }
}

/** Runs fn, then close: at once, or when the promise that fn returns settles. An error of fn wins over an error of close. */
export function around<R>(fn: () => R, close: () => void): R {
  let result: R;
  try {
    result = fn();
  } catch (error) {
    try {
      close();
    } catch {
      // the first error tells more
    }
    throw error;
  }
  if (result instanceof Promise) return result.finally(close) as R;
  close();
  return result;
}

/** The process's own default graph, made when it is first asked for. */
export const globalGraph: { current: Graph | null } = { current: null };
export const graphStack = new ScopeStack<Graph>("default graph stack");
export const sessionStack = new ScopeStack<SessionLike>("default session stack");

export const defaultSession = (): SessionLike | undefined => sessionStack.top;

/** tf.getDefaultSession: the innermost default session; null outside all. */
export const getDefaultSession = (): SessionLike | null => sessionStack.top ?? null;

/** Among a graph's extras, where it is the body of a function: the graph that no function is around. */
export const outermostKey: unique symbol = Symbol("outermost graph");
