import { describe, expect, test } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import { elementCount, rowMajorStrides } from "../../../src/core/shape.ts";
import type { BinaryFunction, ReduceFunction, UnaryFunction } from "../../../src/engine/primitive.ts";
import { binaryFunctions, predicates, unaryFunctions } from "../../../src/engine/primitive.ts";
import { hasBinary, hasUnary } from "../../../src/engine/reference/scalar.ts";
import type { LoopStep, Node, View } from "../../../src/engine/step.ts";
import { checkSteps, generator, type Room } from "./harness.ts";

/** Lays rooms one after the other from 256 on. */
class Rooms {
  readonly inputs: Room[] = [];
  readonly results: Room[] = [];
  private top = 256;

  view(list: Room[], dtype: DTypeName, count: number, strides: readonly number[], start = 0): View {
    const { sizeBytes } = dtypeOf(dtype);
    const offset = this.top;
    list.push({ offset, dtype, count });
    this.top += Math.ceil((count * sizeBytes + 64) / 64) * 64;
    return { place: { at: "workspace", offset: offset + start * sizeBytes }, dtype, strides };
  }
}

const loop = (step: Partial<LoopStep> & Pick<LoopStep, "extents">): LoopStep => ({
  kind: "loop",
  loads: [],
  nodes: [],
  stores: [],
  reductions: [],
  reduced: step.extents.map(() => false),
  ...step,
});

const load = (k: number, dtype: DTypeName): Node => ({ kind: "load", load: k, dtype });

/** y = body(loads) over dense arrays of n elements. */
function checkDense(n: number, dtypes: readonly DTypeName[], nodes: readonly Node[], tolerance?: number): void {
  const rooms = new Rooms();
  const loads = dtypes.map((dtype) => rooms.view(rooms.inputs, dtype, n, [1]));
  const { dtype } = nodes.at(-1)!;
  const view = rooms.view(rooms.results, dtype, n, [1]);
  const all = [...dtypes.map((d, k) => load(k, d)), ...nodes];
  const step = loop({ extents: [n], loads, nodes: all, stores: [{ node: all.length - 1, view }] });
  checkSteps([step], rooms.inputs, rooms.results, tolerance === undefined ? {} : { tolerance });
}

const dtypes: DTypeName[] = [
  "float32",
  "float64",
  "bfloat16",
  "float16",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "bool",
];

const isFloat = (dtype: DTypeName) => dtype.includes("float");
/** Differences of a rounding that falls the other way are 2^-8 in bfloat16, 2^-11 in float16. */
const toleranceOf = (dtype: DTypeName) =>
  dtype === "bfloat16" ? 0.01 : dtype === "float16" ? 1e-3 : dtype === "float64" ? 1e-13 : 2e-6;

describe("elementwise functions", () => {
  const unaries = dtypes.flatMap((dtype) =>
    unaryFunctions.filter((fn) => hasUnary(fn, dtype)).map((fn): [UnaryFunction, DTypeName] => [fn, dtype]),
  );
  test.each(unaries)("%s of %s", (fn, dtype) => {
    const result = predicates.has(fn) ? "bool" : dtype;
    checkDense(23, [dtype], [{ kind: "unary", fn, x: 0, dtype: result }], toleranceOf(dtype));
  });

  const binaries = dtypes.flatMap((dtype) =>
    binaryFunctions.filter((fn) => hasBinary(fn, dtype)).map((fn): [BinaryFunction, DTypeName] => [fn, dtype]),
  );
  test.each(binaries)("%s of %s", (fn, dtype) => {
    const result = predicates.has(fn) ? "bool" : dtype;
    const node: Node = { kind: "binary", fn, x: 0, y: 1, site: -1, dtype: result };
    checkDense(37, [dtype, dtype], [node], toleranceOf(dtype));
  });

  const casts = dtypes.flatMap((from) => dtypes.map((to): [DTypeName, DTypeName] => [from, to]));
  test.each(casts)("cast of %s to %s", (from, to) => {
    checkDense(21, [from], [{ kind: "cast", x: 0, dtype: to }]);
  });

  test.each(dtypes)("select of %s", (dtype) => {
    checkDense(19, ["bool", dtype, dtype], [{ kind: "select", condition: 0, x: 1, y: 2, dtype }]);
  });

  test.each(["int32", "int64", "float32", "bool"] as const)("a computed condition selects %s", (dtype) => {
    checkDense(
      19,
      [dtype, dtype],
      [
        { kind: "binary", fn: dtype === "bool" ? "ne" : "lt", x: 0, y: 1, site: -1, dtype: "bool" },
        { kind: "select", condition: 2, x: 1, y: 0, dtype },
      ],
    );
  });
});

describe("integer division by zero", () => {
  test.each(["int32", "int64", "uint8"] as const)("of %s ends the run with the element's position", (dtype) => {
    const node: Node = { kind: "binary", fn: "floorDiv", x: 0, y: 1, site: 3, dtype };
    checkDense(40, [dtype, dtype], [node]);
  });
});

describe("index nodes", () => {
  test.each(["int32", "float32", "int64", "float64", "uint8"] as const)("count as %s along an axis", (dtype) => {
    const rooms = new Rooms();
    const view = rooms.view(rooms.results, dtype, 5 * 7, [7, 1]);
    const nodes: Node[] = [{ kind: "index", start: 2, strides: [3, 1], dtype }];
    checkSteps([loop({ extents: [5, 7], nodes, stores: [{ node: 0, view }] })], [], rooms.results);
  });
});

describe("places", () => {
  test("an argument and an address in memory are read like the workspace", () => {
    const rooms = new Rooms();
    const source = rooms.view(rooms.inputs, "float32", 32, [1]);
    const argument = { ...source, place: { at: "argument", index: 0, offset: 4096 + 256 } as const };
    const memory = { ...source, place: { at: "memory", address: 4096 + 256 } as const };
    const view = rooms.view(rooms.results, "float32", 32, [1]);
    const nodes: Node[] = [
      load(0, "float32"),
      load(1, "float32"),
      load(2, "float32"),
      { kind: "binary", fn: "mul", x: 0, y: 1, site: -1, dtype: "float32" },
      { kind: "binary", fn: "add", x: 2, y: 3, site: -1, dtype: "float32" },
    ];
    const step = loop({ extents: [32], loads: [source, argument, memory], nodes, stores: [{ node: 4, view }] });
    checkSteps([step], rooms.inputs, rooms.results);
  });
});

/** Random loops of one dtype family: shapes, broadcasts, transposes, negative strides, several stores and reductions. */
describe("random loops", () => {
  const families: DTypeName[] = ["float32", "int32", "float64", "int64", "bfloat16", "uint8"];
  const seeds = Array.from({ length: 120 }, (_, k) => k + 1);

  test.each(seeds)("number %d agrees with the reference", (seed) => {
    const next = generator(seed * 7919);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
    const dtype = pick(families);
    const rank = Math.floor(next() * 4);
    const extents = Array.from({ length: rank }, () => pick([2, 3, 4, 5, 8, 9, 17, 33]));
    if (rank === 1 && next() < 0.5) extents[0] = pick([100, 257, 1000, 9001]);
    if (rank === 2 && next() < 0.3) extents[0] = pick([100, 257]);
    const rooms = new Rooms();
    const count = elementCount(extents);

    const randomView = (of: DTypeName): View => {
      const kind = next();
      const dense = rowMajorStrides(extents);
      if (kind < 0.4) return rooms.view(rooms.inputs, of, count, dense);
      if (kind < 0.7) {
        const kept = extents.map((n) => (next() < 0.5 ? 1 : n));
        const strides = rowMajorStrides(kept).map((s, d) => (kept[d] === 1 ? 0 : s));
        return rooms.view(rooms.inputs, of, elementCount(kept), strides);
      }
      if (kind < 0.85) {
        const reversed = rowMajorStrides(extents.toReversed()).toReversed();
        return rooms.view(rooms.inputs, of, count, reversed);
      }
      const last = extents.at(-1) ?? 1;
      const strides = dense.map((s, d) => (d === rank - 1 ? -s : s));
      return rooms.view(rooms.inputs, of, count, strides, last - 1);
    };
    const loads = Array.from({ length: 1 + Math.floor(next() * 3) }, (_, k) =>
      randomView(k === 2 && next() < 0.5 ? "bool" : dtype),
    );
    const nodes: Node[] = loads.map((view, k) => load(k, view.dtype));
    const ofDtype = () => pick(nodes.flatMap((node, k) => (node.dtype === dtype ? [k] : [])));
    for (let k = 0; k < 4; k++) {
      const kind = next();
      if (kind < 0.3) nodes.push({ kind: "unary", fn: pick(["neg", "abs", "square", "sign"]), x: ofDtype(), dtype });
      else if (kind < 0.7) {
        const fn = pick(["add", "sub", "mul", "max", "min"] as const);
        nodes.push({ kind: "binary", fn, x: ofDtype(), y: ofDtype(), site: -1, dtype });
      } else if (kind < 0.8) {
        nodes.push({ kind: "constant", value: dtype === "int64" ? 3n : 3, dtype });
      } else {
        nodes.push({ kind: "binary", fn: pick(["lt", "ge"]), x: ofDtype(), y: ofDtype(), site: -1, dtype: "bool" });
        nodes.push({ kind: "select", condition: nodes.length - 1, x: ofDtype(), y: ofDtype(), dtype });
      }
    }
    const last = nodes.length - 1;
    const reduced = extents.map(() => next() < 0.5);
    const reductions = next() < 0.6 ? [ofDtype(), last].slice(0, 1 + Math.floor(next() * 2)) : [];
    const stores = reductions.length === 0 || next() < 0.3 ? [last] : [];
    const step = loop({
      extents,
      loads,
      nodes,
      stores: stores.map((node) => ({ node, view: rooms.view(rooms.results, dtype, count, rowMajorStrides(extents)) })),
      reduced: reductions.length ? reduced : extents.map(() => false),
      reductions: reductions.map((node) => {
        const fn = pick<ReduceFunction>(isFloat(dtype) ? ["sum", "max", "min"] : ["sum", "prod", "max", "min"]);
        const kept = extents.map((n, d) => (reduced[d] ? 1 : n));
        const strides = rowMajorStrides(kept).map((s, d) => (reduced[d] ? 0 : s));
        return { fn, node, view: rooms.view(rooms.results, dtype, elementCount(kept), strides) };
      }),
    });

    checkSteps([step], rooms.inputs, rooms.results, { tolerance: dtype === "bfloat16" ? 0.02 : 1e-5, seed });
  });
});

describe("reductions", () => {
  test.each([
    ["any", 1000],
    ["all", 1000],
    ["any", 3],
    ["all", 3],
  ] as const)("%s of %d bools", (fn, n) => {
    const rooms = new Rooms();
    const view = rooms.view(rooms.inputs, "bool", n, [1]);
    const out = rooms.view(rooms.results, "bool", 1, [0]);
    const reductions = [{ fn, node: 0, view: out }];
    const step = loop({ extents: [n], loads: [view], nodes: [load(0, "bool")], reduced: [true], reductions });
    checkSteps([step], rooms.inputs, rooms.results);
  });

  test.each(["sum", "prod", "max", "min"] as const)("an empty %s is its neutral element", (fn) => {
    for (const dtype of ["float32", "int32", "int64", "uint8"] as const) {
      const rooms = new Rooms();
      const view = rooms.view(rooms.inputs, dtype, 0, [0, 1]);
      const out = rooms.view(rooms.results, dtype, 5, [1, 0]);
      const reductions = [{ fn, node: 0, view: out }];
      const step = loop({
        extents: [5, 0],
        loads: [view],
        nodes: [load(0, dtype)],
        reduced: [false, true],
        reductions,
      });
      checkSteps([step], rooms.inputs, rooms.results);
    }
  });

  test("a sum of a million floats is as good as one in doubles", () => {
    const rooms = new Rooms();
    const n = 1_000_003;
    const view = rooms.view(rooms.inputs, "float32", n, [1]);
    const out = rooms.view(rooms.results, "float32", 1, [0]);
    const square: Node = { kind: "unary", fn: "square", x: 0, dtype: "float32" };
    const step = loop({
      extents: [n],
      loads: [view],
      nodes: [load(0, "float32"), square],
      reduced: [true],
      reductions: [{ fn: "sum", node: 1, view: out }],
    });
    // partial sums of 256 positive numbers in each lane
    checkSteps([step], rooms.inputs, rooms.results, { tolerance: 1e-6 });
    expect(n).toBe(1_000_003);
  });
});

describe("copies", () => {
  test.each(["float16", "bfloat16", "float32", "float64", "complex64", "complex128"] as const)(
    "of %s keep all bits",
    (dtype) => {
      const rooms = new Rooms();
      const count = 6 * 8;
      const source = rooms.view(rooms.inputs, dtype, count, [1, 6]);
      const view = rooms.view(rooms.results, dtype, count, [8, 1]);
      const step = loop({ extents: [6, 8], loads: [source], nodes: [load(0, dtype)], stores: [{ node: 0, view }] });
      checkSteps([step], rooms.inputs, rooms.results, { tolerance: 0 });
    },
  );

  test("float16 at the ends of its range is rounded as the reference does", () => {
    const values = [0, -0, 65504, 65519, 65520, 1e9, -1e9, 6e-8, 3e-8, 2.9e-8, 6.1e-5, 6.103e-5, 1.0005, NaN, Infinity];
    const rooms = new Rooms();
    const source = rooms.view(rooms.inputs, "float32", values.length, [1]);
    const [room] = rooms.inputs;
    const half = rooms.view(rooms.results, "float16", values.length, [1]);
    const back = rooms.view(rooms.results, "float32", values.length, [1]);
    const nodes: Node[] = [load(0, "float32"), { kind: "cast", x: 0, dtype: "float16" }];
    const widen: Node[] = [load(0, "float16"), { kind: "cast", x: 0, dtype: "float32" }];
    const extents = [values.length];
    const steps = [
      loop({ extents, loads: [source], nodes, stores: [{ node: 1, view: half }] }),
      loop({ extents, loads: [half], nodes: widen, stores: [{ node: 1, view: back }] }),
    ];
    checkSteps(steps, [{ ...room!, values }], rooms.results, { tolerance: 0 });
  });
});

describe("transpositions", () => {
  test.each([
    [
      [20, 20],
      [1, 0],
    ],
    [
      [17, 33],
      [1, 0],
    ],
    [
      [5, 40, 9],
      [0, 2, 1],
    ],
    [
      [6, 7, 8, 9],
      [0, 2, 1, 3],
    ],
    [
      [6, 7, 8, 9],
      [3, 2, 1, 0],
    ],
    [
      [3, 50, 4],
      [2, 1, 0],
    ],
  ] as const)("of %j by %j", (shape, perm) => {
    for (const dtype of ["float32", "int64", "uint8"] as const) {
      const rooms = new Rooms();
      const count = elementCount(shape);
      const strides = rowMajorStrides(shape);
      const extents = perm.map((p) => shape[p]!);
      const source = rooms.view(
        rooms.inputs,
        dtype,
        count,
        perm.map((p) => strides[p]!),
      );
      const view = rooms.view(rooms.results, dtype, count, rowMajorStrides(extents));
      const step = loop({ extents, loads: [source], nodes: [load(0, dtype)], stores: [{ node: 0, view }] });
      checkSteps([step], rooms.inputs, rooms.results);
    }
  });
});
