/** Matmul, convolution, pooling. */
import { ndarray } from "../../../src/core/nd_array.ts";
import type { SpatialDim } from "../../../src/engine/primitive.ts";
import { type Case, f32, i32, nan } from "./case.ts";

const matrix = f32([
  [1, 2, 3],
  [4, 5, 6],
]);

const line = (input: number, filter: number, options: Partial<SpatialDim> = {}): SpatialDim => {
  const { stride = 1, dilation = 1, padBefore = 0 } = options;
  const output = options.output ?? Math.floor((input - dilation * (filter - 1) - 1) / stride) + 1;
  return { input, filter, output, stride, dilation, padBefore };
};

export const heavy: readonly Case[] = [
  {
    name: "matmul",
    inputs: [matrix, f32([[1], [0], [2]])],
    body: (p, x, y) => p.matmul(x!, y!),
    expected: [[7], [16]],
  },
  {
    name: "matmul of transposes",
    inputs: [matrix, matrix],
    body: (p, x, y) => p.matmul(x!, y!, { transposeA: true }),
    expected: [
      [17, 22, 27],
      [22, 29, 36],
      [27, 36, 45],
    ],
  },
  {
    name: "matmul of a transposed view",
    inputs: [matrix, matrix],
    body: (p, x, y) => p.matmul(x!, p.transpose(y!, [1, 0])),
    expected: [
      [14, 32],
      [32, 77],
    ],
  },
  {
    name: "matmul of both transposed",
    inputs: [
      matrix,
      f32([
        [1, 0],
        [0, 1],
      ]),
    ],
    body: (p, x, y) => p.matmul(x!, y!, { transposeA: true, transposeB: true }),
    expected: [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  },
  {
    name: "batches share a matrix",
    inputs: [
      f32([[[1, 2]], [[3, 4]]]),
      f32([
        [1, 1],
        [0, 1],
      ]),
    ],
    body: (p, x, y) => p.matmul(x!, y!),
    expected: [[[1, 3]], [[3, 7]]],
  },
  {
    name: "matmul over nothing",
    inputs: [ndarray([], "float32", [2, 0]), ndarray([], "float32", [0, 2])],
    body: (p, x, y) => p.matmul(x!, y!),
    expected: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    name: "int32 matmul",
    inputs: [i32([[65536]]), i32([[65536]])],
    body: (p, x, y) => p.matmul(x!, y!),
    expected: [[0]],
  },
  {
    name: "matmul, bias, relu",
    inputs: [matrix, f32([[1], [0], [-2]]), f32([6])],
    body: (p, x, y, b) => p.max(p.add(p.matmul(x!, y!), b!), p.scalar(0, "float32")),
    expected: [[1], [0]],
  },
  {
    name: "convolution",
    inputs: [f32([[[1], [2], [3], [4]]]), f32([[[1, 10]], [[-1, 1]]])],
    body: (p, x, w) =>
      p.convolution("forward", x!, w!, { batch: 1, inChannels: 1, outChannels: 2, groups: 1, spatial: [line(4, 2)] }),
    expected: [
      [
        [-1, 12],
        [-1, 23],
        [-1, 34],
      ],
    ],
  },
  {
    name: "padded, strided, dilated",
    inputs: [f32([[[1], [2], [3], [4], [5]]]), f32([[[1]], [[1]]])],
    body: (p, x, w) =>
      p.convolution("forward", x!, w!, {
        batch: 1,
        inChannels: 1,
        outChannels: 1,
        groups: 1,
        spatial: [line(5, 2, { stride: 2, dilation: 2, padBefore: 1, output: 3 })],
      }),
    expected: [[[2], [6], [4]]],
  },
  {
    name: "depthwise",
    inputs: [
      f32([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
      f32([[[10, 100]], [[1, 1]]]),
    ],
    body: (p, x, w) =>
      p.convolution("forward", x!, w!, { batch: 1, inChannels: 2, outChannels: 2, groups: 2, spatial: [line(2, 2)] }),
    expected: [[[13, 204]]],
  },
  {
    name: "input gradient",
    inputs: [f32([[[1]], [[2]]]), f32([[[1], [10]]])],
    body: (p, w, dy) =>
      p.convolution("inputGradient", w!, dy!, {
        batch: 1,
        inChannels: 1,
        outChannels: 1,
        groups: 1,
        spatial: [line(3, 2)],
      }),
    expected: [[[1], [12], [20]]],
  },
  {
    name: "filter gradient",
    inputs: [f32([[[1], [2], [3]]]), f32([[[1], [10]]])],
    body: (p, x, dy) =>
      p.convolution("filterGradient", x!, dy!, {
        batch: 1,
        inChannels: 1,
        outChannels: 1,
        groups: 1,
        spatial: [line(3, 2)],
      }),
    expected: [[[21]], [[32]]],
  },
  {
    name: "max pooling",
    inputs: [f32([[[1], [5], [nan], [2]]])],
    body: (p, x) => p.window("max", x!, { batch: 1, channels: 1, spatial: [line(4, 2, { stride: 2 })] }),
    expected: [[[5], [2]]],
  },
  {
    name: "average pooling leaves padding out",
    inputs: [f32([[[2], [4], [6]]])],
    body: (p, x) =>
      p.window("average", x!, { batch: 1, channels: 1, spatial: [line(3, 2, { stride: 2, padBefore: 1, output: 2 })] }),
    expected: [[[2], [5]]],
  },
  {
    name: "gradient of max pooling goes to the first",
    inputs: [f32([[[5], [5], [1], [2]]]), f32([[[5], [2]]]), f32([[[10], [20]]])],
    body: (p, x, y, dy) =>
      p.windowGradient("max", [x!, y!, dy!], { batch: 1, channels: 1, spatial: [line(4, 2, { stride: 2 })] }),
    expected: [[[10], [0], [0], [20]]],
  },
  {
    name: "gradient of average pooling",
    inputs: [f32([[[10], [20]]])],
    body: (p, dy) =>
      p.windowGradient("average", [dy!], {
        batch: 1,
        channels: 1,
        spatial: [line(3, 2, { stride: 2, padBefore: 1, output: 2 })],
      }),
    expected: [[[10], [10], [10]]],
  },
];
