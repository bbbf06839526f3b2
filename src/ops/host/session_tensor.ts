/** Tensors that the session keeps between runs. Source: session_ops.py, session_ops.cc. */
import { type DType, string } from "../../core/dtype.ts";
import { FailedPreconditionError, TypeError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { ComputeContext } from "../../graph/definition.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { TensorStore, tensorStore } from "../../graph/parts/tensor_handle.ts";
import { Tensor } from "../../graph/tensor.ts";
import { placeholder } from "../compute/array/basic/identity.ts";
import { defineOp } from "../define.ts";
import { byKeyword, byName, type Rest } from "../options.ts";
import { bytesOfText, textsOf } from "./arrays.ts";

const storeOf = (context: ComputeContext): TensorStore =>
  context.makeResource({ ...tensorStore, create: () => new TensorStore() }).resource;

const scalarText = (text: string): NdArray => new NdArray(string, [], [bytesOfText(text)]);

/** The value's name in the session, which keeps it from then on. */
export const getSessionHandleOp = defineOp("GetSessionHandle", {
  inputs: ["value: T"],
  outputs: ["handle: string"],
  attrs: ["T: type"],
  stateful: true,
  keepsTensor: true,
  shape: () => [[]],
  compute: ({ value }, context) => scalarText(storeOf(context).add(value, context.node.name)),
  gradient: "none",
});

/** As GetSessionHandle, with a handle of dtype resource. */
export const getSessionHandleV2Op = defineOp("GetSessionHandleV2", {
  inputs: ["value: T"],
  outputs: ["handle: resource"],
  attrs: ["T: type"],
  stateful: true,
  shape: () => [[]],
  compute({ value }, context) {
    const name = storeOf(context).add(value, context.node.name);
    return context.makeResource({ ...tensorStore, kind: "tensor", name, create: () => name }).handle;
  },
  gradient: "none",
});

/** The tensor that the session keeps by this handle. Throws INVALID_ARGUMENT when it has none. */
export const getSessionTensorOp = defineOp("GetSessionTensor", {
  inputs: ["handle: string"],
  outputs: ["value: dtype"],
  attrs: ["dtype: type"],
  stateful: true,
  shape: () => [null],
  compute: ({ handle }, context) => storeOf(context).get(textsOf(handle)[0]!),
  gradient: "none",
});

/** Frees the tensor of this handle. Throws INVALID_ARGUMENT when there is none. */
export const deleteSessionTensorOp = defineOp("DeleteSessionTensor", {
  inputs: ["handle: string"],
  outputs: [],
  attrs: [],
  stateful: true,
  shape: () => [],
  compute: ({ handle }, context) => storeOf(context).delete(textsOf(handle)[0]!),
  gradient: "none",
});

interface NameOption {
  readonly name?: string | null | undefined;
}

type NameRest = Rest<NameOption, ["name"]>;

/** A string scalar, which a run gives as a TensorHandle: data stays in the session until it is deleted. Throws TypeError for
 * what is no tensor, FAILED_PRECONDITION where ops run at once. */
export function getSessionHandle(data: Tensor, ...rest: NameRest): Tensor {
  const { name }: NameOption = byName(rest, ["name"]);
  if (!(data instanceof Tensor)) throw new TypeError("`data` must be of type Tensor.");
  if (getDefaultGraph().isEager) {
    throw new FailedPreconditionError(
      "{{function_node __wrapped__GetSessionHandle_device_/job:localhost/replica:0/task:0/device:CPU:0}} GetSessionHandle called on null session state [Op:GetSessionHandle] name: ",
    );
  }
  return getDefaultGraph().colocateWith(data, () => getSessionHandleOp({ value: data }, name || undefined));
}

const deviceOf = (handle: string): string => handle.split(";").at(-1)!;

/** A placeholder for a handle, and the tensor that the session keeps by it: a tensor of this dtype and of unknown shape. */
export const getSessionTensor = byKeyword(
  ["handle", "dtype"],
  function getSessionTensor(handle: string, dtype: DType, ...rest: NameRest): [holder: Tensor, tensor: Tensor] {
    const { name }: NameOption = byName(rest, ["name"]);
    return getDefaultGraph().device(deviceOf(handle), () => {
      const holder = placeholder(string, null);
      return [holder, getSessionTensorOp({ handle: holder, dtype }, name || undefined)];
    });
  },
);

/** A placeholder for a handle, and the operation that frees its tensor. */
export function deleteSessionTensor(handle: string, ...rest: NameRest): [holder: Tensor, deleter: Operation] {
  const { name }: NameOption = byName(rest, ["name"]);
  return getDefaultGraph().device(deviceOf(handle), () => {
    const holder = placeholder(string, null);
    return [holder, deleteSessionTensorOp({ handle: holder }, name || undefined)];
  });
}
