/** Errors of a run, with the node that failed. */
import { OpError, opError } from "../../core/error.ts";
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
