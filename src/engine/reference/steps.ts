/** Runs one step in plain loops: the judge of every kernel, and what runs a step that has none. */
import { type DTypeName, dtypeOf } from "../../core/dtype.ts";
import { type NumberArray, viewElements } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import type { ConvolutionStep, MatmulStep, Place, Step, StepKind } from "../step.ts";
import { convolution, matmul, window, windowGradient } from "./dense.ts";
import { formatOf, type Scalar } from "./format.ts";
import { argReduce, checkedBegin, firstEqual, gatherRows, order, scan, scatter } from "./indexed.ts";
import { addressOf, dot, Failure, forEachIndex, type Memory, runBody, runLoop } from "./loops.ts";
import { draw } from "./random.ts";

type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

/** The elements of a dense operand. */
const dense = (place: Place, dtype: DTypeName, count: number, memory: Memory): NumberArray =>
  viewElements(dtypeOf(dtype), memory.buffer, count === 0 ? 0 : addressOf(place, memory), count);

const bytes = (place: Place, count: number, memory: Memory): Uint8Array =>
  new Uint8Array(memory.buffer, count === 0 ? 0 : addressOf(place, memory), count);

function put(place: Place, dtype: DTypeName, values: readonly Scalar[], memory: Memory): void {
  const out = dense(place, dtype, values.length, memory);
  const { write } = formatOf(dtype);
  for (let i = 0; i < values.length; i++) write(out, i, values[i]!);
}

/** The product into its place, or through the epilogue. */
function finish(step: MatmulStep | ConvolutionStep, product: readonly Scalar[], memory: Memory): void {
  if (step.epilogue) runBody(step.epilogue, memory, (position) => product[position]!);
  else put(step.kind === "matmul" ? step.c : step.out, step.dtype, product, memory);
}

function runMatmul(step: MatmulStep, memory: Memory): void {
  const { batch, m, n, k, dtype, lda, ldb, strideA, strideB, transposeA, transposeB } = step;
  const sizeA = (batch - 1) * strideA + extent(transposeA ? k : m, transposeA ? m : k, lda);
  const sizeB = (batch - 1) * strideB + extent(transposeB ? n : k, transposeB ? k : n, ldb);
  const product = new Array<Scalar>(batch * m * n);
  const a = dense(step.a, dtype, Math.max(sizeA, 0), memory);
  const b = dense(step.b, dtype, Math.max(sizeB, 0), memory);
  const parts = dtypeOf(dtype).isComplex ? 2 : 1;
  for (let i = 0; i < batch; i++) {
    matmul(step, a.subarray(i * strideA * parts), b.subarray(i * strideB * parts), (at, value) => {
      product[i * m * n + at] = value;
    });
  }
  finish(step, product, memory);
}

/** Elements from the first to the last of a matrix. */
const extent = (rows: number, columns: number, ld: number): number =>
  rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns;

const table: { readonly [K in StepKind]: (step: StepOf<K>, memory: Memory) => void } = {
  loop: runLoop,
  matmul: runMatmul,
  convolution(step, memory) {
    const { fn, dtype, geometry } = step;
    const sizes = convolutionSizes(step);
    const x = dense(step.x, dtype, sizes.x, memory);
    const y = dense(step.y, dtype, sizes.y, memory);
    finish(step, convolution(fn, dtype, geometry, x, y), memory);
  },
  window(step, memory) {
    const { fn, dtype, geometry } = step;
    const x = dense(step.x, dtype, windowSize(step, "input"), memory);
    put(step.out, dtype, window(fn, dtype, geometry, x), memory);
  },
  windowGradient(step, memory) {
    const { fn, dtype, geometry } = step;
    const inputs = windowSize(step, "input");
    const outputs = windowSize(step, "output");
    const x = step.x && dense(step.x, dtype, inputs, memory);
    const y = step.y && dense(step.y, dtype, outputs, memory);
    const dy = dense(step.dy, dtype, outputs, memory);
    put(step.out, dtype, windowGradient(fn, dtype, geometry, { x, y, dy }), memory);
  },
  gather(step, memory) {
    const { batch, outer, limit, inner, count, outStride, sizeBytes } = step;
    const indices = dense(step.indices, step.indexDtype, batch * count, memory);
    const row = inner * sizeBytes;
    const params = bytes(step.params, batch * outer * limit * row, memory);
    const rows = batch * outer * count;
    const out = bytes(step.out, rows === 0 ? 0 : ((rows - 1) * outStride + inner) * sizeBytes, memory);
    gatherRows(step, indices, (to, from) => {
      const at = to * outStride * sizeBytes;
      if (from < 0) out.fill(0, at, at + row);
      else out.set(params.subarray(from * row, (from + 1) * row), at);
    });
  },
  scatter(step, memory) {
    const { rows, inner, count, dtype, scalar } = step;
    const target = dense(step.target, dtype, rows * inner, memory);
    const indices = dense(step.indices, step.indexDtype, count, memory);
    scatter(step, target, indices, dense(step.updates, dtype, scalar ? 1 : count * inner, memory));
  },
  dynamicSlice(step, memory) {
    const { shape, size, sizeBytes, site } = step;
    const begin = checkedBegin(shape, size, dense(step.begin, step.indexDtype, shape.length, memory), site);
    const x = bytes(step.x, elementCount(shape) * sizeBytes, memory);
    const out = bytes(step.out, elementCount(size) * sizeBytes, memory);
    const strides = shape.map((_, d) => elementCount(shape.slice(d + 1)));
    const start = dot(strides, begin);
    forEachIndex(size, (at, position) => {
      const from = (start + dot(strides, at)) * sizeBytes;
      out.set(x.subarray(from, from + sizeBytes), position * sizeBytes);
    });
  },
  argReduce(step, memory) {
    const { fn, outer, n, inner, dtype, outDtype } = step;
    const positions = argReduce(fn, step, dense(step.x, dtype, outer * n * inner, memory));
    put(step.out, outDtype, outDtype === "int64" ? positions.map(BigInt) : positions, memory);
  },
  order(step, memory) {
    const { dtype, descending, rows, n } = step;
    const sorted = order(dtype, descending, rows, n, dense(step.x, dtype, rows * n, memory));
    (dense(step.out, "int32", rows * n, memory) as Int32Array).set(sorted);
  },
  firstEqual(step, memory) {
    const { dtype, n } = step;
    const positions = firstEqual(dense(step.x, dtype, n, memory) as Int32Array | BigInt64Array);
    (dense(step.out, "int32", n, memory) as Int32Array).set(positions);
  },
  scan(step, memory) {
    const { fn, dtype, outer, n, inner } = step;
    put(step.out, dtype, scan(fn, step, step, dense(step.x, dtype, outer * n * inner, memory)), memory);
  },
  random(step, memory) {
    const { distribution, dtype, count, seedDtype } = step;
    const scalar = (place: Place | null) => place && formatOf(dtype).read(dense(place, dtype, 1, memory), 0);
    draw(
      { distribution, dtype, count, min: scalar(step.min), max: scalar(step.max) },
      step.state && (dense(step.state, "uint32", 8, memory) as Uint32Array),
      step.seed && dense(step.seed, seedDtype, seedDtype === "uint64" ? 3 : 2, memory),
      dense(step.out, dtype, count, memory),
    );
  },
  check(step, memory) {
    const bad = bytes(step.condition, step.count, memory).indexOf(0);
    if (bad >= 0) throw new Failure(step.site, bad, 0, 0);
  },
};

function convolutionSizes({ fn, geometry }: ConvolutionStep): { readonly x: number; readonly y: number } {
  const { batch, inChannels, outChannels, groups, spatial } = geometry;
  const input = batch * elementCount(spatial.map((s) => s.input)) * inChannels;
  const output = batch * elementCount(spatial.map((s) => s.output)) * outChannels;
  const filter = (elementCount(spatial.map((s) => s.filter)) * inChannels * outChannels) / groups;
  if (fn === "forward") return { x: input, y: filter };
  return fn === "inputGradient" ? { x: filter, y: output } : { x: input, y: output };
}

const windowSize = ({ geometry }: StepOf<"window"> | StepOf<"windowGradient">, side: "input" | "output"): number =>
  geometry.batch * geometry.channels * elementCount(geometry.spatial.map((s) => s[side]));

/** Runs the step at `base`. 0, or 1 + the site that failed, its numbers in float64[3] at base + reportOffset. */
export function runStep(step: Step, buffer: ArrayBufferLike, base: number, reportOffset: number): number {
  try {
    (table[step.kind] as (step: Step, memory: Memory) => void)(step, { buffer, base });
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    new Float64Array(buffer, base + reportOffset, 3).set([error.position, error.value, error.limit]);
    return 1 + error.site;
  }
}
