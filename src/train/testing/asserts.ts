/** The assertions of Python's unittest and of absl, on plain values. Source: unittest/case.py; absl/testing/absltest.py. */
import { AssertionError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { pythonFloat } from "../../core/text/float_text.ts";
import { repr, tupleText, unequalPairs } from "./arrays.ts";

type Message = string | null | undefined;
// biome-ignore lint/suspicious/noExplicitAny: any class whose instances are thrown
export type ErrorClass = abstract new (...args: any[]) => unknown;

/** Thrown by a test that is not to run here. */
export class SkipTest extends Error {
  override readonly name = "SkipTest";
}

/** The words of a failure, with the message given behind them. */
export function failure(words: string, msg: Message): never {
  throw new AssertionError(msg ? `${words} : ${msg}` : words);
}

/** Python's ==: by value for arrays, lists and dicts. */
export function areEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (a instanceof NdArray && b instanceof NdArray)
    return a.shape.join() === b.shape.join() && unequalPairs(a, b).at.length === 0;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const own = (a as { equals?: (other: unknown) => boolean }).equals;
  if (typeof own === "function") return own.call(a, b);
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((item) => b.has(item));
  const [x, y] = [entriesOf(a), entriesOf(b)];
  if (!x || !y || Array.isArray(a) !== Array.isArray(b)) return false;
  return x.size === y.size && [...x].every(([key, item]) => y.has(key) && areEqual(item, y.get(key)));
}

function entriesOf(value: object): Map<unknown, unknown> | null {
  if (value instanceof Map) return value;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
    ? new Map(Object.entries(value))
    : null;
}

function lengthOf(container: unknown): number {
  const { length, size } = container as { length?: number; size?: number };
  return length ?? size ?? Object.keys(container as object).length;
}

function has(container: unknown, member: unknown): boolean {
  if (typeof container === "string") return container.includes(String(member));
  if (container instanceof Map || container instanceof Set) return container.has(member);
  if (typeof (container as Iterable<unknown>)[Symbol.iterator] === "function")
    return [...(container as Iterable<unknown>)].some((item) => areEqual(item, member));
  return String(member) in (container as object);
}

const matcher = (pattern: RegExp | string): RegExp => (typeof pattern === "string" ? new RegExp(pattern) : pattern);
const patternText = (pattern: RegExp | string): string => (typeof pattern === "string" ? pattern : pattern.source);

export class Assertions {
  fail(msg: Message = null): never {
    throw new AssertionError(msg ?? "None");
  }

  skipTest(reason: string): never {
    throw new SkipTest(reason);
  }

  assertEqual(first: unknown, second: unknown, msg: Message = null): void {
    if (areEqual(first, second)) return;
    if (typeof first === "string" && typeof second === "string") {
      const lines = (mark: string, text: string): string =>
        text
          .split("\n")
          .map((line) => `${mark} ${line}\n`)
          .join("");
      throw new AssertionError(`${msg ? `${msg}:` : ""}\n${lines("-", first)}${lines("+", second)}`);
    }
    failure(`${repr(first)} != ${repr(second)}`, msg);
  }

  /** Shapes and other tuples. */
  protected assertTuplesEqual(first: readonly number[], second: readonly number[], msg: string): void {
    if (first.join() === second.join()) return;
    const [a, b] = [tupleText(first), tupleText(second)];
    const common = Math.min(first.length, second.length);
    const at = Array.from({ length: common }, (_, i) => i).find((i) => first[i] !== second[i]);
    let words = `Tuples differ: ${a} != ${b}\n\n`;
    if (at !== undefined) words += `First differing element ${at}:\n${first[at]}\n${second[at]}\n\n`;
    if (first.length !== second.length) {
      const [which, longer] = first.length > second.length ? ["First", first] : ["Second", second];
      words += `${which} tuple contains ${longer.length - common} additional elements.\nFirst extra element ${common}:\n${longer[common]}\n\n`;
    }
    failure(`${words}- ${a}\n+ ${b}`, msg);
  }

  assertNotEqual(first: unknown, second: unknown, msg: Message = null): void {
    if (areEqual(first, second)) failure(`${repr(first)} == ${repr(second)}`, msg);
  }

  assertTrue(value: unknown, msg: Message = null): void {
    if (!value) failure(`${repr(value)} is not true`, msg);
  }

  assertFalse(value: unknown, msg: Message = null): void {
    if (value) failure(`${repr(value)} is not false`, msg);
  }

  assertIs(first: unknown, second: unknown, msg: Message = null): void {
    if (!Object.is(first, second)) failure(`${repr(first)} is not ${repr(second)}`, msg);
  }

  assertIsNot(first: unknown, second: unknown, msg: Message = null): void {
    if (Object.is(first, second)) failure(`unexpectedly identical: ${repr(first)}`, msg);
  }

  assertIsNone(value: unknown, msg: Message = null): void {
    if ((value ?? null) !== null) failure(`${repr(value)} is not None`, msg);
  }

  assertIsNotNone(value: unknown, msg: Message = null): void {
    if ((value ?? null) === null) failure("unexpectedly None", msg);
  }

  assertIn(member: unknown, container: unknown, msg: Message = null): void {
    if (!has(container, member)) failure(`${repr(member)} not found in ${repr(container)}`, msg);
  }

  assertNotIn(member: unknown, container: unknown, msg: Message = null): void {
    if (has(container, member)) failure(`${repr(member)} unexpectedly found in ${repr(container)}`, msg);
  }

  assertIsInstance(value: unknown, type: ErrorClass, msg: Message = null): void {
    if (!(value instanceof type)) failure(`${repr(value)} is not an instance of <class '${type.name}'>`, msg);
  }

  assertNotIsInstance(value: unknown, type: ErrorClass, msg: Message = null): void {
    if (value instanceof type) failure(`${repr(value)} is an instance of <class '${type.name}'>`, msg);
  }

  /** Equal after rounding to `places` (7), or no further apart than `delta`. */
  assertAlmostEqual(
    first: number,
    second: number,
    options: { places?: number; delta?: number; msg?: Message } = {},
  ): void {
    const apart = Math.abs(first - second);
    const { places = 7, delta, msg } = options;
    if (first === second || (delta === undefined ? apart < 0.5 * 10 ** -places : apart <= delta)) return;
    const within = delta === undefined ? `${places} places` : `${pythonFloat(delta)} delta`;
    failure(`${pythonFloat(first)} != ${pythonFloat(second)} within ${within} (${pythonFloat(apart)} difference)`, msg);
  }

  assertNotAlmostEqual(
    first: number,
    second: number,
    options: { places?: number; delta?: number; msg?: Message } = {},
  ): void {
    const apart = Math.abs(first - second);
    const { places = 7, delta, msg } = options;
    if (first !== second && (delta === undefined ? apart >= 0.5 * 10 ** -places : apart > delta)) return;
    const within = delta === undefined ? `${places} places` : `${pythonFloat(delta)} delta`;
    failure(`${pythonFloat(first)} == ${pythonFloat(second)} within ${within}`, msg);
  }

  assertGreater(a: number, b: number, msg: Message = null): void {
    if (!(a > b)) failure(`${repr(a)} not greater than ${repr(b)}`, msg);
  }

  assertGreaterEqual(a: number, b: number, msg: Message = null): void {
    if (!(a >= b)) failure(`${repr(a)} not greater than or equal to ${repr(b)}`, msg);
  }

  assertLess(a: number, b: number, msg: Message = null): void {
    if (!(a < b)) failure(`${repr(a)} not less than ${repr(b)}`, msg);
  }

  assertLessEqual(a: number, b: number, msg: Message = null): void {
    if (!(a <= b)) failure(`${repr(a)} not less than or equal to ${repr(b)}`, msg);
  }

  assertBetween(value: number, minv: number, maxv: number, msg: Message = null): void {
    const words = msg ?? `"${value}" unexpectedly not between "${minv}" and "${maxv}"`;
    this.assertLessEqual(minv, maxv, words);
    this.assertLessEqual(minv, value, words);
    this.assertGreaterEqual(maxv, value, words);
  }

  assertRegex(text: string, pattern: RegExp | string, msg: Message = null): void {
    if (!matcher(pattern).test(text))
      failure(`Regex didn't match: ${repr(patternText(pattern))} not found in ${repr(text)}`, msg);
  }

  assertNotRegex(text: string, pattern: RegExp | string, msg: Message = null): void {
    const found = matcher(pattern).exec(text);
    if (found) failure(`Regex matched: ${repr(found[0])} matches ${repr(patternText(pattern))} in ${repr(text)}`, msg);
  }

  assertStartsWith(actual: string, start: string, msg: Message = null): void {
    if (!actual.startsWith(start)) failure(`${repr(actual)} does not start with ${repr(start)}`, msg);
  }

  assertEndsWith(actual: string, end: string, msg: Message = null): void {
    if (!actual.endsWith(end)) failure(`${repr(actual)} does not end with ${repr(end)}`, msg);
  }

  assertLen(container: unknown, expected: number, msg: Message = null): void {
    const length = lengthOf(container);
    if (length !== expected) failure(`${repr(container)} has length of ${length}, expected ${expected}.`, msg);
  }

  assertEmpty(container: unknown, msg: Message = null): void {
    if (lengthOf(container) > 0) failure(`${repr(container)} has length of ${lengthOf(container)}.`, msg);
  }

  assertNotEmpty(container: unknown, msg: Message = null): void {
    if (lengthOf(container) === 0) failure(`${repr(container)} has length of 0.`, msg);
  }

  /** The same items as often, in any order. */
  assertCountEqual(first: Iterable<unknown>, second: Iterable<unknown>, msg: Message = null): void {
    const [a, b] = [[...first], [...second]];
    const missing = a.filter((item) => !take(b, item));
    if (missing.length + b.length > 0)
      failure(`Element counts were not equal:\nFirst has ${repr(missing)}, Second has ${repr(b)}`, msg);
  }

  assertItemsEqual(first: Iterable<unknown>, second: Iterable<unknown>, msg: Message = null): void {
    this.assertCountEqual(first, second, msg);
  }

  assertSequenceEqual(first: readonly unknown[], second: readonly unknown[], msg: Message = null): void {
    this.assertEqual([...first], [...second], msg);
  }

  assertDictEqual(first: object, second: object, msg: Message = null): void {
    this.assertEqual(first, second, msg);
  }
}

/** Takes one equal item out of a list; false when there is none. */
function take(items: unknown[], wanted: unknown): boolean {
  const at = items.findIndex((item) => areEqual(item, wanted));
  if (at >= 0) items.splice(at, 1);
  return at >= 0;
}
