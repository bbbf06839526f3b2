/** Rows that are gathered only to be joined with others are written where the joined rows begin, so that the concat moves nothing. */
import { elementCount } from "../../core/shape.ts";
import { inputsOf, type Value } from "../primitive.ts";
import { isIdentity } from "./access.ts";
import type { Grouping } from "./group.ts";
import type { Layout } from "./layout.ts";

export interface Placement {
  readonly into: Value;
  /** First element, and elements from row to row. */
  readonly offset: number;
  readonly stride: number;
}

export function placementsOf({ values, access, outputs }: Layout, { homes }: Grouping): ReadonlyMap<Value, Placement> {
  const uses = new Map<Value, number>();
  for (const x of [...values.flatMap(({ primitive }) => inputsOf(primitive)), ...outputs]) {
    const { root } = access[x.id]!;
    uses.set(root, (uses.get(root) ?? 0) + 1);
  }
  const placements = new Map<Value, Placement>();
  for (const value of values) {
    if (value.primitive.kind !== "concat" || homes.has(value.id)) continue;
    const { inputs, axis } = value.primitive;
    const stride = elementCount(value.shape.slice(axis));
    let offset = 0;
    for (const x of inputs) {
      const at = access[x.id]!;
      const width = elementCount(x.shape.slice(axis));
      const { primitive } = at.root;
      const isRows =
        primitive.kind === "gather" && elementCount(primitive.inputs[0].shape.slice(primitive.axis + 1)) === width;
      if (isRows && uses.get(at.root) === 1 && isIdentity(x, at) && !homes.has(at.root.id)) {
        placements.set(at.root, { into: value, offset, stride });
      }
      offset += width;
    }
  }
  return placements;
}
