/**
 * Sums of products over the iterations of a loop, as gradients of weights are. While the loop goes on, the operands of some iterations are
 * kept one below the other; then they are multiplied at once, so that the sum is read and written less often, and the product is deep.
 *
 *     sum + A0ᵀ B0 + A1ᵀ B1 + …  =  sum + [A0; A1; …]ᵀ [B0; B1; …]
 *
 * Nothing in the loop may look at the sum. How many iterations go together follows from the shapes alone.
 */
import { type DTypeName, dtypeOf } from "../../../core/dtype.ts";
import { elementCount } from "../../../core/shape.ts";
import { type Builder, createBuilder } from "../../../engine/builder.ts";
import { inputsOf, type Primitive, type Value } from "../../../engine/primitive.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { type Attempt, noOp } from "./specialisation.ts";

/** A loop variable that one segment of the body alone reads: numbers of its value in an iteration, and of the next one's. */
export interface Accumulator {
  readonly merge: number;
  readonly next: number;
}

/** aᵀ b with a: [depth, m], b: [depth, n]. */
interface Product {
  readonly depth: number;
  readonly a: Value;
  readonly b: Value;
}

/** An accumulator to which the segment only adds products. */
export interface Sum {
  readonly accumulator: Accumulator;
  readonly dtype: DTypeName;
  readonly shape: readonly [m: number, n: number];
  readonly products: readonly Product[];
  /** Of the node that multiplies. */
  readonly origin: number;
  /** Of how many iterations operands are kept. */
  readonly iterations: number;
}

/** Rows that are multiplied at once: a product's block of steps. */
const mostRows = 256;

/** What is kept takes at most so many times the bytes of the sum. */
const mostKept = 2;

/** How many iterations of these depths go together: 1 where that would not pay. */
function iterationsOf([m, n]: readonly [number, number], depths: readonly number[]): number {
  const rows = depths.reduce((sum, depth) => sum + depth, 0);
  // Operands are copied instead of the sum being read and written.
  if (m * n < 2 * (m + n) * rows) return 1;
  const kept = Math.floor((mostKept * m * n) / ((m + n) * rows));
  return Math.max(1, Math.min(kept, Math.floor(mostRows / Math.max(...depths))));
}

type Matmul = Extract<Primitive, { readonly kind: "matmul" }>;

const termsOf = (x: Value): Value[] =>
  x.primitive.kind === "binary" && x.primitive.fn === "add" ? x.primitive.inputs.flatMap(termsOf) : [x];

/** The sums among the accumulators, by the number of their next value. `wanted` are the tensors that the segment gives. */
export function findSums(
  accumulators: readonly Accumulator[],
  { builder, values }: Attempt,
  { inputs, wanted, index }: Record<"inputs" | "wanted", readonly Tensor[]> & { index: ReadonlyMap<Tensor, number> },
): ReadonlyMap<number, Sum> {
  const found = new Map<number, Sum>();
  for (const accumulator of accumulators) {
    const starts = inputs.filter((tensor) => index.get(tensor) === accumulator.merge);
    const end = wanted.find((tensor) => index.get(tensor) === accumulator.next);
    const [before, after] = [values.get(starts[0]!), end && values.get(end)];
    if (starts.length !== 1 || !isValue(before) || !isValue(after)) continue;
    const sum = sumOf(accumulator, before, after, builder);
    if (!sum) continue;
    const others = wanted
      .filter((tensor) => index.get(tensor) !== accumulator.next)
      .map((tensor) => values.get(tensor));
    if (!reads(before, [...others.filter(isValue), ...operandsOf(sum)], builder)) found.set(accumulator.next, sum);
  }
  return found;
}

const isValue = (x: unknown): x is Value => typeof x === "object" && x !== null && "primitive" in x;

export const operandsOf = ({ products }: Sum): Value[] => products.flatMap(({ a, b }) => [a, b]);

/** Whether these outputs, or an effect, need an input. */
function reads(input: Value, outputs: readonly Value[], builder: Builder): boolean {
  if (outputs.includes(input)) return true;
  const program = builder.finish(outputs);
  const place = (input.primitive as Extract<Primitive, { kind: "input" }>).index;
  return program.values.some(({ primitive }) => inputsOf(primitive).includes(program.inputs[place]!));
}

function sumOf(accumulator: Accumulator, before: Value, after: Value, builder: Builder): Sum | null {
  const { dtype, shape } = after;
  const [m, n] = shape as [number, number];
  if (before.primitive.kind !== "input" || shape.length !== 2 || elementCount(shape) === 0) return null;
  if (dtype !== "float32" && dtype !== "float64") return null;
  const terms = termsOf(after);
  const added = terms.filter((term) => term !== before);
  if (added.length !== terms.length - 1 || added.length === 0) return null;
  if (!added.every(({ primitive: { kind } }) => kind === "matmul")) return null;
  const depths = added.map(({ primitive }) => {
    const { inputs, transposeA } = primitive as Matmul;
    return inputs[0].shape[transposeA ? 0 : 1]!;
  });
  const iterations = depths.every((depth) => depth > 0) ? iterationsOf([m, n], depths) : 1;
  if (iterations < 2) return null;
  const lowering = builder.lowering(noOp);
  const { origin } = added[0]!;
  if (origin !== undefined) builder.from(origin);
  const products = added.map(({ primitive }, i): Product => {
    const { inputs, transposeA, transposeB } = primitive as Matmul;
    return {
      depth: depths[i]!,
      a: transposeA ? inputs[0] : lowering.transpose(inputs[0], [1, 0]),
      b: transposeB ? lowering.transpose(inputs[1], [1, 0]) : inputs[1],
    };
  });
  return { accumulator, dtype, shape: [m, n], products, origin: origin ?? 0, iterations };
}

/** Where the sum, and the rows of each product's operands, lie in one block. */
export interface SumLayout {
  readonly operands: readonly { readonly offset: number; readonly rowBytes: number }[];
  readonly sizeBytes: number;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The sum comes first. `operands` are in the order of `operandsOf`. */
export function layOutSum({ dtype, shape: [m, n], products, iterations }: Sum): SumLayout {
  const { sizeBytes } = dtypeOf(dtype);
  let top = aligned(m * n * sizeBytes);
  const operands = products.flatMap(({ depth }) =>
    [m, n].map((columns) => {
      const offset = top;
      top += aligned(iterations * depth * columns * sizeBytes);
      return { offset, rowBytes: depth * columns * sizeBytes };
    }),
  );
  return { operands, sizeBytes: top };
}

/** The program sum + aᵀ b + …, with operands of so many iterations. Slot 0 is the sum, slots 1, 2 … the operands. */
export function programOf({ dtype, shape, products, origin }: Sum, iterations: number) {
  const shapes = [
    shape,
    ...products.flatMap(({ depth }) => shape.map((columns) => [iterations * depth, columns] as const)),
  ];
  const builder = createBuilder({ variable: (slot) => ({ shape: shapes[slot]! }) });
  builder.from(origin);
  const lowering = builder.lowering(noOp);
  const read = (slot: number): Value => lowering.read({ slot, name: "", dtype });
  const sum = products.reduce(
    (total, _, i) => lowering.add(total, lowering.matmul(read(2 * i + 1), read(2 * i + 2), { transposeA: true })),
    read(0),
  );
  return builder.finish([sum]);
}
