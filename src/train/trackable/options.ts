/** `tf.train.CheckpointOptions`. Source: tensorflow/python/checkpoint/checkpoint_options.py. */
import { ValueError } from "../../core/error.ts";
import { byName, type Rest } from "../../ops/options.ts";

type WriteCallback = (() => unknown) | ((path: string) => unknown);

interface Fields {
  /** Taken and not looked at: there is one machine. */
  readonly experimentalIoDevice?: string | null | undefined;
  readonly experimentalEnableAsyncCheckpoint?: boolean | undefined;
  /** Called one after the other when a checkpoint is written, with its path where they take an argument. */
  readonly experimentalWriteCallbacks?: readonly WriteCallback[] | null | undefined;
  /** Taken and not looked at: who saves awaits the end. */
  readonly enableAsync?: boolean | undefined;
}

const order = [
  "experimentalIoDevice",
  "experimentalEnableAsyncCheckpoint",
  "experimentalWriteCallbacks",
  "enableAsync",
] as const;

/** How a checkpoint of objects is written and read. */
export class CheckpointOptions {
  readonly experimentalIoDevice: string | null;
  readonly experimentalWriteCallbacks: readonly WriteCallback[] | null;
  readonly enableAsync: boolean;

  /** Throws ValueError for a callback of several arguments. */
  constructor(...rest: Rest<Fields, typeof order>) {
    const given: Fields = byName(rest, order);
    this.experimentalIoDevice = given.experimentalIoDevice ?? null;
    this.experimentalWriteCallbacks = given.experimentalWriteCallbacks ?? null;
    this.enableAsync = given.enableAsync ?? given.experimentalEnableAsyncCheckpoint ?? false;
    if (this.experimentalWriteCallbacks?.some((callback) => callback.length > 1))
      throw new ValueError("Each write callback must take no argument or the path of the checkpoint");
  }

  /** Calls the callbacks after a checkpoint was written. */
  async written(path: string): Promise<void> {
    for (const callback of this.experimentalWriteCallbacks ?? []) await callback(path);
  }
}
