/** CheckNumerics, and the bits of numbers under another dtype. */
import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { formatShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { RuntimeError, ValueError } from "../../../../core/error.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { group, withDependencies } from "./group.ts";
import { cppName, inScope, type Named } from "./names.ts";

type Kind = readonly [string, Value];

/** Fails the run with the words of every kind of bad number that occurs. */
function checkKinds(p: Lowering, kinds: readonly Kind[], message: string): void {
  for (let mask = (1 << kinds.length) - 1; mask > 0; mask--) {
    const present = kinds.filter((_, i) => mask & (1 << i));
    const names = present.map(([name]) => name);
    const text = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
    const all = present.map(([, found]) => found).reduce((a, b) => p.logicalAnd(a, b));
    p.check(p.logicalNot(all), () => new InvalidArgumentError(`${message} : Tensor had ${text} values`));
  }
}

const anyOf = (p: Lowering, x: Value): Value => p.reduce("any", x, [...x.shape.keys()]);

/** output = tensor; NaN or infinity in it fails the run. Source: check_numerics_op.cc. */
export const checkNumericsOp = defineOp("CheckNumerics", {
  inputs: ["tensor: T"],
  outputs: ["output: T"],
  attrs: ["T: {bfloat16, half, float, double}", "message: string"],
  stateful: true,
  shape: ({ tensor }) => [tensor],
  lower(p, { tensor, message }) {
    const kinds: Kind[] = [
      ["Inf", anyOf(p, p.isInf(tensor))],
      ["NaN", anyOf(p, p.isNan(tensor))],
    ];
    checkKinds(p, kinds, message);
    return tensor;
  },
  gradient: (tf, { message }, dy) => ({
    tensor: tf.checkNumerics(dy!, `Not a number (NaN) or infinity (Inf) values detected in gradient. ${message}`),
  }),
});

/** As CheckNumerics, telling the signs of infinities apart. */
export const checkNumericsV2Op = defineOp("CheckNumericsV2", {
  inputs: ["tensor: T"],
  outputs: ["output: T"],
  attrs: ["T: {bfloat16, half, float, double}", "message: string"],
  stateful: true,
  shape: ({ tensor }) => [tensor],
  lower(p, { tensor, message }) {
    const zero = p.scalar(0, tensor.dtype);
    const infinite = p.isInf(tensor);
    const kinds: Kind[] = [
      ["-Inf", anyOf(p, p.logicalAnd(infinite, p.lt(tensor, zero)))],
      ["+Inf", anyOf(p, p.logicalAnd(infinite, p.gt(tensor, zero)))],
      ["NaN", anyOf(p, p.isNan(tensor))],
    ];
    checkKinds(p, kinds, message);
    return tensor;
  },
  gradient: (tf, { message }, dy) => ({
    tensor: tf.checkNumericsV2(dy!, `Not a number (NaN) or infinity (Inf) values detected in gradient. ${message}`),
  }),
});

/** The same bits as another dtype; a last axis grows or shrinks when the sizes differ. Source: bitcast_op.cc. */
export const bitcastOp = defineOp("Bitcast", {
  inputs: ["input: T"],
  outputs: ["output: type"],
  attrs: ["T: numbertype", "type: numbertype"],
  shape({ input, T, type }) {
    if (input === null) return [null];
    const [from, to] = [T.sizeBytes, type.sizeBytes];
    if (from === to) return [input];
    if (from > to) return [[...input, from / to]];
    const last = input.at(-1);
    const factor = to / from;
    if (last === undefined || (last !== null && last !== factor)) {
      throw invalidArgument(
        `Cannot bitcast due to shape. ${last ?? "nothing"} does not match ${factor}.`,
      );
    }
    return [input.slice(0, -1)];
  },
  lower(p, { input, T, type }) {
    const factor = type.sizeBytes / T.sizeBytes;
    if (factor > 1 && input.shape.at(-1) !== factor) {
      throw new InvalidArgumentError(
        `Cannot bitcast from ${cppName(T)} to ${cppName(type)}${input.shape.length ? `: ${formatShape(input.shape)}` : ""}`,
      );
    }
    return p.bitcast(input, type.base);
  },
  gradient: "unregistered",
});

export const bitcast = (input: TensorLike, type: DType, options: Named = {}): Tensor => bitcastOp({ input, type: type.baseDtype }, options.name);

/** The tensor; NaN or infinity in it fails the run with the message. */
export const checkNumerics = (tensor: TensorLike, message: string, options: Named = {}): Tensor => checkNumericsOp({ tensor, message }, options.name);

export const checkNumericsV2 = (tensor: TensorLike, message: string, options: Named = {}): Tensor =>
  checkNumericsV2Op({ tensor, message }, options.name);

/** The tensor, after a check that all of it is finite. Source: numerics.py. */
export function verifyTensorAllFinite(x: TensorLike, message: string, options: Named = {}): Tensor {
  return inScope(options.name, "VerifyFinite", () => {
    const tensor = convertToTensor(x, { name: "x" });
    return getDefaultGraph().colocateWith(tensor.op, () => withDependencies([checkNumerics(tensor, message)], tensor));
  });
}

/** An operation that checks every floating-point tensor of the graph, in order. Throws ValueError in graphs with control flow. */
export function addCheckNumericsOps(): Operation {
  let last: Tensor[] = [];
  const graph = getDefaultGraph();
  if (graph.finalized) throw new RuntimeError("Graph is finalized and cannot be modified.");
  for (const op of graph.getOperations()) {
    for (const output of op.outputs) {
      if (!["float16", "float32", "float64"].includes(output.dtype.name)) continue;
      if (op.controlFlowContext) {
        throw new ValueError("`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations such as `tf.cond()` or `tf.while_loop()`.");
      }
      last = graph.controlDependencies(last, () => [checkNumerics(output, `${op.name}:${output.valueIndex}`)]);
    }
  }
  return group(...last);
}
