/** `tf.contrib.summary`: writers of event files, which one is the default, and when summaries are written. Source: summary_ops_v2.py. */
import { int64 } from "../../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import { warning } from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { around, defaultSession, type SessionLike } from "../../../graph/scopes.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  closeSummaryWriterOp,
  constant,
  createSummaryFileWriterOp,
  equal,
  flushSummaryWriterOp,
  getStaticValue,
  logicalAnd,
  noOp,
  summaryWriterOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { getCollection } from "../../collections.ts";
import { getOrCreateGlobalStep } from "../../global_step.ts";

const initCollection = "_SUMMARY_WRITER_V2";
export const summaryCollection = "_SUMMARY_V2";

/** A bool, a tensor, or a function that says it when it is asked; null: nothing was said. */
type Condition = boolean | Tensor | (() => boolean | Tensor) | null;

const state: { writer: SummaryWriter | null; isRecording: Condition } = { writer: null, isRecording: null };

export const defaultWriter = (): SummaryWriter | null => state.writer;

const onCpu = <R>(fn: () => R): R => getDefaultGraph().device("cpu:0", fn);

/** Writes summaries where it is the default; one of one's own extends this. */
export abstract class SummaryWriter {
  /** The handle that operations write to. */
  abstract readonly resource: Tensor | null;
  abstract init(): Operation | undefined;
  abstract flush(): Operation | undefined;
  abstract close(): Operation | undefined;

  setAsDefault(): void {
    state.writer = this;
  }

  /** `fn` with this writer as the default, which is flushed afterwards. */
  asDefault<R>(fn: () => R): R {
    const before = state.writer;
    state.writer = this;
    return around(fn, () => {
      state.writer?.flush();
      state.writer = before;
    });
  }
}

class FileSummaryWriter extends SummaryWriter {
  readonly resource: Tensor;
  readonly #init: () => Operation;

  constructor(resource: Tensor, init: () => Operation) {
    super();
    this.resource = resource;
    this.#init = init;
    const op = this.init();
    if (!getDefaultGraph().isEager) getDefaultGraph().addToCollection(initCollection, op);
  }

  override init(): Operation {
    return this.#init();
  }

  override flush(): Operation {
    return onCpu(() => flushSummaryWriterOp({ writer: this.resource }));
  }

  override close(): Operation {
    const flushed = this.flush();
    return getDefaultGraph().controlDependencies(flushed ? [flushed] : [], () =>
      onCpu(() => closeSummaryWriterOp({ writer: this.resource })),
    );
  }
}

/** A writer without a folder: nothing is written, and the default stays what it is. */
class NoSummaryWriter extends SummaryWriter {
  readonly resource = null;

  override setAsDefault(): void {}

  override asDefault<R>(fn: () => R): R {
    return fn();
  }

  override init(): undefined {}
  override flush(): undefined {}
  override close(): undefined {}
}

interface WriterOptions {
  /** How many summaries wait at most; 10 by default. */
  readonly maxQueue?: TensorLike | null | undefined;
  /** 120000 by default. */
  readonly flushMillis?: TensorLike | null | undefined;
  /** ".v2" by default. */
  readonly filenameSuffix?: TensorLike | null | undefined;
  /** Writers of one name share their file; named by the folder by default. */
  readonly name?: string | null | undefined;
}

const writerPlaces = ["maxQueue", "flushMillis", "filenameSuffix", "name"] as const;
type WriterRest = Rest<WriterOptions, typeof writerPlaces>;

/** A writer of an event file in a folder; null: one that writes nothing. In a graph its file is opened by `initialize`. */
export function createFileWriter(logdir: string | null, ...rest: WriterRest): SummaryWriter {
  const options = byName<WriterOptions>(rest, writerPlaces);
  if (logdir === null) return new NoSummaryWriter();
  return onCpu(() => {
    const max_queue = options.maxQueue ?? constant(10);
    const flush_millis = options.flushMillis ?? constant(120_000);
    const filename_suffix = options.filenameSuffix ?? constant(".v2");
    const writer = summaryWriterOp({ shared_name: options.name ?? `logdir:${logdir}` });
    return new FileSummaryWriter(writer, () =>
      createSummaryFileWriterOp({ writer, logdir, max_queue, flush_millis, filename_suffix }),
    );
  });
}

/** The old name of createFileWriter. */
export function createSummaryFileWriter(logdir: string | null, ...rest: WriterRest): SummaryWriter {
  warning("Deprecation Warning: create_summary_file_writer was renamed to create_file_writer");
  return createFileWriter(logdir, ...rest);
}

/** Operations that open the files of all writers of the graph. Throws RuntimeError in eager execution. */
export function summaryWriterInitializerOp(): Operation[] {
  if (getDefaultGraph().isEager) {
    throw new RuntimeError("tf.contrib.summary.summary_writer_initializer_op is only supported in graph mode.");
  }
  return getCollection<Operation>(initCollection);
}

/** A session for `initialize`: the given one, or the default one. */
export function sessionFor(given: SessionLike | null | undefined): SessionLike {
  if (state.writer === null) throw new RuntimeError("No default tf.contrib.summary.SummaryWriter found");
  const session = given ?? defaultSession();
  if (!session) throw new ValueError("Argument `session must be passed if no default session exists");
  return session;
}

function recording<R>(condition: Condition, fn: () => R): R {
  const before = state.isRecording;
  state.isRecording = condition;
  return around(fn, () => {
    state.isRecording = before;
  });
}

/** Summaries made in fn are written always. */
export const alwaysRecordSummaries = <R>(fn: () => R): R => recording(true, fn);

/** Summaries made in fn are never written. */
export const neverRecordSummaries = <R>(fn: () => R): R => recording(false, fn);

/** Summaries made in fn are written when n divides the global step. */
export function recordSummariesEveryNGlobalSteps<R>(n: number, fn: () => R, globalStep?: TensorLike | null): R {
  const step = convertToTensor(globalStep ?? getOrCreateGlobalStep());
  const should = (): Tensor => onCpu(() => equal(step.mod(n), 0));
  return recording(getDefaultGraph().isEager ? should : should(), fn);
}

/** A bool: would a summary be written? Never without a default writer, and not before it is said that they are. */
export function shouldRecordSummaries(): Tensor {
  const { writer, isRecording } = state;
  if (writer === null) return constant(false);
  if (isRecording === false) return constant(false);
  const condition = typeof isRecording === "function" ? isRecording() : isRecording;
  const known = condition !== null && typeof condition !== "boolean" ? getStaticValue(condition) : null;
  if (known && !known.item() && typeof isRecording !== "function") return constant(false);
  return logicalAnd(true, condition ?? false);
}

/** The step that summaries are of, int64. Throws ValueError for more than one number. */
export function stepOf(step: TensorLike | null | undefined): TensorLike {
  if (step === null || step === undefined) return getOrCreateGlobalStep();
  const given = convertToTensor(step, { dtype: int64 });
  const count = given.shape?.every((dim) => dim !== null) ? given.shape.reduce<number>((n, dim) => n * dim!, 1) : null;
  if (count !== 1) {
    throw new ValueError(`Argument \`step\` must be a scalar. Received step with shape ${given.getShape()}.`);
  }
  return given;
}

/** Writes what waits, of the default writer or the given one. Throws ValueError for what is none. */
export function flush(writer: SummaryWriter | Tensor | null = null, name?: string): Operation | undefined {
  const chosen = writer ?? state.writer;
  if (chosen === null) return noOp();
  if (chosen instanceof SummaryWriter) return chosen.flush();
  return onCpu(() => flushSummaryWriterOp({ writer: chosen }, name));
}

/** `folder/eval`, or `folder/eval_name`. */
export const evalDir = (modelDir: string, name?: string | null): string =>
  `${modelDir}${modelDir.endsWith("/") ? "" : "/"}${name ? `eval_${name}` : "eval"}`;
