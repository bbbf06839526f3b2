/** Hooks of training with trees: what runs at the start, and when there are enough trees. Source: canned/boosted_trees.py. */

import type { NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Session } from "../../../session/session.ts";
import {
  SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from "../../monitored/hooks/session_run_hook.ts";
import type { Hyperparameters } from "./hyperparameters.ts";

/** Runs the grower's own operation once. */
export class GrowerInitializationHook extends SessionRunHook {
  readonly #initOp: Operation;

  constructor(initOp: Operation) {
    super();
    this.#initOp = initOp;
  }

  override afterCreateSession(session: Session): Promise<unknown> {
    return session.run(this.#initOp);
  }
}

/** Stops when all trees are finished, or after twice as many layers were tried as they should have. */
export class StopAtAttemptsHook extends SessionRunHook {
  readonly #watched: readonly [Tensor, Tensor];
  readonly #trees: number;
  readonly #layers: number;

  constructor(finalizedTrees: Tensor, attemptedLayers: Tensor, { nTrees, maxDepth }: Hyperparameters) {
    super();
    this.#watched = [finalizedTrees, attemptedLayers];
    this.#trees = nTrees;
    this.#layers = 2 * nTrees * maxDepth;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#watched);
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    let [trees, layers] = (results as readonly NdArray[]).map((each) => Number(each.item())) as [number, number];
    if (trees < this.#trees - 1 && layers <= this.#layers - 1) return;
    // This run saw the numbers before the trees grew.
    const now = (await context.session.run([...this.#watched])) as readonly NdArray[];
    [trees, layers] = now.map((each) => Number(each.item())) as [number, number];
    if (trees >= this.#trees || layers > this.#layers) context.requestStop();
  }
}
