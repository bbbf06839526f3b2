/** Stacks of a run: what loops keep of each iteration for their gradients. Source: data_flow_ops.cc, stack.cc. */
import { invalidArgument } from "../../core/error.ts";
import { elementAt, NdArray } from "../../core/nd_array.ts";
import type { ComputeContext } from "../../graph/definition.ts";
import { defineOp } from "../define.ts";

/** The kernel's stack: arrays of one dtype, up to a size (-1: any). */
interface Stack {
  readonly elements: NdArray[];
  readonly maxSize: number;
  closed: boolean;
}

let stacks = 0;

function stackOf(context: ComputeContext, handle: NdArray): Stack {
  const stack = context.resource<Stack>(handle);
  if (!stack) throw invalidArgument(`Stack resource of ${context.node.name} does not exist`);
  return stack;
}

/** handle = a new, empty stack that lives as long as the run. */
export const stackV2Op = defineOp("StackV2", {
  inputs: ["max_size: int32"],
  outputs: ["handle: resource"],
  attrs: ["elem_type: type", "stack_name: string = ''"],
  stateful: true,
  shape: () => [[2]],
  compute({ max_size, stack_name }, context) {
    const name = `${stack_name || context.node.name}_${stacks++}`;
    const create = (): Stack => ({ elements: [], maxSize: Number(elementAt(max_size, 0)), closed: false });
    const { handle } = context.makeResource({ container: "_stacks", name, create });
    context.atEnd(() => context.deleteResource(handle));
    return handle;
  },
  gradient: "unregistered",
});

/** output = elem, which is on top of the stack now. Throws INVALID_ARGUMENT when it is full. */
export const stackPushV2Op = defineOp("StackPushV2", {
  inputs: ["handle: resource", "elem: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "swap_memory: bool = false"],
  stateful: true,
  shape: ({ elem }) => [elem],
  compute({ handle, elem }, context) {
    const stack = stackOf(context, handle);
    if (stack.closed) throw invalidArgument(`Stack[${context.node.name}] has already been closed.`);
    if (stack.maxSize >= 0 && stack.elements.length >= stack.maxSize) {
      throw invalidArgument(`Stack[${context.node.name}] overflowed its max_size (${stack.maxSize})`);
    }
    const copy = (elem.data as Float32Array).slice();
    stack.elements.push(new NdArray(elem.dtype, elem.shape, copy));
    return elem;
  },
  gradient: "unregistered",
});

/** elem = the top of the stack, taken off. Throws INVALID_ARGUMENT for an empty one. */
export const stackPopV2Op = defineOp("StackPopV2", {
  inputs: ["handle: resource"],
  outputs: ["elem: elem_type"],
  attrs: ["elem_type: type"],
  stateful: true,
  shape: () => [null],
  compute({ handle }, context) {
    const top = stackOf(context, handle).elements.pop();
    if (!top) throw invalidArgument(`Stack[${context.node.name}] is empty when calling Pop().`);
    return top;
  },
  gradient: "unregistered",
});

export const stackCloseV2Op = defineOp("StackCloseV2", {
  inputs: ["handle: resource"],
  stateful: true,
  shape: () => [],
  compute({ handle }, context) {
    const stack = stackOf(context, handle);
    stack.closed = true;
    stack.elements.length = 0;
  },
  gradient: "unregistered",
});
