/** The bits of numbers under another dtype, and checks of whole graphs. */

import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, RuntimeError, ValueError } from "../../../../core/error.ts";
import { formatShape } from "../../../../core/shape.ts";
import { cppName } from "../../../../graph/def/node_text.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { group, withDependencies } from "./group.ts";
import { inScope, type Name, type Named, nameOf } from "./names.ts";

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
      throw invalidArgument(`Cannot bitcast due to shape. ${last ?? "nothing"} does not match ${factor}.`);
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

/** The same bits as elements of another dtype; a last dimension appears or goes where the sizes differ. */
export const bitcast = byKeyword(
  ["input", "type"],
  function bitcast(input: TensorLike, type: DType, name?: Name): Tensor {
    return bitcastOp({ input, type: type.baseDtype }, nameOf(name));
  },
);

const verifyTensorAllFinitePlaces = ["name"] as const;

/** The tensor, after a check that all of it is finite. Source: numerics.py. */
export function verifyTensorAllFinite(
  x: TensorLike,
  message: string,
  ...rest: Rest<Named, typeof verifyTensorAllFinitePlaces>
): Tensor {
  const options = byName<Named>(rest, verifyTensorAllFinitePlaces);
  return inScope(options.name, "VerifyFinite", () => {
    const tensor = convertToTensor(x, { name: "x" });
    return getDefaultGraph().colocateWith(tensor.op, () =>
      withDependencies([ops.checkNumerics(tensor, message)], tensor),
    );
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
        throw new ValueError(
          "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations such as `tf.cond()` or `tf.while_loop()`.",
        );
      }
      last = graph.controlDependencies(last, () => [ops.checkNumerics(output, `${op.name}:${output.valueIndex}`)]);
    }
  }
  return group(...last);
}
