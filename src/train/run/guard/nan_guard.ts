/** What happens after a step whose loss, or whose variables, are not finite: `--on_nan stop`, `skip`, `rollback`. */
import { basename } from "node:path";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Session } from "../../../session/session.ts";
import type { BuiltModel, Feed } from "../../model.ts";
import type { RunCheckpoints } from "../checkpoints.ts";
import type { InputLanes } from "../input/lanes.ts";
import type { TrainOptions } from "../options.ts";
import { isDue } from "../schedule.ts";
import type { Boundary } from "../state/boundary.ts";
import { firstBadOp } from "./first_bad.ts";

/** A run that explodes again and again ends: from one checkpoint, or step after step. */
const maxRollbacks = 10;
const maxSkips = 100;

export interface GuardedRun {
  readonly options: TrainOptions;
  readonly sess: Session;
  readonly model: BuiltModel;
  readonly checkpoints: RunCheckpoints;
  readonly boundary: Boundary;
  readonly lanes: InputLanes;
  readonly globalStep: Tensor;
  readonly warn: (message: string) => void;
}

export interface BadStep {
  readonly step: number;
  /** The last good step. */
  readonly before: number;
  readonly what: string;
  readonly feed: Feed | undefined;
}

export class NanGuard {
  readonly #run: GuardedRun;
  #rollbacks = 0;
  #skips = 0;

  constructor(run: GuardedRun) {
    this.#run = run;
  }

  /** What is not finite after this step: the loss, or now and then a variable; where a step is to be undone, each time. */
  look(step: number, loss: number): string | null {
    const { checkNumericsEvery, allowNan, onNan, checkNumerics } = this.#run.options;
    if (!Number.isFinite(loss)) return `loss became ${loss}`;
    const looksAtVariables = isDue(step, checkNumericsEvery) || onNan === "skip" || checkNumerics;
    const name = looksAtVariables && !allowNan ? this.#run.checkpoints.nonFinite() : null;
    if (name !== null) return `variable ${name} is not finite`;
    this.#skips = 0;
    return null;
  }

  /** Undoes the step, or goes back to the newest good checkpoint: the step from which training goes on. Throws INVALID_ARGUMENT, exit 5, else. */
  async handle({ step, before, what, feed }: BadStep): Promise<number> {
    const { options, sess, model, checkpoints, boundary, globalStep, warn } = this.#run;
    await checkpoints.settle();
    const { last } = checkpoints;
    if (options.onNan === "skip" && boundary.at(before) && ++this.#skips <= maxSkips) {
      boundary.goBack();
      warn(`${what} at step ${step}: its update is undone, training goes on with the data that comes next`);
      return before;
    }
    if (options.onNan === "rollback" && last && ++this.#rollbacks <= maxRollbacks) {
      await checkpoints.restore(last.prefix);
      warn(`${what} at step ${step}; going on from ${basename(last.prefix)} with the data that comes next`);
      return Number(await sess.run(globalStep));
    }
    const { learningRate: rate } = model;
    const smaller =
      typeof rate === "number" ? `--learning_rate ${rate / 5} (now ${rate})` : "a smaller --learning_rate";
    const hint = `Try ${smaller} or tf.clip_by_value before tf.log; find it with --check_numerics`;
    throw await checkpoints.refuse(step, what, { hint, cause: () => this.#causeOf(before, feed) });
  }

  /** Runs the bad step again, where its boundary was kept and its input does not come from queues. */
  async #causeOf(before: number, feed: Feed | undefined): Promise<string | null> {
    const { sess, model, boundary, lanes } = this.#run;
    const memory = lanes.isEmpty ? boundary.at(before) : null;
    if (!memory) return null;
    boundary.goBack();
    sess.state.restoreRandoms(memory.state.randoms);
    return firstBadOp(sess, model.loss, feed);
  }
}
