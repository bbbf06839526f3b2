/** Calls of Python functions. A graph holds only a token for them, so they run nowhere but in the process that made them. Source: script_ops.cc, py_func.cc */
import { invalidArgument } from "../../core/error.ts";
import type { RunContext } from "../../graph/definition.ts";
import { defineOp } from "../define.ts";

const attrs = ["token: string", "Tin: list(type) >= 0", "Tout: list(type) >= 0"] as const;

/** Throws INVALID_ARGUMENT, as TensorFlow does in a process that does not know the function. */
function call(token: string, context: RunContext): never {
  context.permit(token);
  throw invalidArgument(`ValueError: callback ${token} is not found`, {
    hint: `${context.node.name} calls a Python function, which no file holds: build the graph without tf.py_func`,
  });
}

/** output = a Python function of the inputs, which is not there. Throws INVALID_ARGUMENT when it runs. */
export const pyFuncOp = defineOp("PyFunc", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs,
  stateful: true,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: ({ token }, context) => call(token, context),
  gradient: "none",
});

export const pyFuncStatelessOp = defineOp("PyFuncStateless", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: ({ token }, context) => call(token, context),
  gradient: "none",
});

export const eagerPyFuncOp = defineOp("EagerPyFunc", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs: ["token: string", "is_async: bool = false", "Tin: list(type) >= 0", "Tout: list(type) >= 0"],
  stateful: true,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: ({ token }, context) => call(token, context),
  gradient: "unregistered",
});
