/** Stacks of a run: what loops keep of each iteration for their gradients. Source: data_flow_ops.cc, stack.cc. */
import { type DType, string } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import { elementAt, NdArray } from "../../core/nd_array.ts";
import type { ComputeContext } from "../../graph/definition.ts";
import { defineOp } from "../define.ts";
import { bytesOfText } from "../host/arrays.ts";

/** The kernel's stack: arrays of one dtype, up to a size (-1: any). */
interface Stack {
  readonly name: string;
  readonly dtype: DType;
  readonly elements: NdArray[];
  readonly maxSize: number;
  closed: boolean;
}

let stacks = 0;

type Handle = "handle: Ref(string)" | "handle: resource";

const container = "_stacks";

function stackOf(context: ComputeContext, handle: NdArray): Stack {
  const stack = context.resource<Stack>(handle, container);
  if (!stack) throw invalidArgument(`Stack resource of ${context.node.name} does not exist`);
  return stack;
}

/** A new, empty stack that lives as long as the run: its name, and its handle. */
function makeStack(
  context: ComputeContext,
  { dtype, stackName, maxSize }: { dtype: DType; stackName: string; maxSize: number },
): { name: string; handle: NdArray } {
  const name = `${stackName || context.node.name}_${stacks++}`;
  const create = (): Stack => ({ name, dtype, elements: [], maxSize, closed: false });
  const { handle } = context.makeResource({ container, kind: container, name, create });
  context.atEnd(() => context.deleteResource(handle));
  return { name, handle };
}

/** The first version: a handle of two texts, no size to stay below. */
export const stackOp = defineOp("Stack", {
  outputs: ["handle: Ref(string)"],
  attrs: ["elem_type: type", "stack_name: string = ''"],
  stateful: true,
  shape: () => [[2]],
  compute({ elem_type: dtype, stack_name: stackName }, context) {
    const { name } = makeStack(context, { dtype, stackName, maxSize: -1 });
    return new NdArray(string, [2], [bytesOfText(container), bytesOfText(name)]);
  },
  gradient: "none",
});

/** handle = a new, empty stack. */
export const stackV2Op = defineOp("StackV2", {
  inputs: ["max_size: int32"],
  outputs: ["handle: resource"],
  attrs: ["elem_type: type", "stack_name: string = ''"],
  stateful: true,
  shape: () => [[2]],
  compute: ({ max_size, elem_type: dtype, stack_name: stackName }, context) =>
    makeStack(context, { dtype, stackName, maxSize: Number(elementAt(max_size, 0)) }).handle,
  gradient: "unregistered",
});

function opsOf(version: "" | "V2", handleArg: Handle) {
  const stateful = version === "V2";
  const gradient = version === "" ? "none" : "unregistered";
  /** output = elem, which is on top of the stack now. Throws INVALID_ARGUMENT when it is full. */
  const push = defineOp(`StackPush${version}`, {
    inputs: [handleArg, "elem: T"],
    outputs: ["output: T"],
    attrs: ["T: type", "swap_memory: bool = false"],
    stateful,
    opaque: ["elem"],
    shape: ({ elem }) => [elem],
    compute({ handle, elem }, context) {
      const stack = stackOf(context, handle);
      if (elem.dtype !== stack.dtype)
        throw invalidArgument(`Must have type ${stack.dtype.number} but got ${elem.dtype.number}`);
      if (stack.closed) throw invalidArgument(`Stack[${stack.name}] has already been closed.`);
      if (stack.maxSize >= 0 && stack.elements.length >= stack.maxSize) {
        throw invalidArgument(`Stack[${stack.name}] overflowed its max_size (${stack.maxSize})`);
      }
      stack.elements.push(context.keep(elem));
      return elem;
    },
    gradient,
  });
  /** elem = the top of the stack, taken off. Throws INVALID_ARGUMENT for an empty one. */
  const pop = defineOp(`StackPop${version}`, {
    inputs: [handleArg],
    outputs: ["elem: elem_type"],
    attrs: ["elem_type: type"],
    stateful,
    shape: () => [null],
    compute({ handle }, context) {
      const stack = stackOf(context, handle);
      const top = stack.elements.pop();
      if (!top) throw invalidArgument(`Stack[${stack.name}] is empty when calling Pop().`);
      return top;
    },
    gradient,
  });
  const close = defineOp(`StackClose${version}`, {
    inputs: [handleArg],
    stateful,
    shape: () => [],
    compute({ handle }, context) {
      const stack = stackOf(context, handle);
      stack.closed = true;
      stack.elements.length = 0;
    },
    gradient,
  });
  return { push, pop, close };
}

export const { push: stackPushOp, pop: stackPopOp, close: stackCloseOp } = opsOf("", "handle: Ref(string)");
export const { push: stackPushV2Op, pop: stackPopV2Op, close: stackCloseV2Op } = opsOf("V2", "handle: resource");
