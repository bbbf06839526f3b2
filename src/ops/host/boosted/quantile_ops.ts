/** Boundaries of buckets for real features, learned from their quantiles. Source: boosted_trees/quantile_ops.cc */
import { bool, float32, int32 } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { mergeDims, withRank } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { namedObject, objectOf } from "../resource.ts";
import { boundariesOf, type Entry, QuantileStream, quantilesOf } from "./quantiles.ts";

const kind = "boosted trees quantile streams";

/** A stream for each feature, and the boundaries once they are flushed. */
interface Streams {
  streams: QuantileStream[] | null;
  boundaries: NdArray[];
  epsilon: number;
  maxElements: number;
}

const streamsOf = (context: ComputeContext, handle: NdArray): Streams => objectOf<Streams>(context, handle, kind);
const vector = (values: Float32Array): NdArray => new NdArray(float32, [values.length], values);
const floats = (array: NdArray): Float32Array => array.data as Float32Array;

export const boostedTreesQuantileStreamResourceHandleOp = defineOp("BoostedTreesQuantileStreamResourceHandleOp", {
  outputs: ["resource: resource"],
  attrs: ["container: string = ''", "shared_name: string = ''"],
  stateful: true,
  shape: () => [[]],
  compute: (op, context) =>
    namedObject<Streams>(context, {
      kind,
      container: op.container,
      sharedName: op.shared_name,
      asText: false,
      create: () => ({ streams: null, boundaries: [], epsilon: 0, maxElements: 0 }),
    }),
  gradient: "unregistered",
});

export const boostedTreesCreateQuantileStreamResourceOp = defineOp("BoostedTreesCreateQuantileStreamResource", {
  inputs: ["quantile_stream_resource_handle: resource", "epsilon: float", "num_streams: int64"],
  attrs: ["max_elements: int = 1099511627776"],
  stateful: true,
  shape: () => [],
  compute({ quantile_stream_resource_handle: handle, epsilon, num_streams, max_elements }, context) {
    const state = streamsOf(context, handle);
    if (state.streams) return;
    state.epsilon = Number(epsilon.item());
    state.maxElements = Number(max_elements);
    const count = Number(num_streams.item());
    state.streams = Array.from({ length: count }, () => new QuantileStream(state.epsilon, state.maxElements));
    state.boundaries = Array.from({ length: count }, () => vector(new Float32Array(0)));
  },
  gradient: "unregistered",
});

export const isBoostedTreesQuantileStreamResourceInitializedOp = defineOp(
  "IsBoostedTreesQuantileStreamResourceInitialized",
  {
    inputs: ["quantile_stream_resource_handle: resource"],
    outputs: ["is_initialized: bool"],
    stateful: true,
    shape: () => [[]],
    compute: ({ quantile_stream_resource_handle: handle }, context) =>
      new NdArray(bool, [], Uint8Array.of(streamsOf(context, handle).streams ? 1 : 0)),
    gradient: "unregistered",
  },
);

/** A summary [entries, 4] of each feature: value, weight, least and greatest rank. */
export const boostedTreesMakeQuantileSummariesOp = defineOp("BoostedTreesMakeQuantileSummaries", {
  inputs: ["float_values: num_features * float", "example_weights: float", "epsilon: float"],
  outputs: ["summaries: num_features * float"],
  attrs: ["num_features: int >= 0"],
  shape: ({ float_values }) => float_values.map(() => [null, 4]),
  compute({ float_values, example_weights, epsilon }) {
    const weights = floats(example_weights);
    return float_values.map((values) => {
      const stream = new QuantileStream(Number(epsilon.item()), values.size + 1);
      for (const [i, value] of floats(values).entries()) stream.push(value, weights[weights.length > 1 ? i : 0]!);
      const entries = stream.finalize();
      const rows = entries.flatMap(({ value, weight, minRank, maxRank }) => [value, weight, minRank, maxRank]);
      return new NdArray(float32, [entries.length, 4], Float32Array.from(rows));
    });
  },
  gradient: "unregistered",
});

export const boostedTreesQuantileStreamResourceAddSummariesOp = defineOp(
  "BoostedTreesQuantileStreamResourceAddSummaries",
  {
    inputs: ["quantile_stream_resource_handle: resource", "summaries: num_features * float"],
    attrs: ["num_features: int >= 0"],
    stateful: true,
    shape: () => [],
    compute({ quantile_stream_resource_handle: handle, summaries }, context) {
      const { streams } = streamsOf(context, handle);
      for (const [i, summary] of summaries.entries()) {
        const data = floats(summary);
        const entries: Entry[] = Array.from({ length: summary.shape[0]! }, (_, k) => ({
          value: data[4 * k]!,
          weight: data[4 * k + 1]!,
          minRank: data[4 * k + 2]!,
          maxRank: data[4 * k + 3]!,
        }));
        streams![i]!.pushSummary(entries);
      }
    },
    gradient: "unregistered",
  },
);

/** Boundaries from what came in; the streams begin anew. */
export const boostedTreesQuantileStreamResourceFlushOp = defineOp("BoostedTreesQuantileStreamResourceFlush", {
  inputs: ["quantile_stream_resource_handle: resource", "num_buckets: int64"],
  attrs: ["generate_quantiles: bool = false"],
  stateful: true,
  shape: () => [],
  compute({ quantile_stream_resource_handle: handle, num_buckets, generate_quantiles }, context) {
    const state = streamsOf(context, handle);
    const count = Number(num_buckets.item());
    state.boundaries = state.streams!.map((stream) => {
      const summary = stream.finalize();
      return vector(generate_quantiles ? quantilesOf(summary, count - 1) : boundariesOf(summary, count));
    });
  },
  gradient: "unregistered",
});

export const boostedTreesQuantileStreamResourceGetBucketBoundariesOp = defineOp(
  "BoostedTreesQuantileStreamResourceGetBucketBoundaries",
  {
    inputs: ["quantile_stream_resource_handle: resource"],
    outputs: ["bucket_boundaries: num_features * float"],
    attrs: ["num_features: int >= 0"],
    stateful: true,
    shape: ({ num_features }) => Array.from({ length: num_features }, () => [null]),
    compute: ({ quantile_stream_resource_handle: handle }, context) => [...streamsOf(context, handle).boundaries],
    gradient: "unregistered",
  },
);

export const boostedTreesQuantileStreamResourceDeserializeOp = defineOp(
  "BoostedTreesQuantileStreamResourceDeserialize",
  {
    inputs: ["quantile_stream_resource_handle: resource", "bucket_boundaries: num_streams * float"],
    attrs: ["num_streams: int >= 1"],
    stateful: true,
    shape: () => [],
    compute({ quantile_stream_resource_handle: handle, bucket_boundaries }, context) {
      streamsOf(context, handle).boundaries = bucket_boundaries.map((each) => vector(floats(each).slice()));
    },
    gradient: "unregistered",
  },
);

/** The number of the bucket of each value: the first boundary that is not below it, the last one beyond all. */
export const boostedTreesBucketizeOp = defineOp("BoostedTreesBucketize", {
  inputs: ["float_values: num_features * float", "bucket_boundaries: num_features * float"],
  outputs: ["buckets: num_features * int32"],
  attrs: ["num_features: int >= 0"],
  shape({ float_values }) {
    let n = float_values[0] === undefined ? null : withRank(float_values[0], 1)[0]!;
    for (const values of float_values) n = mergeDims(n, withRank(values, 1)[0]!);
    return float_values.map(() => [n]);
  },
  compute: ({ float_values, bucket_boundaries }) =>
    float_values.map((values, k) => {
      const bounds = floats(bucket_boundaries[k]!);
      const buckets = Int32Array.from(floats(values), (value) => {
        let [low, high] = [0, bounds.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (bounds[middle]! < value) low = middle + 1;
          else high = middle;
        }
        return Math.max(0, Math.min(low, bounds.length - 1));
      });
      return new NdArray(int32, [buckets.length], buckets);
    }),
  gradient: "unregistered",
});
