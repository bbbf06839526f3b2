/** What is done where a checkpoint lacks a name: it may be one of objects, which has other keys. Source: saver.py, saver_from_object_based_checkpoint. */
import { objectGraphKey } from "../../build/trackable/object_graph.ts";
import { NotFoundError, type OpError, opError } from "../../core/error.ts";
import { openCheckpoint } from "../../io/checkpoint/open.ts";
import { decode, pb } from "../../proto/messages.ts";

/** The keys in an object-based checkpoint by the names that the variables had; null for another checkpoint. */
export async function keysByName(path: string): Promise<ReadonlyMap<string, string> | null> {
  const { reader } = openCheckpoint(path);
  try {
    if (!reader.has(objectGraphKey)) return null;
    const [bytes] = (await reader.read(objectGraphKey)).data as readonly Uint8Array[];
    const { nodes } = decode(pb.TrackableObjectGraph, bytes!, path);
    const attributes = (nodes ?? []).flatMap((node) => node.attributes ?? []);
    return new Map(attributes.map(({ fullName, checkpointKey }) => [fullName ?? "", checkpointKey ?? ""]));
  } finally {
    reader.close();
  }
}

/** Throws NOT_FOUND when the checkpoint lacks one of the names. */
export function checkNames(names: readonly string[], keys: ReadonlyMap<string, string>): void {
  const current = new Set(names);
  const missing = [...current].filter((name) => !keys.has(name)).sort();
  if (missing.length === 0) return;
  const extra = [...keys.keys()].filter((name) => !current.has(name)).sort();
  throw new NotFoundError(
    `\n\nExisting variables not in the checkpoint: ${missing.join(", ")}\n\nVariables names when this checkpoint was written which don't exist now: ${extra.join(", ")}\n\n(${current.size - missing.length} variable name(s) did match)\n\nCould not find some variables in the checkpoint (see names above). Saver was attempting to load an object-based checkpoint (saved using tf.train.Checkpoint or tf.keras.Model.save_weights) using variable names. If the checkpoint was written with eager execution enabled, it's possible that variable names have changed (for example missing a '_1' suffix). It's also possible that there are new variables which did not exist when the checkpoint was written. You can construct a Saver(var_list=...) with only the variables which previously existed, and if variable names have changed you may need to make this a dictionary with the old names as keys.`,
  );
}

/** The error of a restore with its likely cause before it. */
export function explained(error: OpError, cause: string): OpError {
  const wrapped = opError(
    error.code,
    `Restoring from checkpoint failed. This is most likely due to ${cause} from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint. Original error:\n\n${error.message}`,
    { cause: error },
  );
  wrapped.op = error.op;
  wrapped.madeAt = error.madeAt;
  return wrapped;
}
