import { describe, test } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import { elementCount } from "../../../src/core/shape.ts";
import type { SpatialDim, WindowGeometry } from "../../../src/engine/primitive.ts";
import type { Place, Step } from "../../../src/engine/step.ts";
import { checkSteps, type Room } from "./harness.ts";

/** Places of operands, one after the other; `constant` gives them these numbers. */
class Layout {
  readonly rooms: Room[] = [];
  private top = 256;

  place(dtype: DTypeName, count: number, values?: readonly number[]): Place {
    const offset = this.top;
    this.rooms.push({ offset, dtype, count, ...(values && { values }) });
    this.top += Math.ceil((count * dtypeOf(dtype).sizeBytes + 1) / 64) * 64;
    return { at: "workspace", offset };
  }

  check(step: Step): void {
    checkSteps([step], this.rooms, this.rooms.slice(-1));
  }
}

/** The status and report of a failing step are compared too. */
describe("gather", () => {
  const run = (options: {
    indices: readonly number[];
    inner?: number;
    batch?: number;
    outer?: number;
    indexDtype?: "int32" | "int64";
    dtype?: DTypeName;
    site?: number;
    gap?: number;
  }) => {
    const {
      indices,
      inner = 5,
      batch = 1,
      outer = 1,
      indexDtype = "int32",
      dtype = "float32",
      site = 2,
      gap = 0,
    } = options;
    const limit = 7;
    const count = indices.length / batch;
    const layout = new Layout();
    const params = layout.place(dtype, batch * outer * limit * inner);
    const at = layout.place(indexDtype, indices.length, indices);
    const out = layout.place(dtype, batch * outer * count * (inner + gap));
    layout.check({
      kind: "gather",
      sizeBytes: dtypeOf(dtype).sizeBytes as 4,
      batch,
      outer,
      limit,
      inner,
      count,
      outStride: inner + gap,
      indexDtype,
      params,
      indices: at,
      out,
      site,
    });
  };

  test("takes rows of any width", () => {
    for (const inner of [1, 3, 4, 8, 30, 100]) run({ indices: [3, 0, 6, 6, 1], inner });
    for (const dtype of ["uint8", "int16", "float64", "complex128"] as const) run({ indices: [3, 0, 6], dtype });
  });

  test("takes int64 indices, batches and gaps between rows", () => {
    run({ indices: [3, 0, 6, 5], indexDtype: "int64" });
    run({ indices: [3, 0, 6, 5], batch: 2, outer: 3 });
    run({ indices: [3, 0, 6, 5], gap: 4 });
  });

  test.each(["int32", "int64"] as const)("fails at the first %s index out of range", (indexDtype) => {
    run({ indices: [3, 7, -1], indexDtype });
    run({ indices: [3, -1, 9], indexDtype });
  });

  test("gives zeros for such an index where nothing checks", () => run({ indices: [3, 7, -1, 2], site: -1 }));
});

describe("scatter", () => {
  const run = (fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min", dtype: DTypeName, extra = {}) => {
    const {
      indices = [4, 0, 4, 2],
      inner = 9,
      scalar = false,
      site = 1,
      indexDtype = "int32" as const,
    } = extra as {
      indices?: number[];
      inner?: number;
      scalar?: boolean;
      site?: number;
      indexDtype?: "int32" | "int64";
    };
    const layout = new Layout();
    const at = layout.place(indexDtype, indices.length, indices);
    const updates = layout.place(dtype, scalar ? 1 : indices.length * inner);
    const target = layout.place(dtype, 5 * inner);
    const shape = { rows: 5, inner, count: indices.length, scalar, indexDtype, site };
    layout.check({ kind: "scatter", fn, dtype, ...shape, target, indices: at, updates });
  };

  test.each(["update", "add", "sub", "mul", "div", "max", "min"] as const)("%s changes rows in order", (fn) => {
    run(fn, "float32");
    run(fn, "float64", { inner: 1 });
    run(fn, "float32", { scalar: true });
  });

  test("works on integers and int64 indices", () => {
    for (const dtype of ["int32", "int64"] as const) run("add", dtype, { indexDtype: "int64" });
  });

  test("fails at a row out of range, or leaves it out", () => {
    run("add", "float32", { indices: [1, 5, 2] });
    run("add", "float32", { indices: [1, -2, 2], site: -1 });
  });
});

describe("dynamicSlice", () => {
  const run = (shape: number[], size: number[], begin: number[], indexDtype: "int32" | "int64" = "int32") => {
    const layout = new Layout();
    const x = layout.place("float32", elementCount(shape));
    const at = layout.place(indexDtype, begin.length, begin);
    const out = layout.place("float32", elementCount(size));
    layout.check({ kind: "dynamicSlice", sizeBytes: 4, shape, size, indexDtype, x, begin: at, out, site: 3 });
  };

  test("copies the box that begins there", () => {
    run([10], [3], [4]);
    run([4, 5], [2, 5], [1, 0]);
    run([4, 5], [2, 3], [1, 2], "int64");
    run([3, 4, 5], [2, 1, 5], [1, 3, 0]);
    run([3, 4, 5], [3, 4, 5], [0, 0, 0]);
    run([], [], []);
  });

  test("fails at the first dimension out of range", () => {
    run([4, 5], [2, 3], [1, 3]);
    run([4, 5], [2, 3], [-1, 3], "int64");
  });
});

describe("check", () => {
  test.each([0, 1, 17, 40])("finds the first false of %d elements", (count) => {
    for (const at of [0, 5, 16, 33, count]) {
      const layout = new Layout();
      const values = Array.from({ length: count }, (_, i) => (i === at ? 0 : 1));
      layout.check({ kind: "check", count, condition: layout.place("bool", count, values), site: 4 });
    }
  });
});

describe("argReduce", () => {
  test.each(["float32", "float64", "int32", "int64", "uint8", "bfloat16"] as const)("of %s", (dtype) => {
    for (const fn of ["max", "min"] as const) {
      for (const [outer, n, inner] of [
        [5, 10, 1],
        [3, 4, 6],
        [2, 1, 3],
      ] as const) {
        for (const outDtype of ["int32", "int64"] as const) {
          const layout = new Layout();
          const x = layout.place(dtype, outer * n * inner);
          const out = layout.place(outDtype, outer * inner);
          layout.check({ kind: "argReduce", fn, dtype, outDtype, outer, n, inner, x, out });
        }
      }
    }
  });

  test("passes over NaN and gives 0 for nothing else", () => {
    const layout = new Layout();
    const x = layout.place("float32", 6, [Number.NaN, 1, 2, Number.NaN, Number.NaN, Number.NaN]);
    const out = layout.place("int32", 2);
    layout.check({
      kind: "argReduce",
      fn: "max",
      dtype: "float32",
      outDtype: "int32",
      outer: 2,
      n: 3,
      inner: 1,
      x,
      out,
    });
  });
});

describe("firstEqual", () => {
  test.each([
    ["int32", 0],
    ["int32", 1],
    ["int32", 500],
    ["int64", 500],
  ] as const)("of %s finds where each of %d elements came first", (dtype, n) => {
    for (const spread of [3, 1000, 65536]) {
      const layout = new Layout();
      const values = Array.from({ length: n }, (_, i) => ((i * 7919) % 97) * spread - 5);
      const x = layout.place(dtype, n, values);
      layout.check({ kind: "firstEqual", dtype, n, x, out: layout.place("int32", n) });
    }
  });
});

describe("order", () => {
  test.each(["float32", "int32", "uint8", "float64", "int64"] as const)("sorts rows of %s stably", (dtype) => {
    for (const descending of [false, true]) {
      for (const [rows, n] of [
        [3, 1],
        [2, 2],
        [4, 37],
        [1, 64],
        [2, 0],
      ] as const) {
        const layout = new Layout();
        const values = Array.from({ length: rows * n }, (_, i) => (i * 7919) % 11);
        const x = layout.place(dtype, rows * n, values);
        layout.check({ kind: "order", dtype, descending, rows, n, x, out: layout.place("int32", rows * n) });
      }
    }
  });

  test("puts NaN last in both directions", () => {
    for (const descending of [false, true]) {
      const layout = new Layout();
      const x = layout.place("float32", 7, [NaN, 2, NaN, -Infinity, Infinity, 2, NaN]);
      layout.check({ kind: "order", dtype: "float32", descending, rows: 1, n: 7, x, out: layout.place("int32", 7) });
    }
  });
});

describe("scan", () => {
  test.each(["float32", "float64", "int32", "int64", "uint8"] as const)("of %s", (dtype) => {
    for (const fn of ["sum", "prod"] as const) {
      for (const [exclusive, reverse] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const layout = new Layout();
        const x = layout.place(dtype, 2 * 5 * 7);
        const out = layout.place(dtype, 2 * 5 * 7);
        layout.check({ kind: "scan", fn, dtype, outer: 2, n: 5, inner: 7, exclusive, reverse, x, out });
      }
    }
  });
});

const dim = (input: number, filter: number, stride: number, pad = 0, dilation = 1): SpatialDim => ({
  input,
  filter,
  stride,
  dilation,
  padBefore: pad,
  output: Math.ceil((input + 2 * pad - (filter - 1) * dilation) / stride),
});

describe("window", () => {
  const geometries: [string, WindowGeometry][] = [
    ["2x2", { batch: 2, channels: 9, spatial: [dim(6, 2, 2), dim(8, 2, 2)] }],
    ["3x3 that overlap, with padding", { batch: 2, channels: 5, spatial: [dim(7, 3, 2, 1), dim(7, 3, 2, 1)] }],
    ["one channel", { batch: 3, channels: 1, spatial: [dim(5, 2, 1), dim(5, 3, 1)] }],
    ["1-D", { batch: 2, channels: 4, spatial: [dim(10, 3, 3)] }],
    ["3-D", { batch: 1, channels: 4, spatial: [dim(4, 2, 2), dim(5, 2, 1), dim(4, 3, 1, 1)] }],
    ["dilation", { batch: 1, channels: 4, spatial: [dim(9, 3, 1, 0, 2)] }],
  ];
  test.each(geometries)("of %s", (_, geometry) => {
    const { batch, channels, spatial } = geometry;
    const inputs = batch * channels * elementCount(spatial.map((s) => s.input));
    const outputs = batch * channels * elementCount(spatial.map((s) => s.output));
    for (const dtype of ["float32", "float64"] as const) {
      for (const fn of ["max", "average"] as const) {
        const layout = new Layout();
        const x = layout.place(dtype, inputs);
        const y = layout.place(dtype, outputs);
        layout.check({ kind: "window", fn, dtype, geometry, x, out: y });

        const back = new Layout();
        const places = fn === "max" ? [back.place(dtype, inputs), back.place(dtype, outputs)] : [null, null];
        const dy = back.place(dtype, outputs);
        const out = back.place(dtype, inputs);
        const forward: Step[] =
          fn === "max" ? [{ kind: "window", fn, dtype, geometry, x: places[0]!, out: places[1]! }] : [];
        const gradient: Step = { kind: "windowGradient", fn, dtype, geometry, x: places[0]!, y: places[1]!, dy, out };
        checkSteps([...forward, gradient], back.rooms, back.rooms.slice(-1), { tolerance: 1e-5 });
      }
    }
  });
});
