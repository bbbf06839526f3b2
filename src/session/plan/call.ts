/**
 * Calls of functions by nodes. What a call gives stays in the workspaces of the function's run; they belong to the caller's frame and go
 * back with it. A loop keeps those of an iteration only as long as the next one needs them.
 */
import { InvalidArgumentError } from "../../core/error.ts";
import { elementAt, NdArray } from "../../core/nd_array.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import type { DerivativeRef } from "../../graph/def/library.ts";
import type { CallContext, FunctionCall, NodeFacts, Passed } from "../../graph/definition.ts";
import type { Operation } from "../../graph/operation.ts";
import type { SessionState } from "../state.ts";
import type { HostEnvironment } from "./host.ts";
import type { Plan } from "./plan.ts";
import { isMovable, tightLoopOf } from "./run/function_loop.ts";
import type { Tracer } from "./run/tracer.ts";
import { giveBack, type RunFrame } from "./segment.ts";
import { copyOut, EngineValue, ownArray, type RunValue, viewOf } from "./values.ts";

/** Results of a function, and the frame with the workspaces that they lie in. */
export interface Held {
  readonly values: readonly RunValue[];
  readonly frame: RunFrame;
  /** The function's. */
  readonly plan?: Plan;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly releases: (() => void)[];
  /** The plan of the run that calls: it keeps those of its functions. */
  readonly owner: Plan;
  readonly trace?: Tracer | undefined;
  readonly atOnce?: boolean | undefined;
}

/** Runs a function of the graph's library. */
export type CallFunction = (fn: FunctionRef, args: readonly RunValue[], options: CallOptions) => Held | Promise<Held>;

type Eventually<T> = T | Promise<T>;

const yieldEveryMs = 50;
const neverAborted = new AbortController().signal;
/** The plan that keeps those of functions which outlive their run. */
const lastingKey = "localhost/functions/lasting";

function then<T, R>(value: Eventually<T>, next: (value: T) => Eventually<R>): Eventually<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Copies of a function's results, for callers that keep them. */
export function copied(held: Held, state: SessionState): NdArray[] {
  const values = held.values.map((value) => independent(value, state) as NdArray);
  giveBack(held.frame);
  return values;
}

const independent = (value: RunValue, state: SessionState): RunValue =>
  value instanceof EngineValue
    ? copyOut(state.engine, value)
    : value instanceof NdArray
      ? ownArray(state.engine, value)
      : value;

export function callCopied(
  fn: FunctionRef,
  args: readonly NdArray[],
  environment: HostEnvironment,
): Eventually<readonly NdArray[]> {
  return then(environment.call(fn, args, environment), (held) => copied(held, environment.state));
}

/** As `callCopied`, for what outlives the run: the function's plan stays with the session. */
export function callLasting(
  fn: FunctionRef,
  args: readonly NdArray[],
  environment: HostEnvironment,
): Eventually<readonly NdArray[]> {
  const { state } = environment;
  const owner = state.makeResource(lastingKey, () => environment.owner.another()).resource;
  const releases: (() => void)[] = [];
  const end = (): void => {
    for (const release of releases) release();
  };
  let result: Eventually<NdArray[]>;
  try {
    const options = { signal: neverAborted, releases, owner };
    result = then(environment.call(fn, args, options), (held) => copied(held, state));
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) return result.finally(end);
  end();
  return result;
}

const derivatives = new WeakMap<FunctionRef, DerivativeRef>();

function derivativeOf(fn: FunctionRef): DerivativeRef {
  let ref = derivatives.get(fn);
  if (!ref) {
    ref = { name: `SymbolicGradient of ${fn.name}`, attrs: fn.attrs, derivativeOf: fn };
    derivatives.set(fn, ref);
  }
  return ref;
}

/** What a node's `call` gets. */
export function callContext(op: Operation, node: NodeFacts, environment: HostEnvironment): CallContext {
  const { state, holder } = environment;
  const hold = (fn: FunctionRef, args: readonly Passed[]): Eventually<Held> =>
    environment.call(fn, args as readonly RunValue[], environment);
  /** From here on the values live as long as the caller's. */
  const adopt = (held: Held): readonly RunValue[] => {
    if (!holder) return copied(held, state);
    holder.borrowed.push(...held.frame.borrowed.splice(0));
    return held.values;
  };
  let tested: Plan | undefined;
  const array = (value: Passed): NdArray =>
    (value instanceof EngineValue ? viewOf(state.engine, value) : value) as NdArray;
  return {
    node,
    self: { name: op.type, attrs: op.attrs },
    call: (fn, args) => then(hold(fn, args), adopt) as Eventually<readonly Passed[]>,
    test: (fn, args) =>
      then(hold(fn, args), (held) => {
        tested = held.plan;
        try {
          if (held.values.length !== 1) {
            throw new InvalidArgumentError(
              `Expected a single scalar return value from WhileOp cond, got ${held.values.length} tensors.`,
            );
          }
          return isTrue(array(held.values[0] as Passed));
        } finally {
          giveBack(held.frame);
        }
      }),
    loop: (values, next, asksFirst) => {
      const conditionOf = (): Plan | undefined => (asksFirst ? tested : undefined);
      const calls = { next: next as Next, hold, adopt, conditionOf };
      return runLoop(values as readonly RunValue[], calls, environment) as Eventually<readonly Passed[]>;
    },
    array,
    gradientOf: derivativeOf,
  };
}

/** A bool's value; of other scalars whether they are not zero or empty; of arrays whether they have elements. Source: functional_ops.cc, ToBool. */
export function isTrue(array: NdArray): boolean {
  if (array.shape.length > 0) return array.size > 0;
  const item = elementAt(array, 0);
  return typeof item === "string" || item instanceof Uint8Array ? item.length > 0 : Boolean(item);
}

type Next = (values: readonly RunValue[], iteration: number) => Eventually<FunctionCall | null>;

/** The frames in which the present values of a loop lie. A value that an iteration hands on stays in the frame that made it. */
class Owners {
  #frames = new Map<RunValue, RunFrame>();

  /** The values of a call replace those before; frames that hold none of them go back. */
  replace({ values, frame }: Held): void {
    const kept = new Map<RunValue, RunFrame>();
    for (const value of values) {
      if (value instanceof EngineValue) kept.set(value, this.#frames.get(value) ?? frame);
    }
    const live = new Set(kept.values());
    for (const old of [...this.#frames.values(), frame]) if (!live.has(old)) giveBack(old);
    this.#frames = kept;
  }

  /** One holder of all frames that are left. */
  release(): RunFrame {
    const borrowed = [...new Set(this.#frames.values())].flatMap((frame) => frame.borrowed.splice(0));
    return { values: [], borrowed, releases: [] };
  }
}

interface LoopCalls {
  readonly next: Next;
  readonly hold: (fn: FunctionRef, args: readonly Passed[]) => Eventually<Held>;
  readonly adopt: (held: Held) => readonly RunValue[];
  /** The plan of the function that `next` asked, where it then calls another with the same values. */
  readonly conditionOf: () => Plan | undefined;
}

/** Iterations of a loop of functions before they are tried as one program: shapes settle meanwhile. */
const tightTries: ReadonlySet<number> = new Set([1, 3]);

/** Iterations follow each other at once while nothing waits and for 50 ms at most; then the event loop gets its turn. */
function runLoop(
  first: readonly RunValue[],
  { next, hold, adopt, conditionOf }: LoopCalls,
  environment: HostEnvironment,
): Eventually<readonly RunValue[]> {
  const owners = new Owners();
  let values = first;
  let iteration = 0;
  let body: Plan | undefined;
  let isTight = false;
  /** Runs the iterations that are left as one program, where there is one: to the end or until others must have their turn. */
  const runTight = (): "done" | "paused" | "impossible" => {
    const condition = conditionOf();
    if (!condition || !body || environment.trace || !(isTight || tightTries.has(iteration))) return "impossible";
    const tight = values.every(isMovable) ? tightLoopOf(condition, body, environment.state) : null;
    const frame: RunFrame = { values: [...values], borrowed: [], releases: [] };
    const pauseAt = environment.atOnce ? Number.POSITIVE_INFINITY : performance.now() + yieldEveryMs;
    const ended = tight?.run(frame, environment, pauseAt) ?? "impossible";
    isTight = ended === "paused";
    if (ended !== "impossible") {
      values = frame.values as RunValue[];
      owners.replace({ values, frame });
    }
    return ended;
  };
  const done = (): readonly RunValue[] => adopt({ values, frame: owners.release() });
  const take = (held: Held): void => {
    owners.replace(held);
    values = held.values;
    body = held.plan;
    iteration++;
  };
  const later = async (pending: Promise<unknown>): Promise<readonly RunValue[]> => {
    try {
      let step = await pending;
      let since = performance.now();
      for (;;) {
        if (step === null) return done();
        let ended = "impossible";
        if (step !== undefined) {
          const call = step as FunctionCall;
          ended = runTight();
          if (ended === "done") return done();
          if (ended === "impossible") take(await hold(call.fn, call.args));
        }
        if (ended === "paused" || ((iteration & 7) === 0 && performance.now() - since > yieldEveryMs)) {
          await new Promise((resolve) => setImmediate(resolve));
          environment.signal.throwIfAborted();
          since = performance.now();
        }
        const asked = next(values, iteration);
        step = asked instanceof Promise ? await asked : asked;
      }
    } catch (error) {
      giveBack(owners.release());
      throw error;
    }
  };
  try {
    const since = performance.now();
    for (;;) {
      const step = next(values, iteration);
      if (step instanceof Promise) return later(step);
      if (step === null) return done();
      const ended = runTight();
      if (ended === "done") return done();
      if (ended === "paused") return later(new Promise<void>((resolve) => setImmediate(resolve)));
      const held = hold(step.fn, step.args);
      if (held instanceof Promise) return later(held.then(take));
      take(held);
      if (!environment.atOnce && (iteration & 15) === 0 && performance.now() - since > yieldEveryMs)
        return later(new Promise<void>((resolve) => setImmediate(resolve)));
    }
  } catch (error) {
    giveBack(owners.release());
    throw error;
  }
}
