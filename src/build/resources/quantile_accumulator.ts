/** Quantiles of real features as a resource of the session; savers save its boundaries as `<name>:0_bucket_boundaries_<i>`. Source: boosted_trees_ops.py. */
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  boostedTreesCreateQuantileStreamResourceOp,
  boostedTreesMakeQuantileSummariesOp,
  boostedTreesQuantileStreamResourceAddSummariesOp,
  boostedTreesQuantileStreamResourceDeserializeOp,
  boostedTreesQuantileStreamResourceFlushOp,
  boostedTreesQuantileStreamResourceGetBucketBoundariesOp,
  boostedTreesQuantileStreamResourceHandleOp,
  isBoostedTreesQuantileStreamResourceInitializedOp,
} from "../../ops/index.ts";
import { addToCollection, GraphKeys } from "../collections.ts";
import { SaveableObject } from "../saveable.ts";
import { registerResource } from "./registered.ts";

export interface QuantileOptions {
  /** How far a quantile's rank may be off, as a share. */
  readonly epsilon: number;
  /** Features. */
  readonly numStreams: number;
  readonly numQuantiles: number;
}

export class QuantileAccumulator {
  readonly handle: Tensor;
  readonly #options: QuantileOptions;

  constructor(name: string, options: QuantileOptions) {
    this.#options = options;
    const { epsilon, numStreams } = options;
    const graph = getDefaultGraph();
    const { handle, create } = graph.nameScope(name, (scope) => {
      const handle = boostedTreesQuantileStreamResourceHandleOp({ shared_name: scope }, scope);
      const inputs = { quantile_stream_resource_handle: handle, epsilon, num_streams: numStreams };
      const create = boostedTreesCreateQuantileStreamResourceOp(inputs);
      const isInitialized = isBoostedTreesQuantileStreamResourceInitializedOp({
        quantile_stream_resource_handle: handle,
      });
      registerResource({ handle, create, isInitialized });
      return { handle, create };
    });
    this.handle = handle;
    const specs = this.getBucketBoundaries().map((tensor, i) => ({
      tensor,
      name: `${handle.name}_bucket_boundaries_${i}`,
    }));
    const restore = (bucket_boundaries: readonly Tensor[]): Operation =>
      getDefaultGraph().controlDependencies([create], () =>
        boostedTreesQuantileStreamResourceDeserializeOp({ quantile_stream_resource_handle: handle, bucket_boundaries }),
      );
    addToCollection(GraphKeys.SAVEABLE_OBJECTS, new SaveableObject(handle.name, specs, restore));
  }

  /** Takes values [n] of each feature in, with weights [n] or [1]. */
  addSummaries(values: readonly Tensor[], weights: Tensor): Operation {
    const summaries = boostedTreesMakeQuantileSummariesOp({
      float_values: values,
      example_weights: weights,
      epsilon: this.#options.epsilon,
    });
    return boostedTreesQuantileStreamResourceAddSummariesOp({
      quantile_stream_resource_handle: this.handle,
      summaries,
    });
  }

  /** Makes boundaries of what came in. */
  flush(): Operation {
    return boostedTreesQuantileStreamResourceFlushOp({
      quantile_stream_resource_handle: this.handle,
      num_buckets: this.#options.numQuantiles,
    });
  }

  /** float32 [boundaries] of each feature. */
  getBucketBoundaries(): readonly Tensor[] {
    return boostedTreesQuantileStreamResourceGetBucketBoundariesOp({
      quantile_stream_resource_handle: this.handle,
      num_features: this.#options.numStreams,
    });
  }
}
