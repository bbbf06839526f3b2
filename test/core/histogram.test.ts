import { describe, expect, test } from "vitest";
import { bucketLimits, Histogram } from "../../src/core/histogram.ts";
import { ndarray } from "../../src/core/nd_array.ts";
import { hasGoldens, readGolden } from "../golden.ts";

interface Value {
  dtype: string;
  shape: number[];
  values: (number | string)[];
}
interface Golden {
  files: { events: { step: string; summary?: { tag: string; histo: Record<string, number | number[]> }[] }[] }[];
  inputs: Record<string, Value>;
}

describe("Histogram", () => {
  test("counts values into TensorFlow's buckets", () => {
    const histogram = new Histogram();

    histogram.addAll([-1, 0, 0.5, 2]);

    expect(histogram.summary()).toEqual({
      min: -1,
      max: 2,
      num: 4,
      sum: 1.5,
      sumSquares: 5.25,
      bucketLimit: [
        -1.0089710279437536, -0.917246389039776, 0, 1e-12, 0.47069243095356195, 0.5177616740489182, 1.9661990955585713,
        2.1628190051144287, 1.7976931348623157e308,
      ],
      bucket: [0, 1, 0, 1, 0, 1, 0, 1, 0],
    });
  });

  test("without values has the empty bounds and one empty bucket", () => {
    expect(new Histogram().summary()).toEqual({
      min: Number.MAX_VALUE,
      max: -Number.MAX_VALUE,
      num: 0,
      sum: 0,
      sumSquares: 0,
      bucketLimit: [Number.MAX_VALUE],
      bucket: [0],
    });
  });

  test("counts the ends of the doubles", () => {
    const histogram = new Histogram();

    histogram.addAll([Number.MAX_VALUE, -Number.MAX_VALUE, 1e30]);

    expect(histogram.summary().bucket.reduce((a, b) => a + b)).toBe(3);
    expect(histogram.summary().bucketLimit.at(-1)).toBe(Number.MAX_VALUE);
  });
});

describe.skipIf(!hasGoldens)("TensorFlow's histograms", () => {
  const golden = hasGoldens ? readGolden<Golden>("events", "histograms", "expected.json") : undefined;
  const seen = golden ? golden.files.flatMap(({ events }) => events.flatMap((event) => event.summary ?? [])) : [];

  test("have the same limits", () => {
    expect([...bucketLimits]).toEqual(readGolden<{ limits: number[] }>("events", "bucket_limits.json").limits);
  });

  test.each(seen)("of $tag are the same to the last bit", ({ tag, histo }) => {
    const input = golden!.inputs[tag]!;
    const values = ndarray(input.values, input.dtype).data as Float32Array | BigInt64Array;
    const histogram = new Histogram();

    for (const value of values) histogram.add(Number(value));

    const { sumSquares, bucketLimit, ...rest } = histogram.summary();
    expect({ ...rest, sum_squares: sumSquares, bucket_limit: bucketLimit }).toEqual(histo);
  });

  test("are all there", () => {
    expect(seen.length).toBe(16);
  });
});
