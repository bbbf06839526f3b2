import { describe, expect, test } from "vitest";
import { plot } from "../../src/ui/plot.ts";

describe("plot", () => {
  test("joins two corners by a diagonal of dots", () => {
    const { lines, low, high, middle } = plot(
      [
        { x: 0, y: 1 },
        { x: 1, y: 0 },
      ],
      { width: 2, height: 1 },
    );
    expect(lines).toEqual(["⠑⢄"]);
    expect([low, high, middle]).toEqual([0, 1, 0.5]);
  });

  test("leaves room up to the goal on the right", () => {
    const { lines } = plot(
      [
        { x: 0, y: 1 },
        { x: 1, y: 1 },
      ],
      { width: 4, height: 1, from: 0, to: 4 },
    );
    expect(lines).toEqual(["⠤⠄  "]);
  });

  test("draws a level line in the middle, and one point as a dot", () => {
    expect(
      plot(
        [
          { x: 0, y: 5 },
          { x: 3, y: 5 },
        ],
        { width: 2, height: 1 },
      ).lines,
    ).toEqual(["⠤⠤"]);
    expect(plot([{ x: 0, y: 5 }], { width: 2, height: 1 }).lines).toEqual(["⠄ "]);
  });

  test("spaces powers of ten evenly on a log axis, without what is not positive", () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: 10 ** (3 - x) }));
    const drawn = plot([...points, { x: 3.5, y: 0 }], { width: 2, height: 1, log: true, to: 3 });
    expect(drawn.lines).toEqual(["⠑⢄"]);
    expect(drawn.low).toBeCloseTo(1);
    expect(drawn.high).toBeCloseTo(1000);
    expect(drawn.middle).toBeCloseTo(10 ** 1.5);
  });

  test("leaves out what is not finite, and draws nothing of nothing", () => {
    const drawn = plot(
      [
        { x: 0, y: Number.NaN },
        { x: 1, y: Number.POSITIVE_INFINITY },
      ],
      { width: 2, height: 2 },
    );
    expect(drawn.lines).toEqual(["  ", "  "]);
  });

  test("uses stars where braille is not to be had", () => {
    const { lines } = plot(
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      { width: 4, height: 4, ascii: true },
    );
    expect(lines).toEqual(["   *", "  * ", " *  ", "*   "]);
  });
});
