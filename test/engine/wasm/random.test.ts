import { describe, test } from "vitest";
import type { DTypeName } from "../../../src/core/dtype.ts";
import type { Distribution } from "../../../src/engine/primitive.ts";
import type { Place, RandomStep } from "../../../src/engine/step.ts";
import { checkSteps, type Room } from "./harness.ts";

const at = (offset: number): Place => ({ at: "workspace", offset });

/** Two draws from one state: the second begins where the first left it. */
function check(
  distribution: RandomStep["distribution"],
  dtype: DTypeName,
  count: number,
  words: readonly number[],
): void {
  const rooms: Room[] = [
    { offset: 256, dtype: "uint32", count: 8, values: words },
    { offset: 320, dtype, count: 2, values: [-5, 12] },
    { offset: 384, dtype, count },
    { offset: 448 + 4 * count, dtype, count },
  ];
  const draw = (offset: number): RandomStep => ({
    kind: "random",
    distribution,
    dtype,
    count,
    state: at(256),
    seed: null,
    seedDtype: "int32",
    min: at(320),
    max: at(324),
    out: at(offset),
  });
  // equal bits: the same doubles, rounded in the same places
  checkSteps([draw(384), draw(448 + 4 * count)], rooms, [rooms[0]!, ...rooms.slice(2)], { tolerance: 0 });
}

const kinds: [Distribution, DTypeName][] = [
  ["uniform", "float32"],
  ["normal", "float32"],
  ["truncated", "float32"],
  ["integers", "int32"],
];

describe.each(kinds)("random %s of %s", (distribution, dtype) => {
  test.each([0, 1, 4, 7, 1001])("draws %d numbers as the reference does", (count) => {
    check(distribution, dtype, count, [42, 0, 0, 0, 7, 0, 0, 0]);
  });

  test("carries from one word of the counter to the next", () => {
    check(distribution, dtype, 30, [1, 2, 0xffffffff, 0xffffffff, 0xffffffff, 3, 0, 0]);
    check(distribution, dtype, 30, [1, 2, 0xffffff00, 0xffffffff, 5, 3, 0, 0]);
  });
});
