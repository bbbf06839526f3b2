/** Errors of a run, with the node that failed. */
import { OpError, opError } from "../../core/error.ts";
import { isBody } from "../../graph/def/function.ts";
import { functionsIn } from "../../graph/def/library.ts";
import type { Operation } from "../../graph/operation.ts";

/** TensorFlow's text: the message, then the node; op and user line beside it. An error that names its node already stays as it is. */
export function atNode(error: unknown, op: Operation, nodeName = op.name): unknown {
  if (!(error instanceof OpError) || error.op) return error;
  const facts = {
    cause: error,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.offset === undefined ? {} : { offset: error.offset }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
  const named = opError(error.code, `${error.message}\n\t [[{{node ${nodeName}}}]]`, facts);
  named.op = { name: op.name, type: op.type };
  named.madeAt = op.madeAt;
  return named;
}

/**
 * An error from inside a function names the node of the function; the call comes behind it. Calls inside of functions and branches that
 * are lowered leave no trace, since TensorFlow puts their bodies in their place.
 */
export function atCall(error: unknown, op: Operation): unknown {
  if (!(error instanceof OpError) || !error.op || isInlined(op)) return error;
  const named = opError(error.code, `${error.message}\n\t [[${op.name}]]`, { cause: error });
  named.op = error.op;
  named.madeAt = op.madeAt;
  return named;
}

const isInlined = (op: Operation): boolean =>
  op.attrs.has("_lower_using_switch_merge") ||
  (isBody(op.graph) && !op.definition.loops && functionsIn(op.attrs.values()).length < 2);
