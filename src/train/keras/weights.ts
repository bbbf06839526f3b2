/** A model's variables as a checkpoint of objects, which Keras and tf.train.Checkpoint read. Source: tf_keras/src/engine/training.py, save_weights. */
import { basename, dirname } from "node:path";
import type { Layer } from "../../build/keras/layers/layer.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { updateCheckpointState } from "../checkpoint_state.ts";
import { readObjects, writeObjects } from "../trackable/checkpoint.ts";
import type { LoadStatus } from "../trackable/status.ts";
import { getSession } from "./backend.ts";

/** Writes the model's variables, and the optimizer's, in the session of Keras; names the checkpoint in its folder's state file. */
export async function saveWeights(model: Layer, path: string): Promise<void> {
  await writeObjects(model, path, sessionOrNone());
  const folder = dirname(path);
  updateCheckpointState(folder, path, { allModelCheckpointPaths: [path], saveRelativePaths: basename(path) !== path });
}

/** Throws NOT_FOUND without a checkpoint, AssertionError when it holds nothing of the model, ValueError for another shape. */
export async function loadWeights(model: Layer, path: string): Promise<LoadStatus> {
  const status = await readObjects(model, path);
  status.assertNontrivialMatch();
  await status.runRestoreOps(sessionOrNone());
  return status;
}

/** Where ops run at once there is no session. */
const sessionOrNone = () => (getDefaultGraph().isEager ? undefined : getSession());
