/** Datasets over files: `tf.data.TFRecordDataset` and the like. Source: readers.py */
import { string } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  fixedLengthRecordDatasetV2Op,
  flatMapDatasetOp,
  legacyParallelInterleaveDatasetV2Op,
  reshape,
  tensorSliceDatasetOp,
  textLineDatasetOp,
  tFRecordDatasetOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { Dataset } from "../dataset.ts";
import { trace } from "../function.ts";
import { type Count, count, text } from "../inputs.ts";
import { attrsOf, type Spec } from "../structure.ts";

export interface ReaderOptions {
  /** "GZIP", "ZLIB", or nothing. */
  readonly compressionType?: TensorLike | undefined;
  readonly bufferSize?: Count | undefined;
  /** Files that are read side by side; one after another otherwise. */
  readonly numParallelReads?: Count | undefined;
}

const lineBuffer = 256 * 1024;
const ownChoice = -1;
const record: Spec = { dtype: string, shape: [] };

/** One dataset of the records of all files. */
function recordsOf(
  filenames: TensorLike | Dataset,
  readOneFile: (filename: Tensor) => Dataset,
  parallel?: Count,
): Tensor {
  const files = filenames instanceof Dataset ? filenames : namesDataset(filenames);
  const read = Object.defineProperty(readOneFile, "name", { value: "read_one_file" });
  if (parallel === undefined) {
    const { fn, captured } = trace(read, files.elementSpec, "Dataset_flat_map");
    return flatMapDatasetOp({
      input_dataset: files.variantTensor,
      other_arguments: captured,
      f: fn,
      ...attrsOf(record),
    });
  }
  const { fn, captured } = trace(read, files.elementSpec, "tf_data_experimental_parallel_interleave");
  const cycle = Number(parallel);
  return legacyParallelInterleaveDatasetV2Op({
    input_dataset: files.variantTensor,
    other_arguments: captured,
    cycle_length: count(parallel, "cycle_length"),
    block_length: count(1, "block_length"),
    buffer_output_elements: count(2, "buffer_output_elements"),
    prefetch_input_elements: count(2 * cycle, "prefetch_input_elements"),
    deterministic: "true",
    f: fn,
    ...attrsOf(record),
  });
}

function namesDataset(filenames: TensorLike): Dataset {
  const names = convertToTensor(filenames, { dtype: string });
  const flat = reshape(names, [-1], { name: "flat_filenames" });
  return new Dataset(tensorSliceDatasetOp({ components: [flat], output_shapes: [[]], is_files: true }), record);
}

/** The records of TFRecord files. */
export class TFRecordDataset extends Dataset {
  constructor(
    filenames: TensorLike | Dataset,
    ...rest: Rest<ReaderOptions, ["compressionType", "bufferSize", "numParallelReads"]>
  ) {
    const options: ReaderOptions = byName(rest, ["compressionType", "bufferSize", "numParallelReads"]);
    const { compressionType = "", bufferSize = ownChoice, numParallelReads } = options;
    const read = (filename: Tensor): Dataset =>
      new Dataset(
        tFRecordDatasetOp({
          filenames: filename,
          compression_type: text(compressionType, "compression_type"),
          buffer_size: count(bufferSize, "buffer_size"),
        }),
        record,
      );
    super(recordsOf(filenames, read, numParallelReads), record, { shownAs: "TFRecordDatasetV2" });
  }
}

/** The lines of text files, without their ends. */
export class TextLineDataset extends Dataset {
  constructor(
    filenames: TensorLike | Dataset,
    ...rest: Rest<ReaderOptions, ["compressionType", "bufferSize", "numParallelReads"]>
  ) {
    const options: ReaderOptions = byName(rest, ["compressionType", "bufferSize", "numParallelReads"]);
    const { compressionType = "", bufferSize = lineBuffer, numParallelReads } = options;
    const read = (filename: Tensor): Dataset =>
      new Dataset(
        textLineDatasetOp({
          filenames: filename,
          compression_type: text(compressionType, "compression_type"),
          buffer_size: count(bufferSize, "buffer_size"),
        }),
        record,
      );
    super(recordsOf(filenames, read, numParallelReads), record, { shownAs: "TextLineDatasetV2" });
  }
}

export interface FixedLengthOptions extends ReaderOptions {
  readonly headerBytes?: Count | undefined;
  readonly footerBytes?: Count | undefined;
}

const fixedNames = ["headerBytes", "footerBytes", "bufferSize", "compressionType", "numParallelReads"] as const;

/** Records of one length between a header and a footer. */
export class FixedLengthRecordDataset extends Dataset {
  constructor(
    filenames: TensorLike | Dataset,
    recordBytes: Count,
    ...rest: Rest<FixedLengthOptions, typeof fixedNames>
  ) {
    const options: FixedLengthOptions = byName(rest, fixedNames);
    const {
      headerBytes = 0,
      footerBytes = 0,
      compressionType = "",
      bufferSize = lineBuffer,
      numParallelReads,
    } = options;
    const read = (filename: Tensor): Dataset => {
      const inputs = {
        record_bytes: count(recordBytes, "record_bytes"),
        header_bytes: count(headerBytes, "header_bytes"),
        footer_bytes: count(footerBytes, "footer_bytes"),
        buffer_size: count(bufferSize, "buffer_size"),
        compression_type: text(compressionType, "compression_type"),
      };
      return new Dataset(fixedLengthRecordDatasetV2Op({ filenames: filename, ...inputs }), record);
    };
    super(recordsOf(filenames, read, numParallelReads), record, { shownAs: "FixedLengthRecordDatasetV2" });
  }
}
