/**
 * `tf.autograph`, as far as JavaScript has it: nothing rewrites the control flow of a function, so functions are taken as they are. Source:
 * tensorflow/python/autograph/impl/api.py.
 */
import { NotImplementedError } from "../../../core/error.ts";
import { log } from "../../../core/host.ts";
import { printValue } from "../../../core/print.ts";

// biome-ignore lint/suspicious/noExplicitAny: any function
type AnyFunction = (...args: any[]) => any;

/** The function itself: nothing converts it. Without an argument, a decorator that gives the function itself. */
export function doNotConvert<F extends AnyFunction>(func: F): F;
export function doNotConvert(): <F extends AnyFunction>(func: F) => F;
export function doNotConvert<F extends AnyFunction>(func?: F): F | (<G extends AnyFunction>(fn: G) => G) {
  return func ?? (<G extends AnyFunction>(fn: G): G => fn);
}

const refusal = (what: string, entity: AnyFunction): NotImplementedError =>
  new NotImplementedError(
    `${what} of ${entity.name || "a function"}: if, while and for of JavaScript do not become operations of a graph; write tf.cond, tf.case and tf.whileLoop instead`,
  );

/** Throws NotImplementedError: the control flow of a JavaScript function is not rewritten. */
export function toGraph(entity: AnyFunction): never {
  throw refusal("tf.autograph.toGraph", entity);
}

/** Throws NotImplementedError: the control flow of a JavaScript function is not rewritten. */
export function toCode(entity: AnyFunction): never {
  throw refusal("tf.autograph.toCode", entity);
}

let verbosity = 0;

/** How much `trace` says: nothing below 0. */
export function setVerbosity(level: number): void {
  verbosity = level;
}

/** Prints what it is given while a function is traced, on standard error. */
export function trace(...args: readonly unknown[]): void {
  if (verbosity >= 0) log("INFO", args.map((arg) => printValue(arg)).join(" "));
}
