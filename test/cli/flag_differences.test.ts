import { expect, test } from "vitest";
import { flagDifferences } from "../../src/cli/model/flag_differences.ts";

const flags = (isGiven: (name: string) => boolean = () => true) => ({
  known: new Set(["batch_size", "shuffle", "data", "max_step", "target", "patience"]),
  ofModel: new Set(["target"]),
  isGiven,
});

test("tells each flag that differs, with both values", () => {
  const before = ["--model=m", "--batch_size=100", "--shuffle", "--data=a=b.tfrecord", "--max_step=10"];
  const now = ["--model=m", "--batch_size=64", "--noshuffle", "--data=a=c.tfrecord", "--max_step=20"];
  expect(flagDifferences(before, now, flags())).toEqual([
    "batch_size 100 -> 64",
    "shuffle true -> false",
    "data a=b.tfrecord -> a=c.tfrecord",
  ]);
});

test("a flag of the model counts, also under the name of one of the command that does not", () => {
  expect(flagDifferences(["--target=1", "--max_step=1"], ["--target=2", "--max_step=2"], flags())).toEqual([
    "target 1 -> 2",
  ]);
});

test("flags without a value, and flags younger than the run", () => {
  expect(flagDifferences([], ["--patience=3"], flags())).toEqual(["patience (none) -> 3"]);
  expect(
    flagDifferences(
      [],
      ["--patience=3"],
      flags(() => false),
    ),
  ).toEqual([]);
  expect(flagDifferences(["--patience=3"], [], flags())).toEqual(["patience 3 -> (none)"]);
});
