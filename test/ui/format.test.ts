import { expect, test } from "vitest";
import { bytes, clock, elapsed, metric, printable, shortTime, table, thousands } from "../../src/ui/format.ts";

test("metrics have four decimals, or four digits where decimals would say nothing", () => {
  expect([0.33021, 0, -12.5, 5.684342e-14, 1234567, Number.NaN].map(metric)).toEqual([
    "0.3302",
    "0.0000",
    "-12.5000",
    "5.684e-14",
    "1.235e+6",
    "NaN",
  ]);
});

test("sizes are multiples of 1000", () => {
  expect([0, 40, 999, 1000, 31_544, 49_900_000, 142_000_000, 999_960, 2.5e12].map(bytes)).toEqual([
    "0 B",
    "40 B",
    "999 B",
    "1.0 kB",
    "31.5 kB",
    "49.9 MB",
    "142 MB",
    "1000 kB",
    "2.5 TB",
  ]);
});

test("times are short", () => {
  expect([0.012, 0.3, 2.5, 3700].map(elapsed)).toEqual(["12 ms", "0.3 s", "2.5 s", "01:01:40"]);
  expect([1.2, 150, 11_100].map(shortTime)).toEqual(["1s", "2m30s", "3h05m"]);
  expect(clock(3725)).toBe("01:02:05");
});

test("thousands stand apart", () => {
  expect([7, 7850, 8312004, 2n ** 62n].map(thousands)).toEqual([
    "7",
    "7 850",
    "8 312 004",
    "4 611 686 018 427 387 904",
  ]);
});

test("control characters from files do not reach the terminal", () => {
  expect(printable("a\u001b[31m\nb")).toBe("a\\x1b[31m\\x0ab");
});

test("tables align columns, numbers to the right, wide letters counted as two", () => {
  expect(
    table(
      [
        ["name", "size"],
        ["重み", "10 B"],
        ["b", "1000 B"],
      ],
      [1],
    ),
  ).toEqual(["name     size", "重み     10 B", "b      1000 B"]);
});
