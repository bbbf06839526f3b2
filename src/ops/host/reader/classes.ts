/** Readers in a graph: `tf.TextLineReader` and the like. Source: io_ops.py */
import { RuntimeError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { fakeQueueOp } from "../queue/ops.ts";
import {
  fixedLengthRecordReaderV2Op,
  identityReaderV2Op,
  readerNumRecordsProducedOp,
  readerNumRecordsProducedV2Op,
  readerNumWorkUnitsCompletedOp,
  readerNumWorkUnitsCompletedV2Op,
  readerReadOp,
  readerReadUpToOp,
  readerReadUpToV2Op,
  readerReadV2Op,
  readerResetOp,
  readerResetV2Op,
  readerRestoreStateOp,
  readerRestoreStateV2Op,
  readerSerializeStateOp,
  readerSerializeStateV2Op,
  textLineReaderV2Op,
  tFRecordReaderV2Op,
  wholeFileReaderV2Op,
} from "./ops.ts";

interface Named {
  readonly name?: string | undefined;
}

/** A queue of file names: its object, or its handle. */
type Work = Tensor | { readonly queueRef: Tensor };

const refOf = (queue: Work): Tensor => (queue instanceof Tensor ? queue : queue.queueRef);

export class ReaderBase {
  readonly readerRef: Tensor;
  /** May the state be serialized? */
  readonly supportsSerialize: boolean;

  constructor(readerRef: Tensor, options: { readonly supportsSerialize?: boolean } = {}) {
    if (getDefaultGraph().isEager) {
      throw new RuntimeError(
        "Readers are not supported when eager execution is enabled. Instead, please use tf.data to get data into your model.",
      );
    }
    this.readerRef = readerRef;
    this.supportsSerialize = options.supportsSerialize ?? false;
  }

  get #isResource(): boolean {
    return this.readerRef.dtype.base === "resource";
  }

  /** The next record: its key (file and place) and its value. Takes a name from the queue when a file is done. */
  read(queue: Work, options: Named = {}): { key: Tensor; value: Tensor } & Iterable<Tensor> {
    const inputs = { reader_handle: this.readerRef, queue_handle: this.#queue(queue) };
    return this.#isResource ? readerReadV2Op(inputs, options.name) : readerReadOp(inputs, options.name);
  }

  /** Up to numRecords records, fewer when a file ends. */
  readUpTo(
    queue: Work,
    numRecords: TensorLike,
    options: Named = {},
  ): { keys: Tensor; values: Tensor } & Iterable<Tensor> {
    const inputs = { reader_handle: this.readerRef, queue_handle: this.#queue(queue), num_records: numRecords };
    return this.#isResource ? readerReadUpToV2Op(inputs, options.name) : readerReadUpToOp(inputs, options.name);
  }

  #queue(queue: Work): Tensor {
    return this.#isResource ? refOf(queue) : fakeQueueOp({ resource: refOf(queue) });
  }

  numRecordsProduced(options: Named = {}): Tensor {
    const inputs = { reader_handle: this.readerRef };
    return this.#isResource
      ? readerNumRecordsProducedV2Op(inputs, options.name)
      : readerNumRecordsProducedOp(inputs, options.name);
  }

  numWorkUnitsCompleted(options: Named = {}): Tensor {
    const inputs = { reader_handle: this.readerRef };
    return this.#isResource
      ? readerNumWorkUnitsCompletedV2Op(inputs, options.name)
      : readerNumWorkUnitsCompletedOp(inputs, options.name);
  }

  serializeState(options: Named = {}): Tensor {
    const inputs = { reader_handle: this.readerRef };
    return this.#isResource
      ? readerSerializeStateV2Op(inputs, options.name)
      : readerSerializeStateOp(inputs, options.name);
  }

  restoreState(state: TensorLike, options: Named = {}): Operation {
    const inputs = { reader_handle: this.readerRef, state };
    return this.#isResource ? readerRestoreStateV2Op(inputs, options.name) : readerRestoreStateOp(inputs, options.name);
  }

  reset(options: Named = {}): Operation {
    const inputs = { reader_handle: this.readerRef };
    return this.#isResource ? readerResetV2Op(inputs, options.name) : readerResetOp(inputs, options.name);
  }
}

/** Each file is one record: its name and its bytes. */
export class WholeFileReader extends ReaderBase {
  constructor(options: Named = {}) {
    super(wholeFileReaderV2Op({}, options.name), { supportsSerialize: true });
  }
}

/** Each line is a record, without its end. */
export class TextLineReader extends ReaderBase {
  constructor(options: Named & { readonly skipHeaderLines?: number | undefined } = {}) {
    super(textLineReaderV2Op({ skip_header_lines: options.skipHeaderLines ?? 0 }, options.name));
  }
}

export interface FixedLengthOptions extends Named {
  readonly headerBytes?: number | undefined;
  readonly footerBytes?: number | undefined;
  /** From the start of one record to the next one; the record's length by default. */
  readonly hopBytes?: number | undefined;
  /** "GZIP", "ZLIB", or nothing. */
  readonly encoding?: string | undefined;
}

/** Records of one length. */
export class FixedLengthRecordReader extends ReaderBase {
  constructor(recordBytes: number, options: FixedLengthOptions = {}) {
    const { headerBytes = 0, footerBytes = 0, hopBytes = 0, encoding = "", name } = options;
    const attrs = {
      record_bytes: recordBytes,
      header_bytes: headerBytes,
      footer_bytes: footerBytes,
      hop_bytes: hopBytes,
      encoding,
    };
    super(fixedLengthRecordReaderV2Op(attrs, name));
  }
}

/** Records of TFRecord files. */
export class TFRecordReader extends ReaderBase {
  constructor(
    options: Named & { readonly options?: { readonly compressionType?: string | undefined } | undefined } = {},
  ) {
    super(tFRecordReaderV2Op({ compression_type: options.options?.compressionType ?? "" }, options.name));
  }
}

/** What comes from the queue is the record. */
export class IdentityReader extends ReaderBase {
  constructor(options: Named = {}) {
    super(identityReaderV2Op({}, options.name), { supportsSerialize: true });
  }
}
