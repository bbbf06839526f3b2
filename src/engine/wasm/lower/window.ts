/** Pooling and its gradients over tables of window entries. */
import { dtypeOf } from "../../../core/dtype.ts";
import { elementCount, rowMajorStrides } from "../../../core/shape.ts";
import type { SpatialDim, WindowGeometry } from "../../primitive.ts";
import type { Place, WindowGradientStep, WindowStep } from "../../step.ts";
import { window, windowGradient } from "../kernels/window.ts";
import type { Expr } from "../lanes.ts";
import { addressOf, fillZero, isShared, type Part, type Scratch } from "./part.ts";

const floats = { float32: "f32", float64: "f64" } as const;
const floatOf = (dtype: string): "f32" | "f64" | undefined => floats[dtype as keyof typeof floats];

/** The positions along one dimension that window o covers. */
function covered({ input, filter, stride, dilation, padBefore }: SpatialDim, o: number): number[] {
  const out: number[] = [];
  for (let k = 0; k < filter; k++) {
    const i = o * stride + k * dilation - padBefore;
    if (i >= 0 && i < input) out.push(i);
  }
  return out;
}

/** Input pixels of every window in row-major order, as byte offsets, and where each window's begin. */
function tablesOf({ spatial, channels }: WindowGeometry, size: number) {
  const strides = rowMajorStrides(spatial.map((s) => s.input));
  const starts = [0];
  const entries: number[] = [];
  const visit = (d: number, offsets: readonly number[]): void => {
    if (d === spatial.length) {
      entries.push(...offsets.map((offset) => offset * channels * size));
      starts.push(entries.length);
      return;
    }
    for (let o = 0; o < spatial[d]!.output; o++) {
      const steps = covered(spatial[d]!, o);
      visit(
        d + 1,
        offsets.flatMap((offset) => steps.map((i) => offset + i * strides[d]!)),
      );
    }
  };
  visit(0, [0]);
  return { starts, entries };
}

/** The arguments that window and windowGradient have in common, after x and out; and whether threads share the images. */
function common(geometry: WindowGeometry, size: number, scratch: Scratch) {
  const { batch, channels, spatial } = geometry;
  const { starts, entries } = tablesOf(geometry, size);
  const xBytes = elementCount(spatial.map((s) => s.input)) * channels * size;
  const numbers = [scratch.table(starts), scratch.table(entries), starts.length - 1, channels * size, batch, xBytes];
  return { numbers, last: [scratch.job, isShared(workOfEntry * batch * entries.length * channels, scratch)] };
}

/** Elementary operations for each input pixel of a window. */
const workOfEntry = 4;

export function lowerWindow({ fn, dtype, geometry, x, out }: WindowStep, scratch: Scratch): readonly Part[] | null {
  const type = floatOf(dtype);
  if (!type) return null;
  const { numbers, last } = common(geometry, dtypeOf(dtype).sizeBytes, scratch);
  return [
    { kernel: window(fn, type), args: (base) => [addressOf(x, base), addressOf(out, base), ...numbers, ...last] },
  ];
}

export function lowerWindowGradient(step: WindowGradientStep, scratch: Scratch): readonly Part[] | null {
  const { fn, dtype, geometry, x, y, dy, out } = step;
  const type = floatOf(dtype);
  if (!type) return null;
  const { batch, channels, spatial } = geometry;
  const size = dtypeOf(dtype).sizeBytes;
  const { numbers, last } = common(geometry, size, scratch);
  const outBytes = elementCount(spatial.map((s) => s.output)) * channels * size;
  const elements = batch * elementCount(spatial.map((s) => s.input)) * channels;
  const at = (place: Place | null, base: Expr) => (place ? addressOf(place, base) : 0);
  return [
    fillZero(out, dtype, elements),
    {
      kernel: windowGradient(fn, type),
      args: (base) => [
        at(x, base),
        addressOf(out, base),
        ...numbers,
        at(y, base),
        addressOf(dy, base),
        outBytes,
        ...last,
      ],
    },
  ];
}
