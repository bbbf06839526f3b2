/**
 * A regular loop: its condition and its body are regions that take turns. Loop variables live where the last iteration left them, so two
 * sets of workspaces alternate. One iteration runs at a time, which every limit of parallel iterations allows.
 */
import type { HostEnvironment } from "../host.ts";
import { RunningSums } from "../run/deep_sum.ts";
import type { Borrowed, RunFrame, Segment } from "../segment.ts";
import { copyOut, EngineValue, type RunValue } from "../values.ts";
import { isTrue, type Region } from "./region.ts";
import type { TightLoop } from "./tight.ts";

/** Places of a loop variable's values: before the loop, in it, at the end of an iteration, after the loop. */
export interface LoopPlaces {
  readonly from: number;
  readonly merge: number;
  readonly next: number;
  readonly exits: readonly number[];
}

export interface LoopParts {
  readonly variables: readonly LoopPlaces[];
  readonly predicate: number;
  readonly condition: Region;
  /** Built anew without what makes its segments change with every iteration. */
  body: Region;
  readonly rebuild: (body: Region) => Region | null;
  readonly tight: TightLoop | null;
}

const yieldEveryMs = 50;
/** Iterations until shapes are what they will be. */
const settledAfter = 2;
/** Iterations between two looks at the clock. */
const clockEvery = 64;
/** Compilations of one segment after which the nodes that need values run by themselves. */
const maxCompilations = 4;

interface Turn {
  readonly outer: RunFrame;
  /** The iteration's values and workspaces, and those of the iteration before. */
  current: RunFrame;
  previous: RunFrame;
  readonly sums: RunningSums;
  count: number;
  since: number;
  /** What comes next. */
  phase: "condition" | "body" | "advance";
  /** May the rest run as one program? */
  isTight: boolean;
}

export class Loop {
  readonly #parts: LoopParts;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  get regions(): readonly Region[] {
    return [this.#parts.condition, this.#parts.body];
  }

  /** A promise when a stage waits, or when the loop is long and may let others run. */
  run(outer: RunFrame, environment: HostEnvironment): void | Promise<void> {
    const { values, releases, trace } = outer;
    for (const { from, merge } of this.#parts.variables) values[merge] = values[from];
    const sums = new RunningSums(outer.borrowed);
    const turn: Turn = {
      outer,
      current: { values, borrowed: [], releases, trace, sums },
      previous: { values, borrowed: [], releases, trace, sums },
      sums,
      count: 0,
      since: performance.now(),
      phase: "condition",
      isTight: this.#parts.tight !== null && !trace,
    };
    const wait = this.#go(turn, environment);
    if (wait) return this.#goOn(turn, environment, wait);
  }

  async #goOn(turn: Turn, environment: HostEnvironment, first: Promise<void> | "pause"): Promise<void> {
    let wait: Promise<void> | "pause" | undefined = first;
    while (wait) {
      try {
        if (wait === "pause") {
          await new Promise((resolve) => setImmediate(resolve));
          environment.signal.throwIfAborted();
          turn.since = performance.now();
        } else await wait;
      } catch (error) {
        leave(turn);
        throw error;
      }
      wait = this.#go(turn, environment);
    }
  }

  /** Runs until the loop is done, or something waits. */
  #go(turn: Turn, environment: HostEnvironment): Promise<void> | "pause" | undefined {
    const { predicate, condition, tight } = this.#parts;
    const { values } = turn.outer;
    try {
      for (;;) {
        if (turn.phase === "condition") {
          turn.phase = "body";
          const wait = condition.run(turn.current, this.#within(turn, environment));
          if (wait) return wait;
        }
        if (turn.phase === "body") {
          if (!isTrue(values[predicate], environment)) break;
          if (turn.count >= settledAfter && turn.isTight) {
            turn.sums.settle(turn.outer.trace);
            const pauseAt = environment.mayYield ? turn.since + yieldEveryMs : Number.POSITIVE_INFINITY;
            const state = tight!.run(turn.current, environment, pauseAt);
            if (state === "done") break;
            if (state === "paused") return "pause";
            turn.isTight = false;
          }
          turn.phase = "advance";
          const wait = this.#parts.body.run(turn.current, this.#within(turn, environment));
          if (wait) return wait;
        }
        this.#advance(turn, environment);
        turn.phase = "condition";
        if (turn.count % clockEvery === 0 && environment.mayYield && performance.now() - turn.since > yieldEveryMs)
          return "pause";
      }
    } catch (error) {
      leave(turn);
      throw error;
    }
    turn.sums.settle(turn.outer.trace);
    leave(turn);
    for (const { merge, exits } of this.#parts.variables) for (const exit of exits) values[exit] = values[merge];
  }

  /** Functions that nodes call keep their results as long as the iteration. */
  #within({ current }: Turn, environment: HostEnvironment): HostEnvironment {
    return environment.holder ? { ...environment, holder: current } : environment;
  }

  /** Into the next iteration: its variables are what the body gave; workspaces of the iteration before can be used again. */
  #advance(turn: Turn, environment: HostEnvironment): void {
    const { variables } = this.#parts;
    const { values } = turn.outer;
    const old = turn.previous.borrowed;
    const next = new Array<RunValue>(variables.length);
    for (let k = 0; k < variables.length; k++) {
      const value = values[variables[k]!.next]!;
      next[k] = value instanceof EngineValue && liesIn(value, old) ? copyOut(environment.state.engine, value) : value;
    }
    for (let k = 0; k < variables.length; k++) values[variables[k]!.merge] = next[k];
    for (let i = 0; i < old.length; i++) old[i]!.free.push(old[i]!.workspace);
    old.length = 0;
    [turn.current, turn.previous] = [turn.previous, turn.current];
    turn.count++;
    if (turn.count >= maxCompilations && turn.count <= 2 * maxCompilations) this.#settle(turn);
  }

  /** Takes nodes whose shapes change with values out of the body's segments. */
  #settle({ sums, outer }: Turn): void {
    const { body } = this.#parts;
    const grows = ({ growth, nodes }: Segment): boolean =>
      growth.compiled >= maxCompilations && growth.shapedBy.size > 0 && nodes.length > 1;
    const isUnsettled = body.stages.some(({ segments }) => segments.some(grows));
    if (!isUnsettled) return;
    sums.settle(outer.trace);
    const rebuilt = this.#parts.rebuild(body);
    if (rebuilt) this.#parts.body = rebuilt;
  }

  dispose(): void {
    this.#parts.condition.dispose();
    this.#parts.body.dispose();
    this.#parts.tight?.dispose();
  }
}

/** What the last iterations left is in use until the run of the loop's own frame is over. */
function leave(turn: Turn): void {
  turn.outer.borrowed.push(...turn.current.borrowed.splice(0), ...turn.previous.borrowed.splice(0));
}

function liesIn(value: EngineValue, workspaces: readonly Borrowed[]): boolean {
  for (let i = 0; i < workspaces.length; i++) {
    const { base, end } = workspaces[i]!.workspace;
    if (value.address >= base && value.address < end) return true;
  }
  return false;
}
