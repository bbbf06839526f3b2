import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import { NdArray, ndarray, viewElements } from "../../src/core/nd_array.ts";
import { printArray, printValue, reprArray } from "../../src/core/print.ts";
import { elementCount } from "../../src/core/shape.ts";
import { numpyText } from "../../src/core/text/numpy_text.ts";

interface Case {
  dtype: string;
  shape: number[];
  data: string | string[];
  str: string;
  repr: string;
}
const cases = JSON.parse(readFileSync(new URL("../fixtures/core/prints.json", import.meta.url), "utf8")) as Case[];

function arrayOf({ dtype, shape, data }: Case): NdArray {
  if (Array.isArray(data))
    return new NdArray(
      dtypeOf(dtype),
      shape,
      data.map((s) => new Uint8Array(Buffer.from(s, "base64"))),
    );
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return new NdArray(dtypeOf(dtype), shape, viewElements(dtypeOf(dtype), bytes.buffer, 0, elementCount(shape)));
}

describe("numpy 1's forms", () => {
  test.each(cases)("str of $dtype $shape: $str", (c) => {
    expect(printArray(arrayOf(c))).toBe(c.str);
  });

  test.each(cases)("repr of $dtype $shape: $repr", (c) => {
    expect(reprArray(arrayOf(c))).toBe(c.repr);
  });
});

describe("printValue", () => {
  test.each([
    ["float32", [67108872], "[67108872.]"], // all whole digits in an array, the shortest ones alone
    ["float32", 67108872, "67108870.0"],
    ["float32", [429065.125, 533863.6875], "[429065.12 533863.7 ]"], // the even one of two
  ] as const)("digits of %s %j", (dtype, values, text) => {
    const data = Float32Array.from([values].flat());
    expect(printArray(new NdArray(dtypeOf(dtype), Array.isArray(values) ? [data.length] : [], data))).toBe(text);
  });

  test("an eager scalar's repr is that of Python's number", () => {
    const scalar = new NdArray(dtypeOf("complex64"), [], Float32Array.of(49.09, -571.1966));
    expect(numpyText(scalar)).toBe("(49.09000015258789-571.1965942382812j)");
  });

  test("prints fetched values as Python prints the list or dict", () => {
    const [two, loss] = [ndarray(2, "int32"), ndarray(5.684342e-14, "float32")];

    expect(printValue(loss)).toBe("5.684342e-14");
    expect(printValue([two, ndarray(5, "int32")])).toBe("[2, 5]");
    expect(printValue([loss, null])).toBe("[5.684342e-14, None]");
    expect(printValue({ loss, "it's": two })).toBe(`{'loss': 5.684342e-14, "it's": 2}`);
    expect(printValue([[ndarray([1, 2], "float32")], ndarray(["a"], "string")])).toBe(
      "[[array([1., 2.], dtype=float32)], array([b'a'], dtype=object)]",
    );
    expect(printValue(new Map([["a", ndarray(true, "bool")]]))).toBe("{'a': True}");
  });

  test("an array of one element prints in a template as str() and converts to a number", () => {
    const w = ndarray([[0.7]], "float32");

    expect(`${w}`).toBe("[[0.7]]");
    expect(+(w as unknown as number)).toBe(Math.fround(0.7));
  });
});
