/** Shapes of pooling, while building and in kernels. Source: common_shape_fns.cc, pooling_ops_common.cc, pooling_ops_3d.cc. */
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, type FullShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { WindowGeometry } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { toNumbers } from "../../array/basic/elements.ts";
import { checkExplicitPaddings, explicitOf, layoutOf, type Padding, slideAxis, staticOutput } from "../window.ts";

export interface PoolAttrs {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly explicit_paddings?: readonly number[];
  readonly data_format: string;
}

/** Output shape while building. `hasDepthWindow`: channels may be pooled too (maxima of images). */
export function poolShape(op: string, input: Shape, attrs: PoolAttrs, { hasDepthWindow = false } = {}): Dim[] {
  const layout = layoutOf(attrs.data_format === "NCHW_VECT_C" ? "NCHW" : attrs.data_format);
  const { rank } = layout;
  const x = withRank(input, rank);
  if (attrs.strides.length !== rank)
    throw invalidArgument(
      `${op} requires the stride attribute to contain ${rank} values, but got: ${attrs.strides.length}`,
    );
  if (attrs.ksize.length !== rank)
    throw invalidArgument(
      `${op} requires the ksize attribute to contain ${rank} values, but got: ${attrs.ksize.length}`,
    );
  checkExplicitPaddings(attrs.padding, attrs.explicit_paddings ?? [], layout);
  const slid = new Set([...layout.spatial, ...(hasDepthWindow ? [layout.channel] : [])]);
  return x.map((d, axis) =>
    slid.has(axis)
      ? staticOutput(d, attrs.ksize[axis]!, {
          stride: attrs.strides[axis]!,
          dilation: 1,
          padding: attrs.padding as Padding,
          explicit: explicitOf(attrs.explicit_paddings ?? [], axis),
        })
      : d,
  );
}

/** Throws what kernels say of windows that they do not take. */
export function checkPool(
  input: FullShape,
  attrs: PoolAttrs,
  words: { readonly what: string; readonly isMax: boolean },
): void {
  const rank = attrs.data_format.length;
  const { channel } = layoutOf(attrs.data_format);
  if (attrs.ksize.length !== rank) throw invalidArgument(`Sliding window ksize field must specify ${rank} dimensions`);
  if (attrs.strides.length !== rank)
    throw invalidArgument(`Sliding window stride field must specify ${rank} dimensions`);
  if (attrs.ksize.some((n) => n <= 0)) {
    throw invalidArgument(
      `Sliding window ksize must be positive. The specified or inferred ksize is: ${attrs.ksize.join(",")}`,
    );
  }
  if (attrs.strides.some((n) => n <= 0)) {
    throw invalidArgument(
      `Sliding window strides must be positive. The specified or inferred strides is: ${attrs.strides.join(",")}`,
    );
  }
  if (channel !== rank - 1)
    throw invalidArgument(`Default ${words.what} only supports ${rank === 4 ? "NHWC" : "NDHWC"} on device type CPU`);
  if (attrs.ksize[0] !== 1 || attrs.strides[0] !== 1)
    throw new UnimplementedError("Pooling is not yet supported on the batch dimension.");
  if (input.length !== rank)
    throw invalidArgument(`tensor_in_shape must have ${rank - 2} spatial dimensions. ${input.length} 0`);
  if (attrs.ksize[channel] === 1) return;
  if (!words.isMax || rank === 5)
    throw new UnimplementedError("Non-spatial pooling is not yet supported. Volunteers? :)");
  if (attrs.ksize[1] !== 1 || attrs.ksize[2] !== 1) {
    throw new UnimplementedError(
      "MaxPooling supports exactly one of pooling across depth or pooling across width/height.",
    );
  }
  if (input[channel]! % attrs.ksize[channel]! !== 0) {
    throw new UnimplementedError("Depthwise max pooling requires the depth window to evenly divide the input depth");
  }
  if (attrs.ksize[channel] !== attrs.strides[channel]) {
    throw new UnimplementedError("Depthwise max pooling requires the depth window to equal the depth stride.");
  }
}

/** The window over spatial axes of a full shape, channels last. */
export function windowOf(input: FullShape, attrs: PoolAttrs): WindowGeometry {
  const rank = input.length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) =>
    slideAxis(input[i + 1]!, attrs.ksize[i + 1]!, {
      stride: attrs.strides[i + 1]!,
      dilation: 1,
      padding: attrs.padding as Padding,
      explicit: explicitOf(attrs.explicit_paddings ?? [], i + 1),
    }),
  );
  return { batch: input[0]!, channels: input[rank - 1]!, spatial };
}

export const pooledShape = ({ batch, channels, spatial }: WindowGeometry): FullShape => [
  batch,
  ...spatial.map((d) => d.output),
  channels,
];

/** Numbers to compare: 64-bit integers as they are. */
export function comparable(array: NdArray): ArrayLike<number> {
  const { data } = array;
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? (data as unknown as ArrayLike<number>)
    : toNumbers(array);
}

/**
 * Calls `visit(output, positions)` for each element of the output: its position and those of the input elements in its window, row by
 * row. Positions count elements of channels-last arrays.
 */
export function forEachWindow(
  geometry: WindowGeometry,
  visit: (output: number, positions: readonly number[]) => void,
): void {
  const { batch, channels, spatial } = geometry;
  const outputs = spatial.map((d) => d.output);
  const at = new Array<number>(spatial.length).fill(0);
  let output = 0;
  const inputRows = spatial.reduce((n, d) => n * d.input, 1);
  for (let b = 0; b < batch; b++) {
    at.fill(0);
    for (let more = outputs.every((n) => n > 0); more; more = advance(at, outputs)) {
      const rows = windowRows(geometry, at);
      for (let c = 0; c < channels; c++) {
        visit(
          output++,
          rows.map((row) => (b * inputRows + row) * channels + c),
        );
      }
    }
  }
}

/** Counts up, the last place first; false after the last. */
function advance(at: number[], limits: readonly number[]): boolean {
  for (let i = at.length - 1; i >= 0; i--) {
    if (++at[i]! < limits[i]!) return true;
    at[i] = 0;
  }
  return false;
}

/** Spatial positions inside the window of one output, row by row. */
function windowRows({ spatial }: WindowGeometry, at: readonly number[]): number[] {
  let rows = [0];
  for (const [i, { input, filter, stride, padBefore }] of spatial.entries()) {
    const from = at[i]! * stride - padBefore;
    const inside: number[] = [];
    for (let k = Math.max(from, 0); k < Math.min(from + filter, input); k++) inside.push(k);
    rows = rows.flatMap((row) => inside.map((k) => row * input + k));
  }
  return rows;
}

interface Originals {
  readonly orig_input: Tensor;
  readonly orig_output: Tensor;
}

export interface PoolGradients extends Originals {
  readonly grad: Tensor;
}

/** Gradients of a pool's gradient: linear in what came in, which `make` hands on, and without a slope in what was pooled. */
export const zeroOriginals = (
  tf: GradientTools,
  { orig_input, orig_output }: Originals,
  make: (originals: Originals) => Tensor,
): PoolGradients => ({
  orig_input: tf.zerosLike(orig_input),
  orig_output: tf.zerosLike(orig_output),
  grad: make({ orig_input, orig_output }),
});
