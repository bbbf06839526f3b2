/**
 * Products of which only a part is taken become products of parts of their operands: half of the gradient of `concat([x, h]) W` is often
 * needed, and computed, alone. Each element is summed as before.
 */
import type { FullShape } from "../../core/shape.ts";
import { inputsOf, type Primitive, type Value } from "../primitive.ts";

type PrimitiveOf<K extends Primitive["kind"]> = Extract<Primitive, { readonly kind: K }>;

/** The part that is taken of a product, by the only one of the values in use that reads it. */
export interface Narrowing {
  readonly taken: Value;
  readonly matmul: PrimitiveOf<"matmul">;
  readonly slice: PrimitiveOf<"slice">;
}

/** By product. */
export function narrowings(live: ReadonlySet<Value>, outputs: readonly Value[]): ReadonlyMap<Value, Narrowing> {
  const uses = new Map<Value, number>();
  const use = (x: Value) => uses.set(x, (uses.get(x) ?? 0) + 1);
  for (const value of live) for (const x of inputsOf(value.primitive)) use(x);
  for (const x of outputs) use(x);
  const found = new Map<Value, Narrowing>();
  for (const value of live) {
    const slice = value.primitive;
    if (slice.kind !== "slice" || slice.strides.some((stride) => stride !== 1)) continue;
    const product = slice.inputs[0];
    const matmul = product.primitive;
    // A row or a column by itself would be summed in another order.
    if (matmul.kind !== "matmul" || uses.get(product) !== 1 || value.shape.slice(-2).some((n) => n < 2)) continue;
    found.set(product, { taken: value, matmul, slice });
  }
  return found;
}

/** The parts of both operands: where they begin and their sizes. */
export function operandParts({
  taken: { shape },
  matmul,
  slice,
}: Narrowing): readonly { readonly begin: readonly number[]; readonly size: FullShape }[] {
  const rank = shape.length;
  const lead = { begin: slice.begin.slice(0, -2), size: shape.slice(0, -2) };
  const [rows, columns] = [rank - 2, rank - 1];
  return matmul.inputs.map((x, side) => {
    const taken = side === 0 ? rows : columns;
    const isTransposed = side === 0 ? matmul.transposeA : matmul.transposeB;
    const depth = x.shape[isTransposed === (side === 0) ? rows : columns]!;
    const part = [
      { begin: slice.begin[taken]!, size: shape[taken]! },
      { begin: 0, size: depth },
    ];
    // The side's own dimension comes first in a, last in b, unless transposed.
    if (isTransposed === (side === 0)) part.reverse();
    return {
      begin: [...lead.begin, ...part.map((p) => p.begin)],
      size: [...lead.size, ...part.map((p) => p.size)],
    };
  });
}
