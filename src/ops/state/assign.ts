/** Assignments to reference variables. Source: state_ops.cc, assign_op.h, dense_update_ops.cc. */
import { invalidArgument } from "../../core/error.ts";
import { type FullShape, formatShape, isFull, mergeShapes, type Shape, sameShape, withRank } from "../../core/shape.ts";
import { defineOp, type OpBuilder } from "../define.ts";
import { countUp } from "./count_up.ts";

function checkSameShape(old: Shape, value: FullShape): void {
  if (old !== null && isFull(old) && !sameShape(old, value)) {
    throw invalidArgument(
      `Assign requires shapes of both tensors to match. lhs shape= ${formatShape(old)} rhs shape= ${formatShape(value)}`,
    );
  }
}

/** ref becomes value. With validate_shape the shapes must be equal; without it the variable takes the value's shape. */
export const assignOp = defineOp("Assign", {
  inputs: ["ref: Ref(T)", "value: T"],
  outputs: ["output_ref: Ref(T)"],
  attrs: ["T: type", "validate_shape: bool = true", "use_locking: bool = true"],
  updates: ["ref"],
  shape: ({ ref, value, validate_shape }) => [validate_shape ? mergeShapes(ref, value) : value],
  lower(p, { ref, value, validate_shape }, node) {
    if (validate_shape) checkSameShape(p.shapeOf(ref) ?? node.outputShapes[0]!, value.shape);
    p.write(ref, value);
    return ref;
  },
  gradient: "none",
});

/** ref = fn(ref, value) for equal shapes. */
const update = <const N extends string>(
  type: N,
  fn: "add" | "sub",
): OpBuilder<
  readonly ["ref: Ref(T)", "value: T"],
  readonly ["output_ref: Ref(T)"],
  readonly ["T: numbertype", "use_locking: bool = false"]
> =>
  defineOp(type, {
    inputs: ["ref: Ref(T)", "value: T"],
    outputs: ["output_ref: Ref(T)"],
    attrs: ["T: numbertype", "use_locking: bool = false"],
    updates: ["ref"],
    shape: ({ ref, value }) => [mergeShapes(ref, value)],
    lower(p, { ref, value }) {
      const old = p.read(ref);
      if (!sameShape(old.shape, value.shape)) throw invalidArgument("Parameters and update must be the same size");
      p.write(ref, p[fn](old, value));
      return ref;
    },
    gradient: "none",
  });

export const assignAddOp = update("AssignAdd", "add");
export const assignSubOp = update("AssignSub", "sub");

/** output = ref, which grows by one. Throws OUT_OF_RANGE `Reached limit of 3`. */
export const countUpToOp = defineOp("CountUpTo", {
  inputs: ["ref: Ref(T)"],
  outputs: ["output: T"],
  attrs: ["limit: int", "T: {int32, int64}"],
  updates: ["ref"],
  shape: ({ ref }) => [withRank(ref, 0)],
  lower: (p, { ref, limit }) => countUp(p, ref, limit),
  gradient: "unregistered",
});
