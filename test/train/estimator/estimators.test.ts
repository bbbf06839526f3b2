/** Estimators, node for node and number for number: test/fixtures/estimator/estimators.py. */
import { describe, expect, test } from "vitest";
import { casesOf, compareEstimator } from "./compare.ts";
import { models } from "./programs.ts";

const cases = casesOf("estimators.json");

describe("estimators", () => {
  test("every model is compared", () => {
    expect(Object.keys(models).sort()).toEqual(cases.map(({ name }) => name).sort());
  });

  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) =>
    compareEstimator(golden, models[name]!),
  );
});
