/** Opens sessions whose variables have values: restored, initialized, or waited for. Source: tensorflow/python/training/session_manager.py. */
import { DeadlineExceededError, FailedPreconditionError, RuntimeError, ValueError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import * as logging from "../../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { FeedDict } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { Session, type SessionConfig } from "../../session/session.ts";
import { getCheckpointState } from "../checkpoint_state.ts";
import type { Saver } from "../saver.ts";

export interface SessionManagerOptions {
  readonly localInitOp?: Operation | null | undefined;
  readonly localInitFeedDict?: FeedDict | null | undefined;
  /** A string vector, empty once the model may be used. */
  readonly readyOp?: Tensor | null | undefined;
  readonly readyForLocalInitOp?: Tensor | null | undefined;
  readonly graph?: Graph | undefined;
  /** Between two looks; 30 by default. */
  readonly recoveryWaitSecs?: number | undefined;
}

export interface RecoverOptions {
  readonly saver?: Saver | null | undefined;
  /** The newest checkpoint of this folder. */
  readonly checkpointDir?: string | null | undefined;
  readonly checkpointFilenameWithPath?: string | null | undefined;
  readonly waitForCheckpoint?: boolean | undefined;
  readonly maxWaitSecs?: number | null | undefined;
  readonly config?: SessionConfig | null | undefined;
}

export interface PrepareOptions extends RecoverOptions {
  readonly initOp?: Operation | null | undefined;
  readonly initFeedDict?: FeedDict | null | undefined;
  readonly initFn?: ((session: Session) => unknown) | null | undefined;
}

const feeding = (feedDict: FeedDict | null | undefined) => (feedDict ? { feedDict } : {});
const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Makes sessions: restored from a checkpoint, or initialized, or waited for. */
export class SessionManager {
  readonly #options: SessionManagerOptions;
  readonly #graph: Graph;
  readonly #waitSecs: number;

  constructor(options: SessionManagerOptions = {}) {
    this.#options = options;
    this.#graph = options.graph ?? getDefaultGraph();
    this.#waitSecs = options.recoveryWaitSecs ?? 30;
    if (options.readyForLocalInitOp && !options.localInitOp) {
      throw new ValueError(
        `If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op [${options.readyForLocalInitOp}]`,
      );
    }
  }

  #open(master: string, config: SessionConfig | null | undefined): Session {
    return new Session({ target: master, graph: this.#graph, ...(config ? { config } : {}) });
  }

  /** A session, and whether its variables came from a checkpoint. */
  async #restored(master: string, options: RecoverOptions): Promise<[Session, boolean]> {
    const { saver, checkpointDir, checkpointFilenameWithPath: path, waitForCheckpoint, maxWaitSecs } = options;
    const sess = this.#open(master, options.config);
    if (checkpointDir && path) {
      throw new ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.");
    }
    if (!saver || !(checkpointDir || path)) return [sess, false];
    if (path) {
      await saver.restore(sess, path);
      return [sess, true];
    }
    for (let waited = 0; ; waited += this.#waitSecs) {
      const state = getCheckpointState(checkpointDir!);
      if (state?.modelCheckpointPath) {
        await saver.restore(sess, state.modelCheckpointPath);
        saver.recoverLastCheckpoints(state.allModelCheckpointPaths);
        return [sess, true];
      }
      if (!waitForCheckpoint || waited >= (maxWaitSecs ?? 7200)) return [sess, false];
      logging.info("Waiting for checkpoint to be available.");
      await sleep(this.#waitSecs);
    }
  }

  /** Restores where there is a checkpoint, initializes otherwise. Throws RuntimeError when the model is not ready after that. */
  async prepareSession(master = "", options: PrepareOptions = {}): Promise<Session> {
    const { initOp, initFn, initFeedDict } = options;
    const { localInitOp } = this.#options;
    const [sess, isRestored] = await this.#restored(master, options);
    if (!isRestored) {
      if (!initOp && !initFn && !localInitOp) {
        throw new RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given");
      }
      if (initOp) await sess.run(initOp, feeding(initFeedDict));
      await initFn?.(sess);
    }
    const about = `Init op: ${initOp?.name ?? "None"}, init fn: ${initFn ? String(initFn.name) : "None"}`;
    const notLocal = await this.#initializeLocal(sess);
    if (notLocal !== null) {
      throw new RuntimeError(`Init operations did not make model ready for local_init.  ${about}, error: ${notLocal}`);
    }
    const notReady = await whyNotReady(this.#options.readyOp, sess, "Model not ready");
    if (notReady !== null) {
      const local = localInitOp?.name ?? "None";
      throw new RuntimeError(
        `Init operations did not make model ready.  ${about}, local_init_op: ${local}, error: ${notReady}`,
      );
    }
    return sess;
  }

  /** A session, and whether a checkpoint made the model ready. */
  async recoverSession(master = "", options: RecoverOptions = {}): Promise<[Session, boolean]> {
    const [sess, isRestored] = await this.#restored(master, options);
    const notLocal = await this.#initializeLocal(sess);
    if (!isRestored) return [sess, false];
    const from = options.checkpointDir ?? options.checkpointFilenameWithPath;
    if (notLocal !== null) {
      logging.info("Restoring model from %s did not make model ready for local init: %s", from, notLocal);
      return [sess, false];
    }
    const notReady = await whyNotReady(this.#options.readyOp, sess, "Model not ready");
    if (notReady !== null) {
      logging.info("Restoring model from %s did not make model ready: %s", from, notReady);
      return [sess, false];
    }
    logging.info("Restored model from %s", from);
    return [sess, true];
  }

  /** A session as soon as somebody else has made the model ready. Throws DEADLINE_EXCEEDED. */
  async waitForSession(
    master = "",
    options: { readonly config?: SessionConfig | null; readonly maxWaitSecs?: number | null } = {},
  ): Promise<Session> {
    const maxWaitSecs = options.maxWaitSecs ?? Number.POSITIVE_INFINITY;
    const until = nowSeconds() + maxWaitSecs;
    for (;;) {
      const sess = this.#open(master, options.config);
      const notLocal = await this.#initializeLocal(sess);
      const notReady = notLocal === null ? await whyNotReady(this.#options.readyOp, sess, "Model not ready") : null;
      if (notLocal === null && notReady === null) return sess;
      sess.close();
      if (until - nowSeconds() < this.#waitSecs) {
        throw new DeadlineExceededError(`Session was not ready after waiting ${maxWaitSecs} secs.`);
      }
      logging.info("Waiting for model to be ready.  Ready_for_local_init_op:  %s, ready: %s", notLocal, notReady);
      await sleep(this.#waitSecs);
    }
  }

  /** Why the local variables could not be initialized; null when they are. */
  async #initializeLocal(sess: Session): Promise<string | null> {
    const { localInitOp, localInitFeedDict, readyForLocalInitOp } = this.#options;
    if (!localInitOp) return null;
    const why = await whyNotReady(readyForLocalInitOp, sess, "Model not ready for local init");
    if (why !== null) return why;
    logging.info("Running local_init_op.");
    await sess.run(localInitOp, feeding(localInitFeedDict));
    logging.info("Done running local_init_op.");
    return null;
  }
}

/** The names that a ready operation gives; null when there are none. */
export async function whyNotReady(op: Tensor | null | undefined, sess: Session, about: string): Promise<string | null> {
  if (!op) return null;
  try {
    const value = await sess.run(op);
    if (value.dtype.base === "int32" || value.size === 0) return null;
    const names = (value.data as readonly Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));
    return `Variables not initialized: ${names.join(", ")}`;
  } catch (error) {
    if (!(error instanceof FailedPreconditionError)) throw error;
    if (!error.message.includes("uninitialized")) {
      logging.warn("%s : error [%s]", about, error.message);
      throw error;
    }
    return error.message;
  }
}
