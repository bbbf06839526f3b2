/** `tf.train.Checkpoint`: saves and restores objects of a program, with the variables in them. Source: checkpoint/checkpoint.py. */
import { dirname } from "node:path";
import { childrenOf, isTrackable, trackableChildren } from "../../build/trackable/children.ts";
import { objectGraphKey, objectGraphOf } from "../../build/trackable/object_graph.ts";
import { childAdded, Restoration } from "../../build/trackable/restore.ts";
import { Variable } from "../../build/variables/variable.ts";
import { int64, string } from "../../core/dtype.ts";
import { OpError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { defaultSession, type SessionLike } from "../../graph/scopes.ts";
import { BundleWriter } from "../../io/checkpoint/bundle_writer.ts";
import { openCheckpoint, type TensorReader } from "../../io/checkpoint/open.ts";
import { constant } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { decode, encode, pb } from "../../proto/messages.ts";
import { updateCheckpointState } from "../checkpoint_state.ts";
import type { CheckpointOptions } from "./options.ts";
import {
  CheckpointLoadStatus,
  InitializationOnlyStatus,
  type LoadStatus,
  NameBasedSaverStatus,
  noCheckpoint,
} from "./status.ts";

export interface SaveOptions {
  /** Where variables of a graph are read: the default session by default. */
  readonly session?: SessionLike | null | undefined;
  readonly options?: CheckpointOptions | null | undefined;
}
const saveOrder = ["session", "options"] as const;

const counterName = "save_counter";
const counters = new WeakMap<object, Variable>();

/**
 * Objects by name, and what lies in them: variables, optimizers, layers, lists, records, and objects of one's own that hold such.
 * A part that is added later (`checkpoint.model = …`) gets its values from the last restore. Throws ValueError for what holds nothing.
 */
export class Checkpoint {
  [name: string]: unknown;

  constructor(objects: Readonly<Record<string, unknown>> = {}) {
    for (const [name, object] of Object.entries(objects).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!isTrackable(object)) {
        throw new ValueError(
          `\`Checkpoint\` was expecting a trackable object (an object derived from \`Trackable\`), got ${String(object)}. If you believe this object should be trackable (i.e. it is part of the TensorFlow Python API and manages state), please open an issue.`,
        );
      }
      this[name] = object;
    }
    // biome-ignore lint/correctness/noConstructorReturn: parts that are added later are noticed
    return new Proxy(this, {
      set(target, name, value, self) {
        const isSet = Reflect.set(target, name, value, target);
        if (typeof name === "string" && isTrackable(value)) childAdded(self, name, value);
        return isSet;
      },
    });
  }

  *[trackableChildren](): Generator<[string, object]> {
    for (const [name, child] of Object.entries(this)) if (isTrackable(child)) yield [name, child];
    const counter = counters.get(this);
    if (counter) yield [counterName, counter];
  }

  /** How often it was saved: an int64 variable. */
  get saveCounter(): Variable {
    let counter = counters.get(this);
    if (!counter) {
      const initial = (): ReturnType<typeof constant> => constant(0, { dtype: int64 });
      counter = new Variable(initial, { name: counterName, dtype: int64, trainable: false, collections: [] });
      counters.set(this, counter);
      childAdded(this, counterName, counter);
    }
    return counter;
  }

  /** Writes the checkpoint `<prefix>-<number>` and names it in the folder's state file; its path. Variables of a graph are read in the session. */
  async save(filePrefix: string, ...rest: Rest<SaveOptions, typeof saveOrder>): Promise<string> {
    const given: SaveOptions = byName(rest, saveOrder);
    const session = given.session ?? defaultSession();
    const { saveCounter } = this;
    let count: number;
    if (getDefaultGraph().isEager) {
      saveCounter.assignAdd(1);
      count = Number(saveCounter.numpy().item());
    } else {
      const before = await valueIn(saveCounter, session).catch((error: unknown) => {
        if (error instanceof OpError && error.code === "FAILED_PRECONDITION") return null;
        throw error;
      });
      count = Number(before?.item() ?? 0) + 1;
      await saveCounter.load(count, session);
    }
    const path = await writeObjects(this, `${filePrefix}-${count}`, session);
    updateCheckpointState(dirname(path), path, { allModelCheckpointPaths: [path], saveRelativePaths: true });
    await given.options?.written(path);
    return path;
  }

  /** Writes a checkpoint under this very path, and changes nothing else. */
  async write(filePrefix: string, ...rest: Rest<SaveOptions, typeof saveOrder>): Promise<string> {
    const { session, options }: SaveOptions = byName(rest, saveOrder);
    const path = await writeObjects(this, filePrefix, session ?? undefined);
    await options?.written(path);
    return path;
  }

  /** As `read`, and goes on counting where the checkpoint was. Without a path nothing is restored. */
  async restore(savePath: string | null, _options: CheckpointOptions | null = null): Promise<LoadStatus> {
    const status = await this.read(savePath);
    if (savePath !== null) void this.saveCounter;
    return status;
  }

  /** Gives the checkpoint's values to the objects of the same names. NOT_FOUND without a checkpoint, ValueError for another shape. */
  read(savePath: string | null, _options: CheckpointOptions | null = null): Promise<LoadStatus> {
    return savePath === null ? Promise.resolve(new InitializationOnlyStatus(this)) : readObjects(this, savePath);
  }
}

/** Writes the variables below `root` and the graph of its objects as a checkpoint at this very path. */
export async function writeObjects(root: object, filePrefix: string, session?: SessionLike): Promise<string> {
  const { proto, variables } = objectGraphOf(root);
  const writer = new BundleWriter(filePrefix);
  try {
    for (const [key, variable] of variables) await writer.add(key, await valueIn(variable, session));
    const bytes = encode(pb.TrackableObjectGraph, proto);
    await writer.add(objectGraphKey, new NdArray(string, [], [bytes]));
    await writer.finish();
  } catch (error) {
    writer.abort();
    throw error;
  }
  return filePrefix;
}

/** Gives a checkpoint's values to the objects below `root` that have the same names. Throws NOT_FOUND without a checkpoint, ValueError for another shape. */
export async function readObjects(root: object, savePath: string): Promise<LoadStatus> {
  const reader = opened(savePath);
  try {
    if (!reader.has(objectGraphKey)) return await restoreByName(root, reader);
    const [bytes] = (await reader.read(objectGraphKey)).data as readonly Uint8Array[];
    const proto = decode(pb.TrackableObjectGraph, bytes!, savePath);
    const values = new Map<string, NdArray>();
    for (const node of proto.nodes ?? []) {
      for (const { checkpointKey } of node.attributes ?? [])
        if (checkpointKey && reader.has(checkpointKey)) values.set(checkpointKey, await reader.read(checkpointKey));
    }
    const restoration = new Restoration(proto, values);
    restoration.bind(root, 0);
    return new CheckpointLoadStatus(restoration, root);
  } finally {
    reader.close();
  }
}

function opened(path: string): TensorReader {
  try {
    return openCheckpoint(path).reader;
  } catch (error) {
    if (error instanceof OpError && error.code === "NOT_FOUND") throw noCheckpoint(path);
    throw error;
  }
}

async function valueIn(variable: Variable, session?: SessionLike): Promise<NdArray> {
  if (variable.graph.isEager) return variable.numpy();
  const target = session ?? defaultSession();
  if (!target) throw new ValueError("a checkpoint of variables of a graph needs a session");
  return (await target.run(variable.asGraphElement())) as NdArray;
}

async function restoreByName(root: object, reader: TensorReader): Promise<NameBasedSaverStatus> {
  const found = new Set<object>([root]);
  for (const object of found) for (const [, child] of childrenOf(object)) found.add(child);
  const variables = [...found].filter((each) => each instanceof Variable);
  const named = variables.filter((variable) => reader.has(variable.op.name));
  const attribute = ({ op }: Variable) => ({ name: "VARIABLE_VALUE", fullName: op.name, checkpointKey: op.name });
  const values = new Map<string, NdArray>();
  for (const { op } of named) values.set(op.name, await reader.read(op.name));
  const restoration = new Restoration({ nodes: named.map((each) => ({ attributes: [attribute(each)] })) }, values);
  for (const [i, variable] of named.entries()) restoration.bind(variable, i);
  return new NameBasedSaverStatus(
    restoration,
    variables.filter((variable) => !reader.has(variable.op.name)),
  );
}
