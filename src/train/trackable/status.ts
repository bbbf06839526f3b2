/** What a restore tells: which objects got their values. Source: checkpoint/checkpoint.py, CheckpointLoadStatus. */

import { childrenOf } from "../../build/trackable/children.ts";
import type { Restoration } from "../../build/trackable/restore.ts";
import { Variable } from "../../build/variables/variable.ts";
import { AssertionError, NotFoundError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { defaultSession, type SessionLike } from "../../graph/scopes.ts";
import { encode, pb } from "../../proto/messages.ts";
import { printText } from "../../proto/text_format.ts";

/** The objects below a root, itself included. */
function objectsBelow(root: object): object[] {
  const found = new Set<object>([root]);
  for (const object of found) for (const [, child] of childrenOf(object)) found.add(child);
  return [...found];
}

export interface LoadStatus {
  /** Throws AssertionError unless everything in the checkpoint was matched, and everything in the program. */
  assertConsumed(): this;
  /** Throws AssertionError unless every object of the program that has a value was matched. */
  assertExistingObjectsMatched(): this;
  /** Throws AssertionError when nothing but the root was matched. */
  assertNontrivialMatch(): this;
  /** No warning of what was not restored. */
  expectPartial(): this;
  /** Sets the variables of a graph in a session; where ops run at once there is nothing left to do. */
  runRestoreOps(session?: SessionLike): Promise<void>;
  /** As runRestoreOps, and runs the initializers of variables that the checkpoint does not have. */
  initializeOrRestore(session?: SessionLike): Promise<void>;
}

async function load(restoration: Restoration, session?: SessionLike): Promise<void> {
  for (const [variable, value] of restoration.assignments.splice(0)) await variable.load(value as never, session);
}

export class CheckpointLoadStatus implements LoadStatus {
  readonly #restoration: Restoration;
  readonly #root: object;

  constructor(restoration: Restoration, root: object) {
    this.#restoration = restoration;
    this.#root = root;
  }

  assertConsumed(): this {
    this.assertExistingObjectsMatched();
    const { nodes, objects } = this.#restoration;
    for (const [id, node] of nodes.entries()) {
      if ((node.attributes ?? []).length === 0 || objects.has(id)) continue;
      const text = printText(
        "TrackableObjectGraph.TrackableObject",
        encode(pb.TrackableObjectGraph.TrackableObject, node),
      );
      throw new AssertionError(`Unresolved object in checkpoint ${this.#nameOf(id)}: ${text}`);
    }
    return this;
  }

  /** `(root).model.w`. */
  #nameOf(id: number): string {
    const { nodes } = this.#restoration;
    const names = new Map<number, string>([[0, "(root)"]]);
    for (const [at, name] of names) {
      for (const child of nodes[at]!.children ?? []) {
        const to = child.nodeId ?? 0;
        if (!names.has(to)) names.set(to, `${name}.${child.localName}`);
      }
    }
    for (const [at, node] of nodes.entries()) {
      for (const { slotVariableNodeId, slotName, originalVariableNodeId } of node.slotVariables ?? []) {
        const of = names.get(originalVariableNodeId ?? 0);
        names.set(slotVariableNodeId ?? 0, `${names.get(at)}'s state '${slotName}' for ${of}`);
      }
    }
    return names.get(id) ?? "";
  }

  assertExistingObjectsMatched(): this {
    const matched = new Set(this.#restoration.objects.values());
    const unused = objectsBelow(this.#root).filter((each) => each instanceof Variable && !matched.has(each));
    if (unused.length === 0) return this;
    const shown = unused.slice(0, 10);
    throw new AssertionError(
      `Found ${unused.length} Python objects that were not bound to checkpointed values, likely due to changes in the Python program. Showing ${shown.length} of ${unused.length} unmatched objects: [${shown.join(", ")}]`,
    );
  }

  assertNontrivialMatch(): this {
    const { objects } = this.#restoration;
    if (objects.size > 1 || childrenOf(this.#root).length === 0) return this;
    throw new AssertionError(
      `Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint does not match the Python program. The following objects have no matching checkpointed value: [${childrenOf(
        this.#root,
      )
        .map(([, child]) => String(child))
        .join(", ")}]`,
    );
  }

  expectPartial(): this {
    return this;
  }

  runRestoreOps(session?: SessionLike): Promise<void> {
    return load(this.#restoration, session);
  }

  async initializeOrRestore(session: SessionLike | undefined = defaultSession()): Promise<void> {
    const matched = new Set(this.#restoration.objects.values());
    for (const each of objectsBelow(this.#root)) {
      if (each instanceof Variable && !each.graph.isEager && !matched.has(each)) await session!.run(each.initializer);
    }
    await this.runRestoreOps(session);
  }
}

/** There is no checkpoint: nothing to restore. */
export class InitializationOnlyStatus implements LoadStatus {
  readonly #root: object;

  constructor(root: object) {
    this.#root = root;
  }

  assertConsumed(): this {
    throw new AssertionError("No checkpoint specified (save_path=None); nothing is being restored.");
  }

  assertExistingObjectsMatched(): this {
    throw new AssertionError("No checkpoint specified (save_path=None); nothing is being restored.");
  }

  assertNontrivialMatch(): this {
    throw new AssertionError("No checkpoint specified (save_path=None); nothing is being restored.");
  }

  expectPartial(): this {
    return this;
  }

  async runRestoreOps(): Promise<void> {
    throw new AssertionError(
      "No checkpoint specified, so no restore ops are available (save_path=None to Saver.restore).",
    );
  }

  async initializeOrRestore(session: SessionLike | undefined = defaultSession()): Promise<void> {
    for (const each of objectsBelow(this.#root))
      if (each instanceof Variable && !each.graph.isEager) await session!.run(each.initializer);
  }
}

/** A checkpoint of tf.train.Saver: variables are matched by their names in the graph. */
export class NameBasedSaverStatus implements LoadStatus {
  readonly #unmatched: readonly Variable[];
  readonly #restoration: Restoration;

  constructor(restoration: Restoration, unmatched: readonly Variable[]) {
    this.#restoration = restoration;
    this.#unmatched = unmatched;
    logging.warn(
      "Restoring a name-based tf.train.Saver checkpoint using the object-based restore API. This mode uses global names to match variables, and so is somewhat fragile. It also adds new restore ops to the graph each time it is called when graph building. Prefer re-encoding training checkpoints in the object-based format: run save() on the object-based saver (the same one this message is coming from) and use that checkpoint in the future.",
    );
  }

  assertConsumed(): this {
    return this.assertExistingObjectsMatched();
  }

  assertExistingObjectsMatched(): this {
    const [first] = this.#unmatched;
    if (first) throw new AssertionError(`Object not assigned a value from checkpoint: ${first}`);
    return this;
  }

  assertNontrivialMatch(): this {
    return this.assertExistingObjectsMatched();
  }

  expectPartial(): this {
    return this;
  }

  runRestoreOps(session?: SessionLike): Promise<void> {
    return load(this.#restoration, session);
  }

  initializeOrRestore(session?: SessionLike): Promise<void> {
    return this.runRestoreOps(session);
  }
}

export const noCheckpoint = (path: string): NotFoundError =>
  new NotFoundError(`Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${path}`);
