import { describe, test } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import { rowMajorStrides } from "../../../src/core/shape.ts";
import type { Body, MatmulStep, Node, Place } from "../../../src/engine/step.ts";
import { checkSteps, type Room } from "./harness.ts";

const at = (offset: number): Place => ({ at: "workspace", offset });

interface Case {
  readonly batch?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly dtype?: DTypeName;
  /** Further elements in each row of the operands. */
  readonly slack?: number;
  readonly shared?: boolean;
  readonly epilogue?: (offset: number, free: number) => Body;
}

function check(m: number, n: number, k: number, options: Case = {}): void {
  const { batch = 1, transposeA = false, transposeB = false, dtype = "float32", slack = 0, shared = false } = options;
  const { sizeBytes } = dtypeOf(dtype);
  const lda = (transposeA ? m : k) + slack;
  const ldb = (transposeB ? k : n) + slack;
  const sizeA = lda * (transposeA ? k : m);
  const sizeB = ldb * (transposeB ? n : k);
  const round = (x: number) => Math.ceil(x / 64) * 64;
  const a = 256;
  const b = a + round(batch * sizeA * sizeBytes);
  const c = b + round(batch * sizeB * sizeBytes);
  const free = c + round(batch * m * n * sizeBytes);
  const step: MatmulStep = {
    kind: "matmul",
    dtype,
    batch,
    m,
    n,
    k,
    transposeA,
    transposeB,
    a: at(a),
    b: at(b),
    c: at(c),
    lda,
    ldb,
    strideA: sizeA,
    strideB: shared ? 0 : sizeB,
    strideC: m * n,
    scratch: false,
    epilogue: options.epilogue?.(c, free) ?? null,
  };
  const rooms: Room[] = [
    { offset: a, dtype, count: batch * sizeA },
    { offset: b, dtype, count: batch * sizeB },
    { offset: c, dtype, count: batch * m * n },
    { offset: free, dtype, count: batch * m * n },
  ];
  // sums of k products of numbers up to 16, rounded k times
  checkSteps([step], rooms, [rooms[2]!], { tolerance: (dtype === "float64" ? 1e-13 : 1e-6) * Math.max(4, k) });
}

const transposes = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

describe.each(transposes)("matmul with transposeA %s and transposeB %s", (transposeA, transposeB) => {
  test.each([
    [1, 1, 1],
    [4, 8, 16],
    [5, 9, 3],
    [3, 7, 300],
    [70, 20, 33],
    [130, 17, 5],
    [2, 530, 9],
    [1, 37, 50],
    [37, 1, 50],
    [1, 1, 67],
    [100, 1, 1],
    [1, 100, 1],
    [9, 3, 1],
  ])("of %d x %d x %d", (m, n, k) => {
    check(m, n, k, { transposeA, transposeB });
    check(m, n, k, { transposeA, transposeB, slack: 3 });
  });

  test.each(["float64", "int32", "int64", "uint32"] as const)("of %s", (dtype) => {
    for (const [m, n, k] of [
      [6, 11, 7],
      [1, 9, 70],
      [9, 1, 70],
      [66, 5, 260],
    ] as const) {
      check(m, n, k, { transposeA, transposeB, dtype });
    }
  });

  test("of a batch, and of a batch with one right side", () => {
    check(5, 6, 7, { batch: 3, transposeA, transposeB });
    check(5, 1, 7, { batch: 3, transposeA, transposeB, shared: true });
  });
});

describe("matmul", () => {
  test("of no steps gives zeros", () => check(3, 5, 0));

  test("of no rows leaves everything alone", () => check(0, 5, 3));

  test("runs its epilogue over the product", () => {
    const float = "float32" as const;
    const nodes: Node[] = [
      { kind: "product", dtype: float },
      { kind: "load", load: 0, dtype: float },
      { kind: "binary", fn: "add", x: 0, y: 1, site: -1, dtype: float },
      { kind: "constant", value: 0, dtype: float },
      { kind: "binary", fn: "max", x: 2, y: 3, site: -1, dtype: float },
    ];
    check(6, 10, 20, {
      epilogue: (offset, free) => ({
        extents: [6, 10],
        loads: [{ place: at(free), dtype: float, strides: [0, 1] }],
        nodes,
        stores: [{ node: 4, view: { place: at(offset), dtype: float, strides: [10, 1] } }],
      }),
    });
  });

  const sumWith = (
    extents: readonly number[],
    strides: readonly number[],
    swapped: boolean,
    dtype: DTypeName = "float32",
  ) => ({
    dtype,
    epilogue: (offset: number, free: number): Body => ({
      extents,
      loads: [{ place: at(free), dtype, strides }],
      nodes: [
        { kind: "product", dtype },
        { kind: "load", load: 0, dtype },
        { kind: "binary", fn: "add", x: swapped ? 1 : 0, y: swapped ? 0 : 1, site: -1, dtype },
      ],
      stores: [{ node: 2, view: { place: at(offset), dtype, strides: rowMajorStrides(extents) } }],
    }),
  });

  test.each([
    [6, 16, 20],
    [7, 19, 5],
    [130, 9, 256],
    [70, 530, 3],
    [9, 11, 300],
    [1, 20, 30],
    [20, 1, 30],
  ])("adds a matrix, or a row, to a product of %d x %d x %d", (m, n, k) => {
    check(m, n, k, sumWith([m * n], [1], false));
    check(m, n, k, sumWith([m, n], [n, 1], true));
    check(m, n, k, sumWith([m, n], [0, 1], false));
    check(m, n, k, sumWith([m, n], [1, 0], true));
    check(m, n, k, { ...sumWith([m, n], [0, 1], true, "int64"), transposeA: true });
    check(m, n, k, { ...sumWith([3 * m * n], [1], false), batch: 3 });
    check(m, n, k, { ...sumWith([3 * m, n], [0, 1], false), batch: 3 });
  });
});
