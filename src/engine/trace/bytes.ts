/** How many bytes a step reads and writes, each element once. */
import { dtypeOf } from "../../core/dtype.ts";
import { elementCount } from "../../core/shape.ts";
import type { ConvolutionGeometry, WindowGeometry } from "../primitive.ts";
import type { Body, ConvolutionStep, Step, View } from "../step.ts";

const sizeOf = (dtype: View["dtype"]): number => dtypeOf(dtype).sizeBytes;

/** Elements of a view: extents that it does not cross (stride 0) count once. */
const viewBytes = ({ strides, dtype }: View, extents: readonly number[]): number =>
  extents.reduce((product, n, d) => (strides[d] === 0 && n > 0 ? product : product * n), 1) * sizeOf(dtype);

const bodyBytes = ({ extents, loads, stores }: Body): number =>
  [...loads, ...stores.map(({ view }) => view)].reduce((sum, view) => sum + viewBytes(view, extents), 0);

/** Image, filter and result: two are read and one is written, whichever way the convolution goes. */
function convolutionBytes({ dtype, geometry }: ConvolutionStep): number {
  const { inChannels, outChannels, groups, batch, spatial }: ConvolutionGeometry = geometry;
  const along = (of: "input" | "output" | "filter"): number => spatial.reduce((product, s) => product * s[of], 1);
  const image = batch * along("input") * inChannels;
  const filter = along("filter") * (inChannels / groups) * outChannels;
  const result = batch * along("output") * outChannels;
  return (image + filter + result) * sizeOf(dtype);
}

const windowElements = ({ batch, channels, spatial }: WindowGeometry, of: "input" | "output"): number =>
  spatial.reduce((product, s) => product * s[of], batch * channels);

export function bytesOf(step: Step): number {
  switch (step.kind) {
    case "loop":
      return bodyBytes(step) + step.reductions.reduce((sum, { view }) => sum + viewBytes(view, step.extents), 0);
    case "matmul": {
      const { m, n, k, batch, strideA, strideB, dtype, epilogue, scratch } = step;
      const a = m * k * (strideA === 0 ? 1 : batch);
      const b = k * n * (strideB === 0 ? 1 : batch);
      const product = epilogue ? bodyBytes(epilogue) - (scratch ? m * n * batch * sizeOf(dtype) : 0) : 0;
      return (a + b + (epilogue ? 0 : m * n * batch)) * sizeOf(dtype) + Math.max(product, 0);
    }
    case "convolution":
      return convolutionBytes(step) + (step.epilogue ? bodyBytes(step.epilogue) : 0);
    case "window":
      return (windowElements(step.geometry, "input") + windowElements(step.geometry, "output")) * sizeOf(step.dtype);
    case "windowGradient": {
      const [input, output] = [windowElements(step.geometry, "input"), windowElements(step.geometry, "output")];
      return (step.fn === "max" ? 2 * input + 2 * output : input + output) * sizeOf(step.dtype);
    }
    case "gather": {
      const rows = step.batch * step.outer * step.count;
      return 2 * rows * step.inner * step.sizeBytes + step.batch * step.count * sizeOf(step.indexDtype);
    }
    case "scatter": {
      const updates = step.scalar ? 1 : step.count * step.inner;
      const rows = (step.fn === "update" ? 1 : 2) * step.count * step.inner;
      return (rows + updates) * sizeOf(step.dtype) + step.count * sizeOf(step.indexDtype);
    }
    case "dynamicSlice":
      return 2 * elementCount(step.size) * step.sizeBytes;
    case "argReduce":
      return step.outer * step.inner * (step.n * sizeOf(step.dtype) + sizeOf(step.outDtype));
    case "order":
      return step.rows * step.n * (sizeOf(step.dtype) + 4);
    case "firstEqual":
      return step.n * (sizeOf(step.dtype) + 4);
    case "scan":
      return 2 * step.outer * step.n * step.inner * sizeOf(step.dtype);
    case "random":
      return step.count * sizeOf(step.dtype);
    case "check":
      return step.count;
  }
}
