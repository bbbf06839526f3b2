import { describe, test } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import { elementCount } from "../../../src/core/shape.ts";
import type { ConvolutionGeometry, SpatialDim } from "../../../src/engine/primitive.ts";
import type { Place } from "../../../src/engine/step.ts";
import { checkSteps, type Room } from "./harness.ts";

type Fn = "forward" | "inputGradient" | "filterGradient";
const fns: Fn[] = ["forward", "inputGradient", "filterGradient"];

const dim = (
  input: number,
  filter: number,
  stride = 1,
  pad: "same" | "valid" | number = "same",
  dilation = 1,
): SpatialDim => {
  const reach = (filter - 1) * dilation + 1;
  if (typeof pad === "number") {
    return {
      input,
      filter,
      stride,
      dilation,
      padBefore: pad,
      output: Math.floor((input + 2 * pad - reach) / stride) + 1,
    };
  }
  const output = pad === "same" ? Math.ceil(input / stride) : Math.floor((input - reach) / stride) + 1;
  const total = pad === "same" ? Math.max(0, (output - 1) * stride + reach - input) : 0;
  return { input, filter, stride, dilation, padBefore: Math.floor(total / 2), output };
};

function check(fn: Fn, geometry: ConvolutionGeometry, dtype: DTypeName = "float32"): void {
  const { batch, inChannels, outChannels, groups, spatial } = geometry;
  const taps = elementCount(spatial.map((s) => s.filter));
  const input = batch * elementCount(spatial.map((s) => s.input)) * inChannels;
  const filter = (taps * inChannels * outChannels) / groups;
  const output = batch * elementCount(spatial.map((s) => s.output)) * outChannels;
  const [x, y, out] = {
    forward: [input, filter, output],
    inputGradient: [filter, output, input],
    filterGradient: [input, output, filter],
  }[fn] as [number, number, number];
  const { sizeBytes } = dtypeOf(dtype);
  const round = (n: number) => Math.ceil((n * sizeBytes) / 64) * 64;
  const at = (offset: number): Place => ({ at: "workspace", offset });
  const places = [256, 256 + round(x), 256 + round(x) + round(y)] as const;
  const rooms: Room[] = [x, y, out].map((count, k) => ({ offset: places[k]!, dtype, count }));
  const step = {
    kind: "convolution" as const,
    fn,
    dtype,
    geometry,
    x: at(places[0]),
    y: at(places[1]),
    out: at(places[2]),
    scratch: false,
    epilogue: null,
  };
  // sums of as many products of numbers up to 16, rounded each time
  const terms = { forward: taps * inChannels, inputGradient: taps * outChannels, filterGradient: output / outChannels }[
    fn
  ];
  checkSteps([step], rooms, [rooms[2]!], { tolerance: (dtype === "float64" ? 1e-13 : 1e-6) * Math.max(terms, 8) });
}

const square = (n: number, filter: number, stride = 1, pad: "same" | "valid" | number = "same", dilation = 1) => [
  dim(n, filter, stride, pad, dilation),
  dim(n, filter, stride, pad, dilation),
];

const geometries: [string, ConvolutionGeometry][] = [
  ["3x3 same", { batch: 2, inChannels: 3, outChannels: 5, groups: 1, spatial: square(6, 3) }],
  ["5x5 same of one channel", { batch: 3, inChannels: 1, outChannels: 9, groups: 1, spatial: square(9, 5) }],
  ["5x5 same of 8 channels", { batch: 10, inChannels: 8, outChannels: 12, groups: 1, spatial: square(7, 5) }],
  ["valid", { batch: 2, inChannels: 4, outChannels: 8, groups: 1, spatial: square(8, 3, 1, "valid") }],
  ["stride 2 same", { batch: 2, inChannels: 4, outChannels: 6, groups: 1, spatial: square(9, 3, 2) }],
  [
    "stride 2 valid with a rest",
    { batch: 2, inChannels: 3, outChannels: 4, groups: 1, spatial: square(8, 3, 2, "valid") },
  ],
  [
    "stride 3 over a 2x2 filter",
    { batch: 1, inChannels: 2, outChannels: 3, groups: 1, spatial: square(10, 2, 3, "valid") },
  ],
  ["5x5 stride 2", { batch: 2, inChannels: 5, outChannels: 9, groups: 1, spatial: square(8, 5, 2) }],
  ["4x4 stride 2 with padding 3", { batch: 2, inChannels: 4, outChannels: 4, groups: 1, spatial: square(9, 4, 2, 3) }],
  ["1x1", { batch: 2, inChannels: 7, outChannels: 9, groups: 1, spatial: square(5, 1) }],
  ["1x1 stride 2", { batch: 2, inChannels: 4, outChannels: 8, groups: 1, spatial: square(6, 1, 2) }],
  ["dilation 2", { batch: 2, inChannels: 4, outChannels: 4, groups: 1, spatial: square(9, 3, 1, "same", 2) }],
  [
    "dilation 2 stride 2",
    { batch: 1, inChannels: 3, outChannels: 4, groups: 1, spatial: square(11, 3, 2, "valid", 2) },
  ],
  ["1-D", { batch: 3, inChannels: 5, outChannels: 7, groups: 1, spatial: [dim(20, 4)] }],
  ["3-D", { batch: 2, inChannels: 2, outChannels: 3, groups: 1, spatial: [dim(4, 2), dim(5, 3), dim(6, 3, 2)] }],
  ["unequal sides", { batch: 2, inChannels: 6, outChannels: 10, groups: 1, spatial: [dim(5, 3, 2), dim(12, 5, 1, 3)] }],
  ["many channels", { batch: 1, inChannels: 70, outChannels: 33, groups: 1, spatial: square(5, 3) }],
  ["more channels than a block", { batch: 1, inChannels: 600, outChannels: 9, groups: 1, spatial: square(3, 3) }],
  ["depthwise", { batch: 2, inChannels: 6, outChannels: 6, groups: 6, spatial: square(7, 3) }],
  ["depthwise stride 2", { batch: 2, inChannels: 9, outChannels: 9, groups: 9, spatial: square(8, 3, 2) }],
  ["depthwise with a multiplier", { batch: 2, inChannels: 3, outChannels: 6, groups: 3, spatial: square(6, 3) }],
  ["two groups", { batch: 2, inChannels: 4, outChannels: 6, groups: 2, spatial: square(6, 3) }],
  ["an image without pixels", { batch: 0, inChannels: 4, outChannels: 6, groups: 1, spatial: square(6, 3) }],
];

describe.each(fns)("convolution %s", (fn) => {
  test.each(geometries)("of %s", (_, geometry) => check(fn, geometry));

  test.each(["float64", "int32", "int64"] as const)("in %s", (dtype) => {
    check(fn, { batch: 2, inChannels: 3, outChannels: 5, groups: 1, spatial: square(6, 3) }, dtype);
    check(fn, { batch: 2, inChannels: 4, outChannels: 6, groups: 1, spatial: square(6, 3, 2) }, dtype);
  });
});
