import { describe, expect, test } from "vitest";
import { formatG, pythonFloat, pythonFloat32, shortestDecimal } from "../../src/core/text/float_text.ts";

describe("pythonFloat", () => {
  test.each([
    [0.1, "0.1"],
    [100, "100.0"],
    [-0, "-0.0"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("%d is %s", (x, text) => {
    expect(pythonFloat(x)).toBe(text);
  });

  test("names a float32 by its own shortest decimal", () => {
    expect([0.1, 5.684342e-14, 16777216, 3.4028235e38].map((x) => pythonFloat32(Math.fround(x)))).toEqual([
      "0.1",
      "5.684342e-14",
      "16777216.0",
      "3.4028235e+38",
    ]);
    expect(shortestDecimal(Math.fround(0.1), true)).toEqual({ negative: false, digits: "1", exponent: -1 });
  });
});

describe("formatG", () => {
  test.each([
    [1, "1"],
    [0.1, "0.1"],
    [1e6, "1e+06"],
    [999999.5, "1e+06"],
    [123456.7, "123457"],
    [0.001953125, "0.00195312"],
    [0.00001234567, "1.23457e-05"],
    [-2.5, "-2.5"],
    [-0, "-0"],
    [Number.POSITIVE_INFINITY, "inf"],
  ])("%d is %s, as in C", (x, text) => {
    expect(formatG(x)).toBe(text);
  });
});
