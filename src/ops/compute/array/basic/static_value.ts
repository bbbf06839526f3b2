/** The values that Python's wrappers know while building; they decide which nodes a wrapper makes. Source: tensor_util.py, constant_value. */
import type { NdArray } from "../../../../core/nd_array.ts";
import { isFull } from "../../../../core/shape.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";

/** For each op that Python follows: which inputs must be known as well; null when the node says no by itself. */
const followed: Record<string, (op: Operation) => readonly Tensor[] | null> = {
  Const: () => [],
  Shape: (op) => (isFull(op.inputs[0]!.shape) ? [] : null),
  Size: (op) => (isFull(op.inputs[0]!.shape) ? [] : null),
  Rank: (op) => (op.inputs[0]!.shape === null ? null : []),
  Range: (op) => op.inputs,
  Cast: (op) => op.inputs,
  Concat: (op) => op.inputs,
  ConcatV2: (op) => op.inputs,
  Pack: (op) => (op.getAttr("axis") === 0 ? op.inputs : null),
  Unpack: (op) => (op.getAttr("axis") === 0 ? op.inputs : null),
  Split: (op) => op.inputs,
  Fill: (op) => (isFull(op.outputs[0]!.shape) ? [op.inputs[1]!] : null),
  Equal: (op) => op.inputs,
  NotEqual: (op) => op.inputs,
  StopGradient: (op) => op.inputs,
  Identity: (op) => op.inputs,
};

const isKnown = (tensor: Tensor): boolean => followed[tensor.op.type]?.(tensor.op)?.every(isKnown) ?? false;

/** The tensor's value if Python's `tf.get_static_value` knows it, else null. What it knows may not be fed any more, as in Python. */
export function getStaticValue(tensor: Tensor): NdArray | null {
  if (tensor.knownValue) return tensor.knownValue;
  const value = isKnown(tensor) ? constantValue(tensor) : null;
  if (value) tensor.graph.preventFeeding(tensor);
  return value;
}
