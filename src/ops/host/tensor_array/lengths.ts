/** TensorArrays as one tensor whose rows are those of all elements, their sizes, and their ends. Source: tensor_array_ops.cc. */
import { invalidArgument, UnimplementedError } from "../../../core/error.ts";
import { ndarray } from "../../../core/nd_array.ts";
import { formatShape, isFull, sameShape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import { joinRows, sliceRows } from "../arrays.ts";
import { afterWrite, gradientArray } from "./elements.ts";
import { cellsOf, checkDtype, type Handle, type Version } from "./shared.ts";

export function lengthOps(version: Version, handleArg: Handle) {
  const stateful = version === "V3";
  /** value = all elements after each other along their first dimension, lengths = their first dimensions. */
  const concat = defineOp(`TensorArrayConcat${version}`, {
    inputs: [handleArg, "flow_in: float32"],
    outputs: ["value: dtype", "lengths: int64"],
    attrs: ["dtype: type", "element_shape_except0: shape = unknown"],
    stateful,
    shape({ handle, flow_in }) {
      if (version === "") return [null, null];
      withRank(handle, 1);
      withRank(flow_in, 0);
      return [null, [null]];
    },
    compute({ handle, dtype, element_shape_except0: except0 }, context) {
      const cells = cellsOf(context, handle);
      checkDtype(cells, dtype, "requested");
      const count = cells.packedSize;
      if (count === 0) {
        if (!isFull(except0)) {
          throw new UnimplementedError(
            `TensorArray has size zero, but element_shape_except0 ${formatShape(except0)} is not fully defined. Currently only static shapes are supported when concatenating zero-size TensorArrays.`,
          );
        }
        return [joinRows(dtype, except0, []), ndarray([], "int64", [0])];
      }
      const values = Array.from({ length: count }, (_, i) => cells.read(i));
      const inner = values[0]!.shape.slice(1);
      for (const [i, { shape }] of values.entries()) {
        if (shape.length === 0) {
          throw invalidArgument(
            `Concat saw a scalar shape at index ${i} but requires at least vectors.  Did you mean to call pack?`,
          );
        }
        if (!sameShape(shape.slice(1), inner)) {
          throw invalidArgument(
            `TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: ${formatShape(inner)} but index ${i} has (excepting dimension 0) shape: ${formatShape(shape.slice(1))}`,
          );
        }
      }
      const lengths = values.map(({ shape }) => shape[0]!);
      return [joinRows(dtype, inner, values), ndarray(lengths, "int64")];
    },
    gradient: (_tf, { handle, flow_in, lengths, dtype }, dy) => ({
      flow_in: gradientArray(dtype, handle, flow_in, dy as Tensor).split(dy as Tensor, lengths).flow,
    }),
  });
  /** array[i] = the next lengths[i] rows of value. */
  const split = defineOp(`TensorArraySplit${version}`, {
    inputs: [handleArg, "value: T", "lengths: int64", "flow_in: float32"],
    outputs: ["flow_out: float32"],
    attrs: ["T: type"],
    stateful,
    shape({ handle, value, lengths, flow_in }) {
      if (version === "") return [null];
      withRank(handle, 1);
      withRank(flow_in, 0);
      withRank(lengths, 1);
      if (version === "V3") withRankAtLeast(value, 1);
      return [[]];
    },
    compute({ handle, value, lengths, flow_in, T }, context) {
      const cells = cellsOf(context, handle);
      checkDtype(cells, T, "is trying to write");
      if (lengths.shape.length !== 1) {
        throw invalidArgument(`Expected lengths to be a vector, received shape: ${formatShape(lengths.shape)}`);
      }
      if (value.shape.length === 0) {
        throw invalidArgument("Expected value to be at least a vector, but received shape: []");
      }
      const rows = Array.from(lengths.data as BigInt64Array, Number);
      const total = rows.reduce((sum, length) => sum + length, 0);
      if (total !== value.shape[0]) {
        throw invalidArgument(
          `Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ${total} and value's shape is: ${formatShape(value.shape)}`,
        );
      }
      if (!cells.hasDynamicSize && cells.size !== rows.length) {
        throw invalidArgument(
          `TensorArray's size is not equal to the size of lengths (${cells.size} vs. ${rows.length}), and the TensorArray is not marked as dynamically resizeable`,
        );
      }
      cells.markSize(rows.length);
      let from = 0;
      for (const [i, length] of rows.entries()) {
        cells.write(i, sliceRows(value, from, from + length), (each) => context.keep(each));
        from += length;
      }
      return flow_in;
    },
    gradient(tf, { handle, flow_out, T }, flow) {
      const after = afterWrite(tf, flow_out, flow as Tensor);
      return { value: gradientArray(T, handle, after, flow as Tensor).concat(), flow_in: after };
    },
  });
  const size = defineOp(`TensorArraySize${version}`, {
    inputs: [handleArg, "flow_in: float32"],
    outputs: ["size: int32"],
    stateful,
    shape: ({ handle }) => {
      if (version === "") return [null];
      withRank(handle, 1);
      return [[]];
    },
    compute: ({ handle }, context) => ndarray(cellsOf(context, handle).size, "int32"),
    gradient: "none",
  });
  /** Frees the elements before the run is over. */
  const close = defineOp(`TensorArrayClose${version}`, {
    inputs: [handleArg],
    stateful,
    shape: ({ handle }) => {
      if (version !== "") withRank(handle, 1);
      return [];
    },
    compute: ({ handle }, context) => cellsOf(context, handle).close(),
    gradient: "none",
  });
  return { concat, split, size, close };
}
