/**
 * Convolutions of oneDNN on channels-last arrays. The filter has the layout that the library likes best and is reordered at each
 * run (little beside the convolution); images stay as they are.
 */
import type { ConvolutionGeometry } from "../../primitive.ts";
import type { ConvolutionKind, ConvolutionRunner } from "../library.ts";
import {
  argument,
  type ConvolutionSpec,
  type Dnnl,
  diffWeightsMd,
  type Layout,
  type Primitive,
  weightsMd,
} from "./api.ts";

/** [batch, channels, ...spatial] over memory in the order [batch, ...spatial, channels]. */
function imageLayout(batch: number, channels: number, spatial: readonly number[]): Layout {
  const strides: number[] = [];
  let inner = channels;
  for (let d = spatial.length - 1; d >= 0; d--) {
    strides[d] = inner;
    inner *= spatial[d]!;
  }
  return { dims: [batch, channels, ...spatial], strides: [inner, 1, ...strides] };
}

/** [out, in, ...spatial], with groups in front where there are several, over memory in the order [...spatial, in / groups, out]. */
function filterLayout({ inChannels, outChannels, groups, spatial }: ConvolutionGeometry): Layout {
  const [ins, outs] = [inChannels / groups, outChannels / groups];
  const strides: number[] = [];
  let inner = ins * outChannels;
  for (let d = spatial.length - 1; d >= 0; d--) {
    strides[d] = inner;
    inner *= spatial[d]!.filter;
  }
  const sizes = spatial.map((s) => s.filter);
  if (groups === 1) return { dims: [outs, ins, ...sizes], strides: [1, outChannels, ...strides] };
  return { dims: [groups, outs, ins, ...sizes], strides: [outs, 1, outChannels, ...strides] };
}

/** Null for a geometry that the library's padding cannot say. */
function specOf(kind: ConvolutionKind, geometry: ConvolutionGeometry): ConvolutionSpec | null {
  const { batch, inChannels, outChannels, spatial } = geometry;
  const after = spatial.map(({ input, output, filter, stride, dilation, padBefore }) =>
    Math.max(0, (output - 1) * stride + (filter - 1) * dilation + 1 - input - padBefore),
  );
  if (spatial.some((s) => s.padBefore < 0)) return null;
  const plain = filterLayout(geometry);
  return {
    kind,
    src: imageLayout(
      batch,
      inChannels,
      spatial.map((s) => s.input),
    ),
    // A gradient for one channel is faster on the filter as it lies.
    weights: kind === "inputGradient" && inChannels === 1 ? plain : { ...plain, strides: null },
    dst: imageLayout(
      batch,
      outChannels,
      spatial.map((s) => s.output),
    ),
    strides: spatial.map((s) => s.stride),
    dilates: spatial.map((s) => s.dilation - 1),
    padBefore: spatial.map((s) => s.padBefore),
    padAfter: after,
  };
}

/** A runner, or null where the library has no convolution of this geometry. */
export function createConvolution(
  dnnl: Dnnl,
  kind: ConvolutionKind,
  geometry: ConvolutionGeometry,
): ConvolutionRunner | null {
  const spec = specOf(kind, geometry);
  if (!spec) return null;
  const owned: (() => void)[] = [];
  const own = <T>(value: T, end: (value: T) => void): T => {
    owned.push(() => end(value));
    return value;
  };
  const dispose = (): void => {
    for (const end of owned.splice(0).reverse()) end();
  };
  try {
    return dnnl.within(() => build(dnnl, spec, geometry, own, dispose));
  } catch {
    dispose();
    return null;
  }
}

/** Plain loops, and one product for each of many groups. */
const isSlow = (implementation: string, { groups }: ConvolutionGeometry): boolean =>
  implementation.startsWith("ref") || (groups > 1 && implementation.includes("gemm"));

function build(
  dnnl: Dnnl,
  spec: ConvolutionSpec,
  geometry: ConvolutionGeometry,
  own: <T>(value: T, end: (value: T) => void) => T,
  dispose: () => void,
): ConvolutionRunner {
  const { kind } = spec;
  const isFilter = kind === "filterGradient";
  const memoryOf = (md: number, owns = false) => own(dnnl.memory(md, owns), dnnl.destroyMemory);
  const primitiveOf = (pd: number, args: readonly (readonly [number, number])[]): Primitive =>
    own(dnnl.primitive(pd, args), dnnl.destroyPrimitive);

  const pd = own(dnnl.convolution(spec), dnnl.destroyDesc);
  if (isSlow(dnnl.implementation(pd), geometry)) throw new Error("slower than WebAssembly");
  const plain = dnnl.describe(filterLayout(geometry));
  const liked = dnnl.query(pd, isFilter ? diffWeightsMd : weightsMd);
  const src = memoryOf(dnnl.describe(spec.src));
  const dst = memoryOf(dnnl.describe(spec.dst));
  const filter = memoryOf(plain);
  const isPlain = dnnl.isEqual(liked, plain);
  const packed = isPlain ? filter : memoryOf(liked, true);
  const images: Record<ConvolutionKind, readonly [number, number]> = {
    forward: [argument.src, argument.dst],
    inputGradient: [argument.diffSrc, argument.diffDst],
    filterGradient: [argument.src, argument.diffDst],
  };
  const [srcId, dstId] = images[kind];
  const main = primitiveOf(pd, [
    [srcId, src],
    [isFilter ? argument.diffWeights : argument.weights, packed],
    [dstId, dst],
  ]);
  let reorder: Primitive | null = null;
  if (!isPlain) {
    const [from, to] = isFilter ? [liked, plain] : [plain, liked];
    const reorderPd = own(dnnl.reorder(from, to), dnnl.destroyDesc);
    reorder = primitiveOf(reorderPd, [
      [argument.src, isFilter ? packed : filter],
      [argument.dst, isFilter ? filter : packed],
    ]);
  }
  /** The memory objects of x, y and the result. */
  const places: Record<ConvolutionKind, readonly [number, number, number]> = {
    forward: [src, filter, dst],
    inputGradient: [filter, dst, src],
    filterGradient: [src, dst, filter],
  };
  const [first, second, result] = places[kind];
  return {
    run(x, y, out) {
      dnnl.setData(first, x);
      dnnl.setData(second, y);
      dnnl.setData(result, out);
      if (reorder && !isFilter) dnnl.execute(reorder);
      dnnl.execute(main);
      if (reorder && isFilter) dnnl.execute(reorder);
    },
    dispose,
  };
}
