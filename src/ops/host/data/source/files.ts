/** Records of files: TFRecords, lines, records of one length; and names of files. Source: tf_record_dataset_op.cc, text_line_dataset_op.cc, fixed_length_record_dataset_op.cc, matching_files_dataset_op.cc */
import { string } from "../../../../core/dtype.ts";
import { invalidArgument, NotFoundError } from "../../../../core/error.ts";
import { after, flow, type Maybe, now } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Compression } from "../../../../io/record/compression.ts";
import { RecordReader } from "../../../../io/record/reader.ts";
import { ByteStream } from "../../../../io/stream/byte_stream.ts";
import { matchingFiles } from "../../../../io/stream/match.ts";
import { bytesOfText, textsOf } from "../../arrays.ts";
import { unknown } from "../runtime/dataset.ts";
import { type Behaviour, defineDataset, metadata } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { checkBuffer, compressionOf, type OpenRecords, pathsOf, recordsOf } from "./records.ts";

const strings = { dtypes: [string], shapes: [[]], cardinality: () => unknown } as const;

function records(
  { filenames, compression_type, buffer_size }: Record<"filenames" | "compression_type" | "buffer_size", NdArray>,
  permit: (path: string) => void,
  offsets: readonly number[] = [],
): Behaviour {
  const paths = pathsOf(filenames);
  const compression = compressionOf(compression_type);
  checkBuffer(buffer_size, -1);
  return {
    ...strings,
    iterate: () =>
      recordsOf(paths, permit, (path, i) => {
        const reader = new RecordReader(path, { compression });
        reader.open();
        return after(offsets[i] ? reader.skipTo(offsets[i]!) : undefined, () => ({
          next: () => reader.atHand() ?? reader.next(),
          close: () => reader.close(),
        }));
      }),
  };
}

const recordInputs = ["filenames: string", "compression_type: string", "buffer_size: int64"] as const;

export const tFRecordDatasetOp = defineDataset("TFRecordDataset", {
  inputs: recordInputs,
  attrs: [metadata],
  stateful: true,
  access: "input",
  make: (op, _, context) => records(op, context.permit),
});

export const tFRecordDatasetV2Op = defineDataset("TFRecordDatasetV2", {
  inputs: [...recordInputs, "byte_offsets: int64"],
  attrs: [metadata],
  stateful: true,
  access: "input",
  make(op, _, context) {
    const offsets = Array.from(op.byte_offsets.data as BigInt64Array, Number);
    if (offsets.length > 0 && offsets.length !== op.filenames.size)
      throw invalidArgument("Number of filenames does not match number of byte offsets.");
    return records(op, context.permit, offsets);
  },
});

export const textLineDatasetOp = defineDataset("TextLineDataset", {
  inputs: recordInputs,
  attrs: [metadata],
  stateful: true,
  access: "input",
  make({ filenames, compression_type, buffer_size }, _, { permit }) {
    const compression = compressionOf(compression_type);
    const paths = pathsOf(filenames);
    checkBuffer(buffer_size);
    return {
      ...strings,
      iterate: () =>
        recordsOf(paths, permit, (path) => {
          const stream = new ByteStream(path, compression);
          return { next: () => stream.lineAtHand() ?? stream.readLine(), close: () => stream.close() };
        }),
    };
  },
});

interface Layout {
  readonly header: number;
  readonly record: number;
  readonly footer: number;
}

const openFixed = (path: string, compression: Compression, { header, record, footer }: Layout): Maybe<OpenRecords> =>
  flow(function* () {
    const stream = new ByteStream(path, compression);
    const uneven = (body: number) =>
      invalidArgument(
        `Excluding the header (${header} bytes) and footer (${footer} bytes), input file "${path}" has body length ${body} bytes, which is not an exact multiple of the record length (${record} bytes).`,
      );
    try {
      const body = stream.fileBytes - header - footer;
      if (compression === "" && body % record !== 0) throw uneven(body);
      yield* now(stream.skip(header));
    } catch (error) {
      stream.close();
      throw error;
    }
    return {
      next: () =>
        after(stream.peek(record + footer), (ahead) => {
          if (ahead.length === record + footer) return stream.read(record);
          if (ahead.length > footer) throw uneven(stream.position - header + ahead.length - footer);
          return null;
        }),
      close: () => stream.close(),
    };
  });

const lengthInputs = [
  "filenames: string",
  "header_bytes: int64",
  "record_bytes: int64",
  "footer_bytes: int64",
  "buffer_size: int64",
] as const;

function fixedLength(
  op: Record<"filenames" | "header_bytes" | "record_bytes" | "footer_bytes" | "buffer_size", NdArray>,
  compression: Compression,
  permit: (path: string) => void,
): Behaviour {
  const paths = pathsOf(op.filenames);
  const layout = {
    header: scalar(op.header_bytes, "header_bytes"),
    record: scalar(op.record_bytes, "record_bytes"),
    footer: scalar(op.footer_bytes, "footer_bytes"),
  };
  if (layout.header < 0) throw invalidArgument("`header_bytes` must be >= 0");
  if (layout.record <= 0) throw invalidArgument("`record_bytes` must be > 0");
  if (layout.footer < 0) throw invalidArgument("`footer_bytes` must be >= 0");
  checkBuffer(op.buffer_size);
  return { ...strings, iterate: () => recordsOf(paths, permit, (path) => openFixed(path, compression, layout)) };
}

export const fixedLengthRecordDatasetOp = defineDataset("FixedLengthRecordDataset", {
  inputs: lengthInputs,
  attrs: [metadata],
  stateful: true,
  access: "input",
  make: (op, _, context) => fixedLength(op, "", context.permit),
});

export const fixedLengthRecordDatasetV2Op = defineDataset("FixedLengthRecordDatasetV2", {
  inputs: [...lengthInputs, "compression_type: string"],
  attrs: [metadata],
  stateful: true,
  access: "input",
  make: (op, _, context) => fixedLength(op, compressionOf(op.compression_type), context.permit),
});

const matching = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: ["patterns: string"],
    stateful: true,
    access: "input",
    make({ patterns }, _, { permit }) {
      if (patterns.shape.length > 1) throw invalidArgument("`patterns` must be a scalar or a vector.");
      const globs = textsOf(patterns);
      return {
        ...strings,
        iterate() {
          let found: string[] | null = null;
          let i = 0;
          return {
            next() {
              if (found === null) {
                for (const glob of globs) permit(glob);
                found = globs.flatMap((glob) => matchingFiles(glob).sort((a, b) => (a < b ? -1 : 1)));
                for (const path of found) permit(path); // a pattern may have gone through a link
                if (found.length === 0 && globs.length > 0) throw new NotFoundError("Don't find any matched files");
              }
              return i < found.length ? [new NdArray(string, [], [bytesOfText(found[i++]!)])] : null;
            },
            close() {},
          };
        },
      };
    },
  });

export const matchingFilesDatasetOp = matching("MatchingFilesDataset");
export const experimentalMatchingFilesDatasetOp = matching("ExperimentalMatchingFilesDataset");
