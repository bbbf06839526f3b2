/** What a run remembers beside its variables: made into a checkpoint's state, and back. */

import type { NdArray } from "../../../core/nd_array.ts";
import { version } from "../../../core/version.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Session } from "../../../session/session.ts";
import type { BatchSource } from "../../model.ts";
import { type KeptInputs, keepInputs } from "../input/kept_inputs.ts";
import { type BestValue, type InputFile, type RunState, seedsOf } from "./run_state.ts";

/** A run at a step boundary. */
export interface RunMemory {
  readonly state: RunState;
  /** Components of queues and local variables, for the file beside the state. */
  readonly arrays: readonly NdArray[];
}

export interface Moment {
  readonly step: number;
  readonly examples: number;
  readonly secondsTrained: number;
  readonly best: BestValue | null;
  readonly earlyBest: BestValue | null;
  readonly patienceLeft: number | null;
  readonly runners: readonly string[];
  readonly inputs: readonly InputFile[];
}

interface Owner {
  readonly sess: Session;
  readonly graph: Graph;
  readonly batches: BatchSource | undefined;
  readonly seed: number;
  readonly threads: number;
}

/** Makes memories of one run; what does not change is found once. */
export class MemoryMaker {
  readonly #owner: Owner;
  readonly #seeds: RunState["op_seeds"];

  constructor(owner: Owner) {
    this.#owner = owner;
    this.#seeds = seedsOf(owner.graph);
  }

  at(moment: Moment): RunMemory {
    const { sess, batches, seed, threads } = this.#owner;
    const data = batches?.state() ?? null;
    const { epoch = null, batch = null, shuffle_seed = null } = (data ?? {}) as Partial<Record<string, number>>;
    const held: KeptInputs = keepInputs(sess);
    const state: RunState = {
      version: 1,
      tsflow_version: version,
      step: moment.step,
      engine: sess.state.engine.name,
      threads,
      graph_seed: seed,
      op_seeds: this.#seeds,
      randoms: Object.fromEntries([...sess.state.randomStates()].map(([name, words]) => [name, [...words]])),
      data,
      epoch,
      position: batch,
      shuffle_seed,
      inputs: moment.inputs,
      runners: moment.runners,
      kept: held.kept,
      locals: held.locals,
      purge_step: moment.step + 1,
      examples_seen: moment.examples,
      seconds_trained: moment.secondsTrained,
      best: moment.best,
      early_best: moment.earlyBest,
      patience_left: moment.patienceLeft,
    };
    return { state, arrays: held.arrays };
  }
}
