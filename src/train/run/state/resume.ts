/** From a checkpoint to a run that goes on: variables, random numbers, data, queues; what differs from the run before is told. */
import { basename } from "node:path";
import { FailedPreconditionError } from "../../../core/error.ts";
import { nodeFiles } from "../../../io/file_system.ts";
import type { Session } from "../../../session/session.ts";
import type { BuiltModel } from "../../model.ts";
import type { RunCheckpoints } from "../checkpoints.ts";
import { queuesSuffix, readQueues, restoreInputs } from "../input/kept_inputs.ts";
import type { TrainOptions } from "../options.ts";
import { checkFit } from "../restore.ts";
import { changedInputs, type RunState, readRunState } from "./run_state.ts";

export interface Resuming {
  readonly prefix: string;
  readonly options: TrainOptions;
  readonly sess: Session;
  readonly model: BuiltModel;
  readonly checkpoints: RunCheckpoints;
  readonly warn: (message: string) => void;
  readonly note: (message: string) => void;
}

/** After the initializers have run. The state beside the checkpoint, null for one that TensorFlow wrote. */
export async function resume({
  prefix,
  options,
  sess,
  model,
  checkpoints,
  warn,
  note,
}: Resuming): Promise<RunState | null> {
  const fit = await checkFit({ checkpoint: prefix, ignoreMissing: options.ignoreMissing });
  if (fit.missing.length > 0) warn(`${basename(prefix)} lacks ${fit.missing.join(", ")}: initialized instead`);
  if (fit.unused > 0) note(`${fit.unused} of the tensors in ${basename(prefix)} belong to no variable of the model`);
  await checkpoints.restore(prefix, fit);
  const state = readRunState(prefix);
  if (!state) {
    warn(`${basename(prefix)} has no state of its own: data, queues and random numbers begin anew`);
    return null;
  }
  checkInputs(state, options, warn);
  if (state.data !== null) model.batches?.restore(state.data);
  sess.state.restoreRandoms(state.randoms);
  const queues = `${prefix}${queuesSuffix}`;
  const arrays = nodeFiles.stat(queues) ? readQueues(queues) : [];
  restoreInputs(sess, state, arrays);
  if (state.engine !== sess.state.engine.name)
    warn(
      `the run computed with engine ${state.engine}, now ${sess.state.engine.name}: values may differ in their last bits`,
    );
  else if (state.engine.startsWith("native:") && state.threads !== options.threads)
    warn(
      `the run computed with ${state.threads} threads, now ${options.threads}: with ${state.engine} values may differ in their last bits`,
    );
  return state;
}

function checkInputs(state: RunState, { strictInputs }: TrainOptions, warn: (message: string) => void): void {
  const changes = changedInputs(state.inputs ?? []);
  if (changes.length === 0) return;
  const message = `inputs changed since the checkpoint of step ${state.step}: ${changes.join(", ")}`;
  if (strictInputs)
    throw new FailedPreconditionError(message, {
      hint: "Leave out --strict_inputs to go on with the files as they are",
    });
  warn(message);
}
