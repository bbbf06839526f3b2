/** Boundaries of quantile streams: test/fixtures/op_cases/host/quantiles.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import {
  boostedTreesQuantileStreamResourceAddSummariesOp as add,
  boostedTreesQuantileStreamResourceGetBucketBoundariesOp as boundariesOf,
  boostedTreesCreateQuantileStreamResourceOp as create,
  boostedTreesQuantileStreamResourceFlushOp as flush,
  boostedTreesQuantileStreamResourceHandleOp as handleOf,
  boostedTreesMakeQuantileSummariesOp as summariesOf,
} from "../../src/ops/index.ts";

interface Case {
  readonly batches: readonly (readonly [values: number[], weights: number[]])[];
  readonly epsilon: number;
  readonly count: number;
  readonly quantiles: boolean;
  readonly boundaries: readonly number[];
}

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/op_cases/host/quantiles.json"), "utf8"),
) as readonly Case[];

const boundaries = ({ batches, epsilon, count, quantiles }: Case): Promise<number[]> =>
  new tf.Graph().asDefault(async () => {
    const session = new tf.Session();
    const quantile_stream_resource_handle = handleOf({ shared_name: "q" });
    await session.run(create({ quantile_stream_resource_handle, epsilon, num_streams: 1 }));
    for (const [values, weights] of batches) {
      const [float_values, example_weights] = [[tf.constant(values, tf.float32)], tf.constant(weights, tf.float32)];
      const summaries = summariesOf({ float_values, example_weights, epsilon });
      await session.run(add({ quantile_stream_resource_handle, summaries }));
    }
    await session.run(flush({ quantile_stream_resource_handle, num_buckets: count, generate_quantiles: quantiles }));
    const [found] = boundariesOf({ quantile_stream_resource_handle, num_features: 1 });
    return [...((await session.run(found!)).data as Float32Array)];
  });

describe("quantile streams", () => {
  test.each(cases.map((each, i) => [i, each] as const))("case %i has TensorFlow's boundaries", async (_, each) => {
    expect(await boundaries(each)).toEqual(each.boundaries.map(Math.fround));
  });
});
