/**
 * Addresses that walk through a loop nest. Views that move alike share one cursor: everything in the workspace with the same strides is
 * one pointer with different static offsets, and a variable at a fixed address is that address as an offset.
 */
import { dtypeOf } from "../../../core/dtype.ts";
import type { Place, View } from "../../step.ts";
import type { FunctionBuilder, Local } from "../assembler.ts";
import { add, load, mul } from "../instructions.ts";
import { type Expr, i32, type Operand } from "../lanes.ts";

/** A number that grows by `strides[d]` at each step of dimension d: an address in bytes, or a plain index. */
export interface Cursor {
  readonly local: Local;
  readonly strides: readonly number[];
}

/** Where a view's current element lies: the cursor's value plus a constant; elements ahead add to the constant. */
export interface Spot {
  readonly address: Expr;
  readonly offset: number;
  /** Bytes from one element to the next in each dimension. */
  readonly strides: readonly number[];
}

export class Cursors {
  private readonly f: FunctionBuilder;
  private readonly base: Expr;
  private readonly byKey = new Map<string, Cursor>();

  constructor(f: FunctionBuilder, base: Expr) {
    this.f = f;
    this.base = base;
  }

  private cursor(key: string, strides: readonly number[], start: Expr): Expr {
    if (strides.every((stride) => stride === 0)) return start;
    let cursor = this.byKey.get(key);
    if (!cursor) {
      cursor = { local: this.f.let(start), strides };
      this.byKey.set(key, cursor);
    }
    return cursor.local;
  }

  /** The place of a view. All of them are asked for before the loops begin. */
  spot({ place, dtype, strides }: View): Spot {
    const { sizeBytes } = dtypeOf(dtype);
    const bytes = strides.map((stride) => stride * sizeBytes);
    const [key, start, offset] = this.origin(place);
    if (strides.every((stride) => stride >= 0)) {
      return { address: this.cursor(`${key} ${bytes}`, bytes, start), offset, strides: bytes };
    }
    // a cursor that runs backwards needs the offset inside it: alone it would pass below 0
    const address = this.cursor(`${key} ${bytes} from ${offset}`, bytes, add(start, offset));
    return { address, offset: 0, strides: bytes };
  }

  private origin(place: Place): [key: string, start: Expr, offset: number] {
    switch (place.at) {
      case "workspace":
        return ["workspace", this.base, place.offset];
      case "memory":
        return ["memory", i32(0), place.address];
      case "argument":
        return [`argument ${place.index}`, load("i32", this.base, 4 * place.index), place.offset];
    }
  }

  /** A number start + strides · i. */
  index(start: number, strides: readonly number[]): Expr {
    return this.cursor(`index ${start} ${strides}`, strides, i32(start));
  }

  /** Moves all cursors `count` steps in dimension d, and back by what an inner dimension left: `minus` steps of it. */
  advance(d: number, count: Operand, minus: { readonly d: number; readonly count: number } | null = null): void {
    for (const { local, strides } of this.byKey.values()) {
      const back = minus ? strides[minus.d]! * minus.count : 0;
      if (typeof count === "number") {
        const step = strides[d]! * count - back;
        if (step !== 0) this.f.set(local, add(local, step));
      } else if (strides[d] !== 0 || back !== 0) {
        this.f.set(local, add(add(local, mul(count, strides[d]!)), -back));
      }
    }
  }
}
