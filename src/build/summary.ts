/** tf.summary: ops that give serialized summaries, collected for mergeAll. Source: tensorflow/python/summary/summary.py. */
import { float32 } from "../core/dtype.ts";
import { log } from "../core/host.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  audioSummaryV2Op,
  histogramSummaryOp,
  imageSummaryOp,
  mergeSummaryOp,
  scalarSummaryOp,
  tensorSummaryV2Op,
} from "../ops/index.ts";
import { encode, pb } from "../proto/messages.ts";
import { addToCollections, GraphKeys, getCollection } from "./collections.ts";

export interface SummaryOptions {
  readonly collections?: readonly string[];
  /** Goes before the tag, so that TensorBoard groups by it. */
  readonly family?: string;
}

/** Characters that a tag may not have become underscores. Source: summary_op_util.py, clean_tag. */
function cleanName(name: string): string {
  const clean = name.replace(/[^-/\w.]/g, "_").replace(/^\/+/, "");
  if (clean !== name) log("INFO", `Summary name ${name} is illegal; using ${clean} instead.`);
  return clean;
}

function summarized(
  name: string,
  { collections = [GraphKeys.SUMMARIES], family }: SummaryOptions,
  make: (tag: string, scope: string) => Tensor,
): Tensor {
  const clean = cleanName(name);
  const prefix = family === undefined ? undefined : cleanName(family);
  return getDefaultGraph().nameScope(prefix === undefined ? clean : `${prefix}/${clean}`, (scope) => {
    const own = scope.replace(/\/$/, "");
    const summary = make(prefix === undefined ? own : `${prefix}/${own}`, scope);
    addToCollections(collections, summary);
    return summary;
  });
}

/** A number over the steps: a scalar of any real dtype. */
export const scalar = (name: string, tensor: TensorLike, options: SummaryOptions = {}): Tensor =>
  summarized(name, options, (tag, scope) => scalarSummaryOp({ tags: tag, values: tensor as never }, scope));

/** The distribution of a tensor's elements; NaN and infinities fail the run. */
export const histogram = (name: string, values: TensorLike, options: SummaryOptions = {}): Tensor =>
  summarized(name, options, (tag, scope) => histogramSummaryOp({ tag, values: values as never }, scope));

/** Up to maxOutputs pictures of [batch, height, width, 1, 3 or 4]; float ones are scaled picture by picture. */
export const image = (
  name: string,
  tensor: TensorLike,
  options: SummaryOptions & { readonly maxOutputs?: number } = {},
): Tensor =>
  summarized(name, options, (tag, scope) =>
    imageSummaryOp({ tag, tensor: tensor as never, max_images: options.maxOutputs ?? 3 }, scope),
  );

/** Up to maxOutputs sounds of [batch, frames, channels] (or [batch, frames]) in [-1, 1]. */
export const audio = (
  name: string,
  tensor: TensorLike,
  sampleRate: TensorLike,
  options: SummaryOptions & { readonly maxOutputs?: number } = {},
): Tensor =>
  summarized(name, options, (tag, scope) =>
    audioSummaryV2Op(
      {
        tag,
        tensor: tensor as never,
        sample_rate: convertToTensor(sampleRate, { dtype: float32, name: "sample_rate" }),
        max_outputs: options.maxOutputs ?? 3,
      },
      scope,
    ),
  );

/** Markdown text: strings of any shape. */
export const text = (name: string, tensor: TensorLike, options: SummaryOptions = {}): Tensor =>
  tensorSummary(name, tensor, { ...options, pluginName: "text" });

/** Any tensor, shown by a plugin. */
export function tensorSummary(
  name: string,
  tensor: TensorLike,
  options: SummaryOptions & { readonly pluginName?: string } = {},
): Tensor {
  const { pluginName } = options;
  const metadata = encode(pb.SummaryMetadata, pluginName === undefined ? {} : { pluginData: { pluginName } });
  return summarized(name, options, (tag, scope) =>
    tensorSummaryV2Op({ tag, tensor, serialized_summary_metadata: metadata }, scope),
  );
}

/** One summary of several. */
export function merge(
  inputs: readonly TensorLike[],
  options: { readonly collections?: readonly string[]; readonly name?: string } = {},
): Tensor {
  const { collections = [], name } = options;
  return getDefaultGraph().nameScope(name ?? "Merge", () => {
    const merged = mergeSummaryOp({ inputs }, name);
    addToCollections(collections, merged);
    return merged;
  });
}

/** All summaries of a collection as one; null when there are none. */
export function mergeAll(
  options: { readonly key?: string; readonly scope?: string; readonly name?: string } = {},
): Tensor | null {
  const { key = GraphKeys.SUMMARIES, scope, name } = options;
  const summaries = getCollection<Tensor>(key, scope);
  return summaries.length ? merge(summaries, name === undefined ? {} : { name }) : null;
}
