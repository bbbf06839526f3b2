/** Summaries: tensors as serialized Summary messages for event files. Source: summary_op.cc, summary_image_op.cc, summary_tensor_op.cc. */

import { string } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import { Histogram } from "../../core/histogram.ts";
import { elementAt, NdArray } from "../../core/nd_array.ts";
import { formatShape, type Shape, sameShape, withRank } from "../../core/shape.ts";
import { decode, encode, pb } from "../../proto/messages.ts";
import { toShapeProto } from "../../proto/shape_proto.ts";
import { toTensorProto } from "../../proto/tensor_proto.ts";
import { defineOp } from "../define.ts";
import { audioValues } from "./summary_audio.ts";
import { imageValues } from "./summary_image.ts";

type Value = pb.Summary.Value.$Properties;

const numbers = "realnumbertype";

/** A Summary message as a string scalar. */
const summary = (value: readonly Value[]): NdArray =>
  new NdArray(string, [], [encode(pb.Summary, { value: [...value] })]);

const decoder = new TextDecoder();

/** Element i of a string tensor as text. */
const textOf = (array: NdArray, i = 0): string => decoder.decode((array.data as readonly Uint8Array[])[i]);

const numberAt = (array: NdArray, i: number): number => Number(elementAt(array, i));

const scalar = (shapes: readonly Shape[] = []): readonly Shape[] => {
  for (const shape of shapes) withRank(shape, 0);
  return [[]];
};

/** One simple value for each tag; tags and values have one shape. */
export const scalarSummaryOp = defineOp("ScalarSummary", {
  inputs: ["tags: string", "values: T"],
  outputs: ["summary: string"],
  attrs: [`T: ${numbers}`],
  shape: () => scalar(),
  compute({ tags, values }) {
    if (!sameShape(tags.shape, values.shape)) {
      const single = tags.size === 1 ? ` (tag '${textOf(tags)}')` : "";
      throw invalidArgument(
        `tags and values are not the same shape: ${formatShape(tags.shape)} != ${formatShape(values.shape)}${single}`,
      );
    }
    return summary(
      Array.from({ length: values.size }, (_, i) => ({
        tag: textOf(tags, i),
        simpleValue: Math.fround(numberAt(values, i)),
      })),
    );
  },
  gradient: "none",
});

/** The histogram of all elements. Throws INVALID_ARGUMENT for NaN and infinity. */
export const histogramSummaryOp = defineOp("HistogramSummary", {
  inputs: ["tag: string", "values: T"],
  outputs: ["summary: string"],
  attrs: [`T: ${numbers} = DT_FLOAT`],
  shape: ({ tag }) => scalar([tag]),
  compute({ tag, values }, { node }) {
    const histogram = new Histogram();
    for (let i = 0; i < values.size; i++) {
      const x = numberAt(values, i);
      if (Number.isNaN(x)) throw invalidArgument(`Nan in summary histogram for: ${node.name}`);
      if (!Number.isFinite(x)) throw invalidArgument(`Infinity in Histogram for: ${node.name}`);
      histogram.add(x);
    }
    return summary([{ tag: textOf(tag), histo: histogram.summary() }]);
  },
  gradient: "none",
});

/** All values of all summaries. Throws INVALID_ARGUMENT for a tag that comes twice. */
export const mergeSummaryOp = defineOp("MergeSummary", {
  inputs: ["inputs: N * string"],
  outputs: ["summary: string"],
  attrs: ["N: int >= 1"],
  shape: () => scalar(),
  compute({ inputs }) {
    const tags = new Set<string>();
    const values: Value[] = [];
    for (const input of inputs) {
      for (let i = 0; i < input.size; i++) {
        for (const value of decode(pb.Summary, (input.data as readonly Uint8Array[])[i]!).value ?? []) {
          const tag = value.tag ?? "";
          if (tag !== "" && tags.has(tag)) throw invalidArgument(`Duplicate tag ${tag} found in summary inputs `);
          tags.add(tag);
          values.push(value);
        }
      }
    }
    return summary(values);
  },
  gradient: "none",
});

/** The tensor itself under a tag, with metadata for a plugin. */
export const tensorSummaryV2Op = defineOp("TensorSummaryV2", {
  inputs: ["tag: string", "tensor: T", "serialized_summary_metadata: string"],
  outputs: ["summary: string"],
  attrs: ["T: type"],
  shape: ({ tag, serialized_summary_metadata }) => scalar([tag, serialized_summary_metadata]),
  compute({ tag, tensor, serialized_summary_metadata }) {
    const metadata = decode(pb.SummaryMetadata, (serialized_summary_metadata.data as readonly Uint8Array[])[0]!);
    return summary([{ tag: textOf(tag), tensor: tensorProto(tensor), metadata }]);
  },
  gradient: "none",
});

/** The first form of TensorSummaryV2: named by its node. */
export const tensorSummaryOp = defineOp("TensorSummary", {
  inputs: ["tensor: T"],
  outputs: ["summary: string"],
  attrs: ["T: type", "description: string = ''", "labels: list(string) = []", "display_name: string = ''"],
  shape: () => scalar(),
  compute: ({ tensor }, { node }) => summary([{ nodeName: node.name, tensor: tensorProto(tensor) }]),
  gradient: "none",
});

const tensorProto = (tensor: NdArray): pb.TensorProto.$Properties =>
  tensor.dtype === string
    ? toTensorProto(tensor)
    : { dtype: tensor.dtype.number, tensorShape: toShapeProto(tensor.shape), tensorContent: tensor.tobytes() };

/** Images [n, h, w, 1 | 3 | 4] as PNGs; floats are scaled image by image, pixels that are not finite become bad_color. */
export const imageSummaryOp = defineOp("ImageSummary", {
  inputs: ["tag: string", "tensor: T"],
  outputs: ["summary: string"],
  attrs: [
    "max_images: int >= 1 = 3",
    "T: {uint8, float, half, double} = DT_FLOAT",
    "bad_color: tensor = uint8[255, 0, 0, 255]",
  ],
  shape: ({ tag }) => scalar([tag]),
  compute: ({ tag, tensor, max_images, bad_color }) => {
    if (tag.shape.length !== 0) throw invalidArgument(`Tags must be a scalar`);
    return summary(imageValues(textOf(tag), tensor, max_images, bad_color));
  },
  gradient: "none",
});

/** Sound [n, frames, channels] or [n, frames] in -1 .. 1 as WAV files. */
export const audioSummaryV2Op = defineOp("AudioSummaryV2", {
  inputs: ["tag: string", "tensor: float", "sample_rate: float"],
  outputs: ["summary: string"],
  attrs: ["max_outputs: int >= 1 = 3"],
  shape: ({ tag }) => scalar([tag]),
  compute: ({ tag, tensor, sample_rate, max_outputs }) =>
    summary(audioValues(textOf(tag), tensor, numberAt(sample_rate, 0), max_outputs)),
  gradient: "none",
});

/** The first form of AudioSummaryV2: the sample rate is an attr. */
export const audioSummaryOp = defineOp("AudioSummary", {
  inputs: ["tag: string", "tensor: float"],
  outputs: ["summary: string"],
  attrs: ["sample_rate: float", "max_outputs: int >= 1 = 3"],
  shape: ({ tag }) => scalar([tag]),
  compute: ({ tag, tensor, sample_rate, max_outputs }) =>
    summary(audioValues(textOf(tag), tensor, sample_rate, max_outputs)),
  gradient: "none",
});
