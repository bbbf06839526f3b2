/** Assertions on what is thrown: at once by a function, later by a promise. Source: unittest/case.py; framework/test_util.py. */
import { AssertionError, OpError } from "../../core/error.ts";
import { Assertions, type ErrorClass } from "./asserts.ts";

class NotRaised {}

/** Each gives the error, so that more can be said of it; a promise of it where the body gives one. */
export class RaiseAssertions extends Assertions {
  /** What `body` throws is of the class. */
  assertRaises(type: ErrorClass, body: () => unknown): unknown {
    return this.#raised(body, (error) => {
      if (error instanceof NotRaised) throw new AssertionError(`${type.name} not raised`);
      if (!(error instanceof type)) throw error;
    });
  }

  assertRaisesRegex(type: ErrorClass, pattern: RegExp | string, body: () => unknown): unknown {
    return this.#raised(body, (error) => {
      if (error instanceof NotRaised) throw new AssertionError(`${type.name} not raised`);
      if (!(error instanceof type)) throw error;
      const wanted = typeof pattern === "string" ? new RegExp(pattern) : pattern;
      const text = (error as Error).message;
      if (!wanted.test(text)) throw new AssertionError(`"${wanted.source}" does not match "${text}"`);
    });
  }

  /** The error is of the class, and its text matches, or the function is true of it. */
  assertRaisesWithPredicateMatch(
    type: ErrorClass,
    expected: RegExp | string | ((error: unknown) => unknown),
    body: () => unknown,
  ): unknown {
    return this.#raised(body, (error) => {
      const matches = (): unknown => {
        if (typeof expected === "function") return expected(error);
        const op = error instanceof OpError && error.op ? `\nCaused by: ${error.op.name}` : "";
        return (typeof expected === "string" ? new RegExp(expected) : expected).test((error as Error).message + op);
      };
      if (error instanceof type && matches()) return;
      const text = error instanceof NotRaised ? `${type.name} not raised` : (error as Error).message;
      const name = error instanceof NotRaised ? "AssertionError" : (error as Error).name;
      throw new AssertionError(`Exception of type <class '${name}'>: ${text}`);
    });
  }

  assertRaisesOpError(expected: RegExp | string | ((error: unknown) => unknown), body: () => unknown): unknown {
    return this.assertRaisesWithPredicateMatch(OpError, expected, body);
  }

  assertRaisesIncompatibleShapesError(type: ErrorClass, body: () => unknown): unknown {
    const words = /Incompatible shapes|Dimensions must be equal|required broadcastable shapes/;
    return this.assertRaisesWithPredicateMatch(type, words, body);
  }

  #raised(body: () => unknown, check: (error: unknown) => void): unknown {
    const seen = (error: unknown): unknown => {
      check(error);
      return error;
    };
    let result: unknown;
    try {
      result = body();
    } catch (error) {
      return seen(error);
    }
    if (!(result instanceof Promise)) return seen(new NotRaised());
    return result.then(
      () => seen(new NotRaised()),
      (error: unknown) => seen(error),
    );
  }
}
