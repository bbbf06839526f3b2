/** A loop body, element by element: what `LoopStep` and the epilogues of matmul and convolution mean. */
import { type DTypeName, dtypeOf } from "../../core/dtype.ts";
import { type NumberArray, viewElements } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import type { Body, LoopStep, Node, Place, View } from "../step.ts";
import { castOf } from "./cast.ts";
import { formatOf, type Scalar } from "./format.ts";
import { accumulatorOf, binaryOf, faultOf, unaryOf } from "./scalar.ts";

/** A check that failed: the site and its numbers. Ends the run. */
export class Failure extends Error {
  readonly site: number;
  readonly position: number;
  readonly value: number;
  readonly limit: number;

  constructor(site: number, position: number, value: number, limit: number) {
    super(`check ${site} failed at ${position}`);
    this.site = site;
    this.position = position;
    this.value = value;
    this.limit = limit;
  }
}

/** The memory that a run works in. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
  readonly base: number;
}

export function addressOf(place: Place, { buffer, base }: Memory): number {
  switch (place.at) {
    case "workspace":
      return base + place.offset;
    case "memory":
      return place.address;
    case "argument":
      return new Int32Array(buffer, base, place.index + 1)[place.index]! + place.offset;
  }
}

/** Integers of the same size, so that a copy keeps the bits of every NaN. */
const rawDtypes: Partial<Record<DTypeName, DTypeName>> = {
  float16: "uint16",
  bfloat16: "uint16",
  float32: "uint32",
  float64: "uint64",
};

/** A copy or fill, with bits in place of numbers. */
function asBits(step: LoopStep): LoopStep {
  const [node] = step.nodes;
  const [load] = step.loads;
  const raw = node && rawDtypes[node.dtype];
  if (step.nodes.length !== 1 || step.reductions.length > 0 || node?.kind !== "load" || !load || !raw) return step;
  const stores = step.stores.map((store) => ({ ...store, view: { ...store.view, dtype: raw } }));
  return { ...step, loads: [{ ...load, dtype: raw }], nodes: [{ ...node, dtype: raw }], stores };
}

/** Calls `visit` with each index vector (one array, reused) in row-major order, and the number of elements before it. */
export function forEachIndex(
  extents: readonly number[],
  visit: (at: readonly number[], position: number) => void,
): void {
  const n = elementCount(extents);
  const at = new Array<number>(extents.length).fill(0);
  for (let position = 0; position < n; position++) {
    visit(at, position);
    for (let d = extents.length - 1; d >= 0; d--) {
      if (++at[d]! < extents[d]!) break;
      at[d] = 0;
    }
  }
}

export function dot(strides: readonly number[], at: readonly number[]): number {
  let sum = 0;
  for (let d = 0; d < strides.length; d++) sum += strides[d]! * at[d]!;
  return sum;
}

/** Elements of a strided view as [array, index of its element 0]; the array covers all that the extents reach. */
function open(view: View, extents: readonly number[], memory: Memory): { data: NumberArray; start: number } {
  const dtype = dtypeOf(view.dtype);
  let low = 0;
  let high = 0;
  extents.forEach((n, d) => {
    const reach = (n - 1) * view.strides[d]!;
    if (reach < 0) low += reach;
    else high += reach;
  });
  if (elementCount(extents) === 0) return { data: viewElements(dtype, new ArrayBuffer(0), 0, 0), start: 0 };
  const address = addressOf(view.place, memory) + low * dtype.sizeBytes;
  return { data: viewElements(dtype, memory.buffer, address, high - low + 1), start: -low };
}

type Evaluate = (at: readonly number[], position: number) => Scalar;

/** One function a node; `values` holds what earlier nodes gave for the current element. */
function compileNode(node: Node, body: Body, values: Scalar[], memory: Memory, product: Evaluate | null): Evaluate {
  const dtypeOfNode = (k: number) => body.nodes[k]!.dtype;
  switch (node.kind) {
    case "load": {
      const view = body.loads[node.load]!;
      const { data, start } = open(view, body.extents, memory);
      const { read } = formatOf(node.dtype);
      return (at) => read(data, start + dot(view.strides, at));
    }
    case "constant":
      return () => node.value;
    case "index": {
      const cast = castOf("int64", node.dtype);
      return (at) => cast(BigInt(node.start + dot(node.strides, at)));
    }
    case "product":
      if (!product) throw new Error("bug: a product outside of an epilogue");
      return product;
    case "unary": {
      const f = unaryOf(node.fn, dtypeOfNode(node.x));
      return () => f(values[node.x]!);
    }
    case "binary": {
      const f = binaryOf(node.fn, dtypeOfNode(node.x));
      const fault = faultOf(node.fn, dtypeOfNode(node.x));
      if (!fault) return () => f(values[node.x]!, values[node.y]!);
      const zero = formatOf(node.dtype).zero;
      return (_, position) => {
        if (!fault(values[node.y]!)) return f(values[node.x]!, values[node.y]!);
        if (node.site >= 0) throw new Failure(node.site, position, Number(values[node.y]), 0);
        return zero;
      };
    }
    case "select":
      return () => (values[node.condition] ? values[node.x]! : values[node.y]!);
    case "cast": {
      const f = castOf(dtypeOfNode(node.x), node.dtype);
      return () => f(values[node.x]!);
    }
  }
}

/** All nodes at one element into `values`. */
function compileBody(body: Body, memory: Memory, product: Evaluate | null) {
  const values = new Array<Scalar>(body.nodes.length).fill(0);
  const nodes = body.nodes.map((node) => compileNode(node, body, values, memory, product));
  const stores = body.stores.map(({ node, view }) => {
    const { data, start } = open(view, body.extents, memory);
    const { write } = formatOf(view.dtype);
    return (at: readonly number[]) => write(data, start + dot(view.strides, at), values[node]!);
  });
  const evaluate = (at: readonly number[], position: number) => {
    for (let k = 0; k < nodes.length; k++) values[k] = nodes[k]!(at, position);
    for (const store of stores) store(at);
  };
  return { values, evaluate };
}

/** Runs an epilogue: `product` gives the element of the product at a position in row-major order. */
export function runBody(body: Body, memory: Memory, product: (position: number) => Scalar): void {
  const { evaluate } = compileBody(body, memory, (_, position) => product(position));
  forEachIndex(body.extents, evaluate);
}

export function runLoop(original: LoopStep, memory: Memory): void {
  const step = asBits(original);
  const { values, evaluate } = compileBody(step, memory, null);
  const reductions = step.reductions.map(({ fn, node, view }) => {
    const kept = step.extents.map((n, d) => (step.reduced[d] ? 1 : n));
    const { data, start } = open(view, kept, memory);
    const { write } = formatOf(view.dtype);
    const { start: neutral, step: accumulate, finish } = accumulatorOf(fn, view.dtype);
    const sums = new Map<number, Scalar>();
    forEachIndex(kept, (at) => sums.set(start + dot(view.strides, at), neutral));
    return {
      add: (at: readonly number[]) => {
        const i = start + dot(view.strides, at);
        sums.set(i, accumulate(sums.get(i)!, values[node]!));
      },
      finish: () => {
        for (const [i, sum] of sums) write(data, i, finish(sum));
      },
    };
  });
  forEachIndex(step.extents, (at, position) => {
    evaluate(at, position);
    for (const { add } of reductions) add(at);
  });
  for (const { finish } of reductions) finish();
}
