/** Reductions, movement, and indexed reads and writes. */

import { invalidArgument } from "../../../src/core/error.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import { big, bool, type Case, c64, f32, i32, i64, inf, nan } from "./case.ts";

export const reductions: readonly Case[] = [
  {
    name: "rows",
    inputs: [
      f32([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ],
    body: (p, x) => p.sum(x!, [1]),
    expected: [6, 15],
  },
  {
    name: "columns",
    inputs: [
      f32([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ],
    body: (p, x) => p.sum(x!, [-2], true),
    expected: [[5, 7, 9]],
  },
  {
    name: "all",
    inputs: [
      i32([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ],
    body: (p, x) => p.reduce("prod", x!, [0, 1]),
    expected: 720,
  },
  {
    name: "middle",
    inputs: [
      f32([
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ]),
    ],
    body: (p, x) => p.reduce("max", x!, [1]),
    expected: [
      [3, 4],
      [7, 8],
    ],
  },
  {
    name: "nothing",
    inputs: [ndarray([], "float32", [2, 0])],
    body: (p, x) => p.concat([p.sum(x!, [1]), p.reduce("max", x!, [1]), p.reduce("prod", x!, [1])], 0),
    expected: [0, 0, -inf, -inf, 1, 1],
  },
  {
    name: "NaN in max",
    inputs: [
      f32([
        [1, nan],
        [2, 3],
      ]),
    ],
    body: (p, x) => p.reduce("max", x!, [1]),
    expected: [nan, 3],
  },
  {
    name: "any and all",
    inputs: [
      bool([
        [1, 0],
        [1, 1],
      ]),
    ],
    body: (p, x) => p.concat([p.reduce("any", x!, [1]), p.reduce("all", x!, [1])], 0),
    expected: [true, true, false, true],
  },
  { name: "int64 exactly", inputs: [i64([big, 1n])], body: (p, x) => p.sum(x!, [0]), expected: big + 1n },
  {
    name: "complex",
    inputs: [
      c64([
        [1, 2],
        [3, 4],
      ]),
    ],
    body: (p, x) => p.sum(x!, [0]),
    expected: [4, 6],
  },
  {
    name: "argmax takes the first",
    inputs: [
      f32([
        [1, 3, 3],
        [nan, 1, 0],
      ]),
    ],
    body: (p, x) => p.argReduce("max", x!, 1, "int64"),
    expected: [1, 1],
  },
  {
    name: "argmin along the first axis",
    inputs: [
      i32([
        [1, 3],
        [0, 3],
      ]),
    ],
    body: (p, x) => p.argReduce("min", x!, 0, "int32"),
    expected: [1, 0],
  },
];

const matrix = f32([
  [1, 2, 3],
  [4, 5, 6],
]);
export const movement: readonly Case[] = [
  {
    name: "transpose",
    inputs: [matrix],
    body: (p, x) => p.transpose(x!, [1, 0]),
    expected: [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  },
  {
    name: "reshape of a transpose",
    inputs: [matrix],
    body: (p, x) => p.reshape(p.transpose(x!, [1, 0]), [2, 3]),
    expected: [
      [1, 4, 2],
      [5, 3, 6],
    ],
  },
  {
    name: "strided slice",
    inputs: [f32([0, 1, 2, 3, 4, 5])],
    body: (p, x) => p.slice(x!, [4], [3], [-2]),
    expected: [4, 2, 0],
  },
  {
    name: "reverse",
    inputs: [matrix],
    body: (p, x) => p.reverse(x!, [1]),
    expected: [
      [3, 2, 1],
      [6, 5, 4],
    ],
  },
  {
    name: "pad with interior",
    inputs: [f32([1, 2])],
    body: (p, x) => p.pad(x!, [1], [2], { interior: [1], fill: p.scalar(9, "float32") }),
    expected: [9, 1, 9, 2, 9, 9],
  },
  {
    name: "concat",
    inputs: [matrix, f32([[7], [8]])],
    body: (p, x, y) => p.concat([x!, y!], 1),
    expected: [
      [1, 2, 3, 7],
      [4, 5, 6, 8],
    ],
  },
  {
    name: "iota",
    inputs: [],
    body: (p) => p.iota("int32", [2, 3], 1),
    expected: [
      [0, 1, 2],
      [0, 1, 2],
    ],
  },
  {
    name: "dynamicSlice",
    inputs: [matrix, i32([1, 1])],
    body: (p, x, b) => p.dynamicSlice(x!, b!, [1, 2], () => invalidArgument("out of range")),
    expected: [[5, 6]],
  },
  {
    name: "broadcast in the middle",
    inputs: [f32([[1], [2]])],
    body: (p, x) => p.broadcast(x!, [2, 2]),
    expected: [
      [1, 1],
      [2, 2],
    ],
  },
];

export const indexed: readonly Case[] = [
  {
    name: "gather rows",
    inputs: [matrix, i32([1, 0, 1])],
    body: (p, x, i) => p.gather(x!, i!),
    expected: [
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ],
  },
  {
    name: "gather along an axis",
    inputs: [matrix, i64([[2n], [0n]])],
    body: (p, x, i) => p.gather(x!, i!, { axis: 1 }),
    expected: [
      [[3], [1]],
      [[6], [4]],
    ],
  },
  {
    name: "gather with batch dimensions",
    inputs: [matrix, i32([[0], [2]])],
    body: (p, x, i) => p.gather(x!, i!, { axis: 1, batchDims: 1 }),
    expected: [[1], [6]],
  },
  {
    name: "gather outside gives zeros",
    inputs: [matrix, i32([5])],
    body: (p, x, i) => p.gather(x!, i!),
    expected: [[0, 0, 0]],
  },
  {
    name: "scatter adds in order",
    inputs: [f32([1, 2, 3]), i32([0, 2, 0]), f32([10, 20, 30])],
    body: (p, x, i, u) => p.scatter("add", x!, i!, u!),
    expected: [41, 2, 23],
  },
  {
    name: "scatter updates rows",
    inputs: [matrix, i32([1]), f32([[7, 8, 9]])],
    body: (p, x, i, u) => p.scatter("update", x!, i!, u!),
    expected: [
      [1, 2, 3],
      [7, 8, 9],
    ],
  },
  {
    name: "scatter repeats one update",
    inputs: [f32([1, 2, 3]), i32([0, 2])],
    body: (p, x, i) => p.scatter("max", x!, i!, p.scalar(2.5, "float32")),
    expected: [2.5, 2, 3],
  },
  {
    name: "scatter drops rows outside",
    inputs: [f32([1, 2]), i32([2, -1, 0]), f32([5, 5, 5])],
    body: (p, x, i, u) => p.scatter("mul", x!, i!, u!),
    expected: [5, 2],
  },
  {
    name: "order",
    inputs: [f32([[2, nan, 1, 2]])],
    body: (p, x) => p.concat([p.order(x!, false), p.order(x!, true)], 0),
    expected: [
      [2, 0, 3, 1],
      [0, 3, 2, 1],
    ],
  },
  {
    name: "first equal",
    inputs: [i32([7, -3, 7, 0, -3, 7])],
    body: (p, x) => p.firstEqual(x!),
    expected: [0, 1, 0, 3, 1, 0],
  },
  {
    name: "first equal of int64 beyond 2^53",
    inputs: [i64([big, big - 1n, big])],
    body: (p, x) => p.firstEqual(x!),
    expected: [0, 1, 0],
  },
  {
    name: "sums of rows with equal keys",
    inputs: [
      i32([5, 2, 5]),
      f32([
        [1, 2],
        [3, 4],
        [10, 20],
      ]),
    ],
    body: (p, keys, rows) => p.scatter("add", p.fill(0, "float32", [3, 2]), p.firstEqual(keys!), rows!),
    expected: [
      [11, 22],
      [3, 4],
      [0, 0],
    ],
  },
  { name: "running sum", inputs: [f32([[1, 2, 3]])], body: (p, x) => p.scan("sum", x!, 1), expected: [[1, 3, 6]] },
  {
    name: "running product, exclusive, reversed",
    inputs: [f32([2, 3, 4])],
    body: (p, x) => p.scan("prod", x!, 0, { exclusive: true, reverse: true }),
    expected: [12, 4, 1],
  },
];
