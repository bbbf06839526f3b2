/** Summaries straight into event files: SummaryWriter, WriteScalarSummary and its kin. Source: summary_kernels.cc, summary_file_writer.cc. */
import { string } from "../../core/dtype.ts";
import { DataLossError, invalidArgument, NotFoundError } from "../../core/error.ts";
import { Histogram } from "../../core/histogram.ts";
import { nowSeconds } from "../../core/host.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { type Shape, withRank } from "../../core/shape.ts";
import type { RunContext } from "../../graph/definition.ts";
import { EventFileWriter } from "../../io/event_file.ts";
import { decode, encode, pb, toLong } from "../../proto/messages.ts";
import { toShapeProto } from "../../proto/shape_proto.ts";
import { toTensorProto } from "../../proto/tensor_proto.ts";
import { defineOp } from "../define.ts";
import { namedObject, objectOf } from "./resource.ts";
import { audioValues } from "./summary_audio.ts";
import { imageValues } from "./summary_image.ts";

const kind = "SummaryWriterInterface";

/** A writer's name, and the file behind it once it is opened. */
interface Writer {
  file: EventFileWriter | null;
}

const decoder = new TextDecoder();
const bytesOf = (array: NdArray): Uint8Array => (array.data as readonly Uint8Array[])[0]!;
const textOf = (array: NdArray): string => decoder.decode(bytesOf(array));
const numberOf = (array: NdArray): number => Number(elementAt(array, 0));

const scalars = (...shapes: readonly Shape[]): readonly Shape[] => {
  for (const shape of shapes) withRank(shape, 0);
  return [];
};

function fileOf(context: RunContext, writer: NdArray): EventFileWriter {
  const { file } = objectOf<Writer>(context, writer, kind);
  if (!file) throw new NotFoundError(`Resource localhost/${context.node.name}/${kind} does not exist.`);
  return file;
}

function write(context: RunContext, writer: NdArray, step: NdArray, event: pb.Event.$Properties): void {
  const file = fileOf(context, writer);
  file.add(encode(pb.Event, { wallTime: nowSeconds(), step: toLong(elementAt(step, 0) as bigint), ...event }));
}

/** The handle of a writer, which createSummaryFileWriter opens. */
export const summaryWriterOp = defineOp("SummaryWriter", {
  outputs: ["writer: resource"],
  attrs: ["shared_name: string = ''", "container: string = ''"],
  stateful: true,
  shape: () => [[]],
  compute: ({ shared_name, container }, context) =>
    namedObject<Writer>(context, {
      kind,
      container,
      sharedName: shared_name,
      asText: false,
      create: () => ({ file: null }),
    }),
  gradient: "unregistered",
});

/** Opens an event file in a folder; nothing happens when the writer is open. */
export const createSummaryFileWriterOp = defineOp("CreateSummaryFileWriter", {
  inputs: ["writer: resource", "logdir: string", "max_queue: int32", "flush_millis: int32", "filename_suffix: string"],
  stateful: true,
  shape: (op) => scalars(op.writer, op.logdir, op.max_queue, op.flush_millis, op.filename_suffix),
  access: "file",
  run({ writer, logdir, max_queue, flush_millis, filename_suffix }, context) {
    const object = objectOf<Writer>(context, writer, kind);
    const folder = textOf(logdir);
    context.permit(folder);
    object.file ??= new EventFileWriter(folder, {
      maxQueue: numberOf(max_queue),
      flushSeconds: numberOf(flush_millis) / 1000,
      suffix: textOf(filename_suffix),
    });
  },
  gradient: "unregistered",
});

/** Writes what waits. */
export const flushSummaryWriterOp = defineOp("FlushSummaryWriter", {
  inputs: ["writer: resource"],
  stateful: true,
  shape: ({ writer }) => scalars(writer),
  run: ({ writer }, context) => objectOf<Writer>(context, writer, kind).file?.flush(),
  gradient: "unregistered",
});

/** Writes what waits and closes the file. */
export const closeSummaryWriterOp = defineOp("CloseSummaryWriter", {
  inputs: ["writer: resource"],
  stateful: true,
  shape: ({ writer }) => scalars(writer),
  run({ writer }, context) {
    const object = objectOf<Writer>(context, writer, kind);
    object.file?.close();
    object.file = null;
  },
  gradient: "unregistered",
});

/** One number under a tag. */
export const writeScalarSummaryOp = defineOp("WriteScalarSummary", {
  inputs: ["writer: resource", "step: int64", "tag: string", "value: T"],
  attrs: ["T: realnumbertype"],
  stateful: true,
  shape: ({ writer, step, tag, value }) => scalars(writer, step, tag, value),
  run({ writer, step, tag, value }, context) {
    const simpleValue = Math.fround(numberOf(value));
    write(context, writer, step, { summary: { value: [{ tag: textOf(tag), simpleValue }] } });
  },
  gradient: "unregistered",
});

/** The histogram of all elements. Throws INVALID_ARGUMENT for NaN and infinity. */
export const writeHistogramSummaryOp = defineOp("WriteHistogramSummary", {
  inputs: ["writer: resource", "step: int64", "tag: string", "values: T"],
  attrs: [
    "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, bool} = DT_FLOAT",
  ],
  stateful: true,
  shape: ({ writer, step, tag }) => scalars(writer, step, tag),
  run({ writer, step, tag, values }, context) {
    const histogram = new Histogram();
    for (let i = 0; i < values.size; i++) {
      const x = Number(elementAt(values, i));
      if (Number.isNaN(x)) throw invalidArgument(`Nan in summary histogram for: ${textOf(tag)}`);
      if (!Number.isFinite(x)) throw invalidArgument(`Infinity in summary histogram for: ${textOf(tag)}`);
      histogram.add(x);
    }
    write(context, writer, step, { summary: { value: [{ tag: textOf(tag), histo: histogram.summary() }] } });
  },
  gradient: "unregistered",
});

/** Images [n, h, w, 1 | 3 | 4] as PNGs. */
export const writeImageSummaryOp = defineOp("WriteImageSummary", {
  inputs: ["writer: resource", "step: int64", "tag: string", "tensor: T", "bad_color: uint8"],
  attrs: ["max_images: int >= 1 = 3", "T: {uint8, double, float, half} = DT_FLOAT"],
  stateful: true,
  shape({ writer, step, tag, tensor, bad_color }) {
    withRank(tensor, 4);
    withRank(bad_color, 1);
    return scalars(writer, step, tag);
  },
  run({ writer, step, tag, tensor, bad_color, max_images }, context) {
    const value = imageValues(textOf(tag), tensor, max_images, bad_color);
    write(context, writer, step, { summary: { value } });
  },
  gradient: "unregistered",
});

/** Sound [n, frames, channels] or [n, frames] as WAV files. */
export const writeAudioSummaryOp = defineOp("WriteAudioSummary", {
  inputs: ["writer: resource", "step: int64", "tag: string", "tensor: float", "sample_rate: float"],
  attrs: ["max_outputs: int >= 1 = 3"],
  stateful: true,
  shape: ({ writer, step, tag, sample_rate }) => scalars(writer, step, tag, sample_rate),
  run({ writer, step, tag, tensor, sample_rate, max_outputs }, context) {
    const value = audioValues(textOf(tag), tensor, numberOf(sample_rate), max_outputs);
    write(context, writer, step, { summary: { value } });
  },
  gradient: "unregistered",
});

/** The tensor itself, with metadata for a plugin ("" for none). */
export const writeSummaryOp = defineOp("WriteSummary", {
  inputs: ["writer: resource", "step: int64", "tensor: T", "tag: string", "summary_metadata: string"],
  attrs: ["T: type"],
  stateful: true,
  shape: ({ writer, step, tag, summary_metadata }) => scalars(writer, step, tag, summary_metadata),
  run({ writer, step, tensor, tag, summary_metadata }, context) {
    const proto =
      tensor.dtype === string
        ? toTensorProto(tensor)
        : { dtype: tensor.dtype.number, tensorShape: toShapeProto(tensor.shape), tensorContent: tensor.tobytes() };
    const given = bytesOf(summary_metadata);
    const metadata = given.length ? { metadata: decode(pb.SummaryMetadata, given) } : {};
    write(context, writer, step, { summary: { value: [{ tag: textOf(tag), tensor: proto, ...metadata }] } });
  },
  gradient: "unregistered",
});

/** Serialized Summary messages, all in one event. */
export const writeRawProtoSummaryOp = defineOp("WriteRawProtoSummary", {
  inputs: ["writer: resource", "step: int64", "tensor: string"],
  stateful: true,
  shape: ({ writer, step }) => scalars(writer, step),
  run({ writer, step, tensor }, context) {
    const value = (tensor.data as readonly Uint8Array[]).flatMap(
      (bytes) => parsed(() => decode(pb.Summary, bytes), "tf.compat.v1.Summary").value ?? [],
    );
    write(context, writer, step, { summary: { value } });
  },
  gradient: "unregistered",
});

function parsed<T>(read: () => T, type: string): T {
  try {
    return read();
  } catch (cause) {
    throw new DataLossError(`Bad ${type} binary proto tensor string`, { cause });
  }
}

/** A serialized GraphDef. */
export const writeGraphSummaryOp = defineOp("WriteGraphSummary", {
  inputs: ["writer: resource", "step: int64", "tensor: string"],
  stateful: true,
  shape: ({ writer, step }) => scalars(writer, step),
  run({ writer, step, tensor }, context) {
    const graphDef = bytesOf(tensor);
    parsed(() => decode(pb.GraphDef, graphDef), "tf.GraphDef");
    write(context, writer, step, { graphDef });
  },
  gradient: "unregistered",
});

/** A serialized Event as it is. */
export const importEventOp = defineOp("ImportEvent", {
  inputs: ["writer: resource", "event: string"],
  stateful: true,
  shape: ({ writer, event }) => scalars(writer, event),
  run({ writer, event }, context) {
    const bytes = bytesOf(event);
    parsed(() => decode(pb.Event, bytes), "tf.Event");
    fileOf(context, writer).add(bytes);
  },
  gradient: "unregistered",
});
