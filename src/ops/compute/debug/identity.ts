/** Ops that watch a tensor and pass it on: Copy, DebugIdentity and its kin. Source: debug_ops.cc, debug_ops.h. */
import { InvalidArgumentError, UnimplementedError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { checkTensorName } from "./summary.ts";

/** Dumps to files or servers are for TensorFlow's own debugger. */
function checkUrls(urls: readonly string[]): void {
  if (urls.length > 0) throw new UnimplementedError(`debug_urls are not supported: ${urls.join(", ")}`);
}

const copies = ["T: type", "tensor_name: string = ''", "debug_ops_spec: list(string) = []"] as const;

/** output = input, a copy of its own. */
export const copyOp = defineOp("Copy", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: copies,
  shape: ({ input }) => [input],
  lower: (_, { input }) => input,
  gradient: "unregistered",
});

/** As Copy, in the host's memory. */
export const copyHostOp = defineOp("CopyHost", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: copies,
  shape: ({ input }) => [input],
  lower: (_, { input }) => input,
  gradient: "unregistered",
});

export const debugIdentityOp = defineOp("DebugIdentity", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "device_name: string = ''",
    "tensor_name: string = ''",
    "debug_urls: list(string) = []",
    "gated_grpc: bool = false",
  ],
  shape: ({ input }) => [input],
  lower(_, { input, debug_urls, tensor_name }) {
    checkTensorName(tensor_name);
    checkUrls(debug_urls);
    return input;
  },
  gradient: "unregistered",
});

export const debugIdentityV2Op = defineOp("DebugIdentityV2", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "tfdbg_context_id: string = ''",
    "op_name: string = ''",
    "output_slot: int = -1",
    "tensor_debug_mode: int = -1",
    "debug_urls: list(string) = []",
    "circular_buffer_size: int = 1000",
    "tfdbg_run_id: string = ''",
  ],
  stateful: true,
  shape: ({ input }) => [input],
  lower(_, { input, debug_urls }) {
    checkUrls(debug_urls);
    return input;
  },
  gradient: (_, __, dy) => ({ input: dy! }),
});

export const debugIdentityV3Op = defineOp("DebugIdentityV3", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "device_name: string = ''",
    "tensor_name: string = ''",
    "io_of_node: string = ''",
    "is_input: bool = false",
    "io_index: int = -1",
    "debug_urls: list(string) = []",
    "gated_grpc: bool = false",
  ],
  stateful: true,
  shape: ({ input }) => [input],
  lower(_, { input, debug_urls, tensor_name }) {
    checkTensorName(tensor_name);
    checkUrls(debug_urls);
    return input;
  },
  gradient: "unregistered",
});

/** What TensorFlow's debugger puts beside a variable whose gradient it watches: the variable itself. */
export const debugGradientRefIdentityOp = defineOp("DebugGradientRefIdentity", {
  inputs: ["input: Ref(T)"],
  outputs: ["output: Ref(T)"],
  attrs: ["T: type"],
  shape: ({ input }) => [input],
  lower: (_, { input }) => input,
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** Fails: tensors are not in memory that a GPU reads. */
export const checkPinnedOp = defineOp("CheckPinned", {
  inputs: ["tensor: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ tensor }) => [tensor],
  compute() {
    throw new InvalidArgumentError("not pinned");
  },
  gradient: "unregistered",
});

/** The tensor, where it lies in memory that a GPU reads: nowhere here, so a run of it fails. */
export const checkPinned = (
  tensor: TensorLike,
  name: string | null | { readonly name?: string | undefined } = null,
): Tensor => checkPinnedOp({ tensor }, typeof name === "string" ? name : name?.name);
