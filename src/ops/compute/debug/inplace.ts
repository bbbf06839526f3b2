/** Rows changed by their indices: InplaceAdd, InplaceSub, InplaceUpdate; and Fact. Source: array_ops.cc, inplace_ops.cc, fact_op.cc. */
import { string } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { elementAt, NdArray, setElement } from "../../../core/nd_array.ts";
import { formatShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import { copyElements, emptyArray, toNumbers } from "../array/basic/elements.ts";

type Change = "add" | "subtract" | "replace";

/** x with v's row k in (or added to) row i[k], counted round the rows of x. */
function changed(change: Change, x: NdArray, i: NdArray, v: NdArray): NdArray {
  if (i.shape.length !== 1) throw new InvalidArgumentError(`i must be a vector. ${formatShape(i.shape)}`);
  if (x.shape.length !== v.shape.length) {
    throw new InvalidArgumentError(
      `x and v shape doesn't match (ranks differ): ${formatShape(x.shape)} vs. ${formatShape(v.shape)}`,
    );
  }
  for (let axis = 1; axis < x.shape.length; axis++) {
    if (x.shape[axis] === v.shape[axis]) continue;
    throw new InvalidArgumentError(
      `x and v shape doesn't match at index ${axis} : ${formatShape(x.shape)} vs. ${formatShape(v.shape)}`,
    );
  }
  if (i.shape[0] !== v.shape[0]) {
    throw new InvalidArgumentError(
      `i and x shape doesn't match at index 0: ${formatShape(i.shape)} vs. ${formatShape(v.shape)}`,
    );
  }
  const y = emptyArray(x.dtype, x.shape);
  copyElements(x.dtype, x.data, 0, y.data, 0, x.size);
  const rows = x.shape[0]!;
  const size = rows ? x.size / rows : 0;
  Array.from(toNumbers(i)).forEach((index, k) => {
    const row = (((index % rows) + rows) % rows) * size;
    if (change === "replace") copyElements(x.dtype, v.data, k * size, y.data, row, size);
    else for (let at = 0; at < size; at++) accumulate(y, row + at, elementAt(v, k * size + at), change);
  });
  return y;
}

type Item = ReturnType<typeof elementAt>;

function accumulate(y: NdArray, at: number, by: Item, change: Change): void {
  const own = elementAt(y, at);
  const sign = change === "add" ? 1 : -1;
  const sum = (): Item => {
    if (typeof own === "bigint") return change === "add" ? own + (by as bigint) : own - (by as bigint);
    if (typeof own === "number") return own + sign * (by as number);
    const [a, b] = [own as readonly [number, number], by as readonly [number, number]];
    return [a[0] + sign * b[0], a[1] + sign * b[1]];
  };
  setElement(y.dtype, y.data, at, sum());
}

const inplace = <N extends string>(type: N, change: Change) =>
  defineOp(type, {
    inputs: ["x: T", "i: int32", "v: T"],
    outputs: ["y: T"],
    attrs: ["T: type"],
    shape: ({ x }) => [x],
    compute: ({ x, i, v }) => changed(change, x, i, v),
    gradient: "unregistered",
  });

/** y = x with v's rows added to the rows i. */
export const inplaceAddOp = inplace("InplaceAdd", "add");
/** y = x with v's rows subtracted from the rows i. */
export const inplaceSubOp = inplace("InplaceSub", "subtract");
/** y = x with v's rows in place of the rows i. */
export const inplaceUpdateOp = inplace("InplaceUpdate", "replace");

/** A fact about factorials. */
export const factOp = defineOp("Fact", {
  outputs: ["fact: string"],
  shape: () => [null],
  compute: () => new NdArray(string, [], [new TextEncoder().encode("0! == 1")]),
  gradient: "unregistered",
});

/** The fact, a string scalar. */
export const myFact = (): Tensor => factOp({});
