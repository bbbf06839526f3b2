/** `tf.summary`: nodes that turn tensors into summaries, named and tagged as Python does. Source: tensorflow/python/summary/summary.py. */

import { float32, string } from "../core/dtype.ts";
import { RuntimeError, ValueError } from "../core/error.ts";
import * as logging from "../core/text/logging.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  audioSummaryV2Op,
  histogramSummaryOp,
  imageSummaryOp,
  mergeSummaryOp,
  scalarSummaryOp,
  tensorSummaryOp,
  tensorSummaryV2Op,
} from "../ops/index.ts";
import { byKeyword, byName, type Rest } from "../ops/options.ts";
import { SummaryDescription } from "../proto/classes.ts";
import { encode, pb } from "../proto/messages.ts";
import { GraphKeys } from "./collections.ts";

export interface SummaryOptions {
  /** [SUMMARIES] by default. */
  readonly collections?: readonly string[] | undefined;
  /** Comes before the tag, and groups it in TensorBoard. */
  readonly family?: string | undefined;
}

/** Letters, digits, `_`, `-`, `.` and `/` stay; others become `_`, and the user is told. Source: summary_op_util.py. */
export function cleanTag(name: string): string {
  const clean = name.replace(/[^-/\w.]/g, "_").replace(/^\/+/, "");
  if (clean !== name) logging.info("Summary name %s is illegal; using %s instead.", name, clean);
  return clean;
}

/** The tag is the scope that the name opens. */
function tagged(name: string, options: SummaryOptions, make: (tag: string, scope: string) => Tensor): Tensor {
  const graph = getDefaultGraph();
  const clean = cleanTag(name);
  const family = options.family === undefined ? undefined : cleanTag(options.family);
  const summary = graph.nameScope(family === undefined ? clean : `${family}/${clean}`, (scope) => {
    const own = scope.replace(/\/$/, "");
    return make(family === undefined ? own : `${family}/${own}`, scope);
  });
  for (const key of options.collections ?? [GraphKeys.SUMMARIES]) graph.addToCollection(key, summary);
  return summary;
}

/** A string scalar: one number under the tag `name`. */
export const scalar = byKeyword(
  ["name", "tensor"],
  function scalar(name: string, tensor: TensorLike, ...rest: Rest<SummaryOptions, typeof histogramPlaces>): Tensor {
    const options = byName<SummaryOptions>(rest, histogramPlaces);
    return tagged(name, options, (tags, scope) => scalarSummaryOp({ tags, values: tensor }, scope));
  },
);

const histogramPlaces = ["collections", "family"] as const;

/** The distribution of all elements. */
export const histogram = byKeyword(
  ["name", "values"],
  function histogram(name: string, values: TensorLike, ...rest: Rest<SummaryOptions, typeof histogramPlaces>): Tensor {
    const options = byName<SummaryOptions>(rest, histogramPlaces);
    return tagged(name, options, (tag, scope) => histogramSummaryOp({ tag, values }, scope));
  },
);

type ImageArguments = SummaryOptions & { readonly maxOutputs?: number | undefined };

/** At most maxOutputs (3) images of a batch [n, h, w, 1 | 3 | 4]; floats are scaled image by image. */
export const image = byKeyword(
  ["name", "tensor"],
  function image(
    name: string,
    tensor: TensorLike,
    ...rest: Rest<ImageArguments, ["maxOutputs", "collections", "family"]>
  ): Tensor {
    const options: ImageArguments = byName(rest, ["maxOutputs", "collections", "family"]);
    return tagged(name, options, (tag, scope) =>
      imageSummaryOp({ tag, tensor, max_images: options.maxOutputs ?? 3 }, scope),
    );
  },
);

type AudioOptions = SummaryOptions & { readonly maxOutputs?: number | undefined };
const audioPlaces = ["maxOutputs", "collections", "family"] as const;

/** At most maxOutputs (3) sounds [n, frames, channels] in -1 .. 1. */
export const audio = byKeyword(
  ["name", "tensor", "sampleRate"],
  function audio(
    name: string,
    tensor: TensorLike,
    sampleRate: TensorLike,
    ...rest: Rest<AudioOptions, typeof audioPlaces>
  ): Tensor {
    const options = byName<AudioOptions>(rest, audioPlaces);
    return tagged(name, options, (tag, scope) => {
      const sample_rate = convertToTensor(sampleRate, { dtype: float32, name: "sample_rate" });
      return audioSummaryV2Op({ tag, tensor, sample_rate, max_outputs: options.maxOutputs ?? 3 }, scope);
    });
  },
);

export interface TensorSummaryOptions extends SummaryOptions {
  readonly summaryDescription?: string | undefined;
  readonly displayName?: string | undefined;
  readonly summaryMetadata?: pb.SummaryMetadata.$Properties | undefined;
}

const tensorSummaryPlaces = ["summaryDescription", "collections", "summaryMetadata", "family", "displayName"] as const;

/** The tensor itself, for the plugin that its metadata names. */
export const tensorSummary = byKeyword(
  ["name", "tensor"],
  function tensorSummary(
    name: string,
    tensor: TensorLike,
    ...rest: Rest<TensorSummaryOptions, typeof tensorSummaryPlaces>
  ): Tensor {
    const options = byName<TensorSummaryOptions>(rest, tensorSummaryPlaces);
    const metadata = {
      ...options.summaryMetadata,
      ...(options.summaryDescription === undefined ? {} : { summaryDescription: options.summaryDescription }),
      ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
    };
    const serialized = encode(pb.SummaryMetadata, metadata);
    return tagged(name, options, (tag, scope) =>
      tensorSummaryV2Op({ tag, tensor, serialized_summary_metadata: serialized }, scope),
    );
  },
);

type TextOptions = { readonly collections?: readonly string[] };
const textPlaces = ["collections"] as const;

/** Strings, shown as Markdown: a scalar, a list, or a table. Throws ValueError for another dtype. */
export const text = byKeyword(
  ["name", "tensor"],
  function text(name: string, tensor: TensorLike, ...rest: Rest<TextOptions, typeof textPlaces>): Tensor {
    const options = byName<TextOptions>(rest, textPlaces);
    const strings = convertToTensor(tensor);
    if (strings.dtype !== string) {
      throw new ValueError(`Expected tensor ${strings.name} to have dtype string, got ${strings.dtype}`);
    }
    return tensorSummary(name, strings, { ...options, summaryMetadata: { pluginData: { pluginName: "text" } } });
  },
);

export interface MergeOptions {
  /** None by default. */
  readonly collections?: readonly string[] | undefined;
  readonly name?: string | undefined;
}

const mergePlaces = ["collections", "name"] as const;

/** One summary with all values of several. */
export const merge = byKeyword(
  ["inputs"],
  function merge(inputs: readonly TensorLike[], ...rest: Rest<MergeOptions, typeof mergePlaces>): Tensor {
    const options = byName<MergeOptions>(rest, mergePlaces);
    const graph = getDefaultGraph();
    const name = options.name === undefined ? undefined : cleanTag(options.name);
    const merged = graph.nameScope(name || "Merge", () => mergeSummaryOp({ inputs }, name));
    for (const key of options.collections ?? []) graph.addToCollection(key, merged);
    return merged;
  },
);

type MergeAllOptions = { readonly key?: string; readonly scope?: string; readonly name?: string };
const mergeAllPlaces = ["key", "scope", "name"] as const;

/** All summaries of a collection merged; null without any. */
export function mergeAll(...rest: Rest<MergeAllOptions, typeof mergeAllPlaces>): Tensor | null {
  const options = byName<MergeAllOptions>(rest, mergeAllPlaces);
  if (getDefaultGraph().isEager) {
    throw new RuntimeError(
      "Merging tf.summary.* ops is not compatible with eager execution. Use tf.contrib.summary instead.",
    );
  }
  const summaries = getDefaultGraph().getCollection<Tensor>(options.key ?? GraphKeys.SUMMARIES, options.scope);
  return summaries.length ? merge(summaries, { name: options.name }) : null;
}

/**
 * What the node of a tensor summary says about its tensor, given the node's definition (`op.nodeDef`). Throws ValueError for another node.
 */
export function getSummaryDescription(nodeDef: {
  readonly op: string;
  readonly attr: Readonly<Record<string, pb.AttrValue.$Properties>>;
}): SummaryDescription {
  if (nodeDef.op !== tensorSummaryOp.definition.type)
    throw new ValueError(`Can't get_summary_description on ${nodeDef.op}`);
  const json = new TextDecoder().decode(nodeDef.attr.description?.s ?? new Uint8Array(0));
  const { typeHint, type_hint } = JSON.parse(json) as { readonly typeHint?: string; readonly type_hint?: string };
  return new SummaryDescription({ typeHint: typeHint ?? type_hint });
}
