/** Functions of the graph's library with the values that they captured. Source: captured_function.cc */
import { invalidArgument, OpError, opError } from "../../../../core/error.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import type { FunctionRef } from "../../../../graph/attr.ts";
import type { Dataset, Element, Runtime } from "./dataset.ts";
import { datasetOf } from "./define.ts";

export type Call = (runtime: Runtime, element: Element) => Maybe<Element>;

/** Calls with the element's components, then the captured values. With a title, errors say which user function they come from. */
export function captured(fn: FunctionRef, others: Element, title?: string): Call {
  return (runtime, element) => {
    const fail = (error: unknown): never => {
      throw title === undefined ? error : inFunction(error, title, runtime.prefix);
    };
    try {
      const result = runtime.call(fn, others.length === 0 ? element : [...element, ...others]);
      return result instanceof Promise ? result.catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  };
}

/** Says which user function an error comes from. */
function inFunction(error: unknown, title: string, prefix: string): unknown {
  if (!(error instanceof OpError)) return error;
  const text = `Error in user-defined function passed to ${title} transformation with iterator: ${prefix}: ${error.message}`;
  const named = opError(error.code, text, { cause: error });
  named.op = error.op;
  named.madeAt = error.madeAt;
  return named;
}

/** What a predicate says. Throws INVALID_ARGUMENT when it is no scalar bool. */
export function truth(result: Element): boolean {
  const [answer] = result;
  if (result.length !== 1 || answer!.dtype.base !== "bool" || answer!.size !== 1)
    throw invalidArgument("Filter predicate `f` must return a scalar bool.");
  return answer!.data[0] === 1;
}

/** The dataset that a function gave. */
export function datasetFrom(result: Element): Dataset {
  if (result.length !== 1 || result[0]!.dtype.base !== "variant" || result[0]!.shape.length !== 0)
    throw invalidArgument("Function must return a single scalar of dtype DT_VARIANT.");
  return datasetOf(result[0]!);
}
