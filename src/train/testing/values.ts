/** Assertions on tensors, arrays, and lists and records of them. Source: tensorflow/python/framework/test_util.py. */
import { Variable } from "../../build/variables/variable.ts";
import { AssertionError, TypeError, ValueError } from "../../core/error.ts";
import { elementAt, NdArray, ndarray } from "../../core/nd_array.ts";
import { printArray } from "../../core/print.ts";
import { formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { canonicalDevice } from "../../graph/parts/device.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import { Tensor } from "../../graph/tensor.ts";
import { byName, type Rest } from "../../ops/options.ts";
import {
  farPairs,
  formatted,
  picked,
  refuse,
  repr,
  reprAny,
  sides,
  subscript,
  toArray,
  tupleText,
  unequalPairs,
} from "./arrays.ts";
import { areEqual, failure } from "./asserts.ts";
import { RaiseAssertions } from "./raises.ts";

/** Nothing when all values were there at once, a promise where tensors of a graph had to be run. */
type Checked = undefined | Promise<undefined>;

interface Closeness {
  readonly rtol?: number | undefined;
  readonly atol?: number | undefined;
  readonly msg?: string | null | undefined;
}
const closeness = ["rtol", "atol", "msg"] as const;

const isNode = (value: unknown): boolean =>
  value instanceof Tensor || value instanceof Variable || value instanceof SparseTensor;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const holdsNode = (value: unknown): boolean =>
  isNode(value) ||
  (Array.isArray(value) && value.some(holdsNode)) ||
  (isRecord(value) && Object.values(value).some(holdsNode));

/** The values of eager tensors, where they stand. */
export const atOnce = (value: unknown): unknown => {
  if (value instanceof Tensor || value instanceof Variable) return value.numpy();
  if (Array.isArray(value)) return value.map(atOnce);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, atOnce(item)])) : value;
};

const numbersOf = (value: unknown): number[] => {
  const array = toArray(value);
  return Array.from({ length: array.size }, (_, i) => Number(elementAt(array, i)));
};

/** Up to ten elements with their subscripts, one a line. */
function placed(array: NdArray, at: readonly number[]): string {
  if (array.shape.length === 0) return `  [0] : ${formatted(array)}`;
  const lines = at.slice(0, 10).map((i) => {
    const one = ndarray([elementAt(array, i)], array.dtype.base, []);
    return `  [${subscript(array.shape, i).join(" ")}] : ${printArray(one)}`;
  });
  return [...lines, ...(at.length > 10 ? ["  ..."] : [])].join("\n");
}

/** Elements of both sides taken together, in the dtype of the first. */
function mapped(a: NdArray, b: NdArray, f: (x: number, y: number) => number): NdArray {
  const dtype = /float/.test(a.dtype.base) ? a.dtype.base : "float64";
  const [x, y] = [numbersOf(a), numbersOf(b)];
  return ndarray(
    x.map((each, i) => f(each, y[i]!)),
    dtype,
    a.shape,
  );
}

/** Throws AssertionError with the words unless an assertion fails. */
function mustFail(check: () => void, words: string): void {
  try {
    check();
  } catch (error) {
    if (error instanceof AssertionError) return;
    throw error;
  }
  throw new AssertionError(words);
}

export abstract class ValueAssertions extends RaiseAssertions {
  /** Values of tensors. */
  abstract evaluate(tensors: unknown): Promise<unknown>;

  #with(values: readonly unknown[], check: (values: readonly unknown[]) => void): Checked {
    if (!values.some(holdsNode)) {
      check(values);
      return undefined;
    }
    if (getDefaultGraph().isEager) {
      check(values.map(atOnce));
      return undefined;
    }
    const run = async (): Promise<undefined> => {
      const nodes = values.filter(holdsNode);
      const found = (await this.evaluate(nodes)) as unknown[];
      let next = 0;
      check(values.map((value) => (holdsNode(value) ? found[next++] : value)));
    };
    return run();
  }

  /** Each element of a is within atol + rtol |b| of b's; arrays, tensors, and lists and records of them. */
  assertAllClose(a: unknown, b: unknown, ...rest: Rest<Closeness, typeof closeness>): Checked {
    const options: Closeness = byName(rest, closeness);
    return this.#with([a, b], ([x, y]) => this.#closeIn(x, y, options, ""));
  }

  #closeIn(a: unknown, b: unknown, options: Closeness, path: string): void {
    const { rtol = 1e-6, atol = 1e-6 } = options;
    const msg = options.msg ?? "";
    if (isRecord(a) !== isRecord(b))
      throw new ValueError(`Can't compare dict to non-dict, a${path} vs b${path}. ${msg}`);
    if (isRecord(a) && isRecord(b)) {
      const [x, y] = [Object.keys(a), Object.keys(b)];
      const words = `mismatched keys: a${path} has keys ${repr(x)}, but b${path} has keys ${repr(y)}. ${msg}`;
      this.assertCountEqual(x, y, words);
      for (const key of x) this.#closeIn(a[key], b[key], options, `${path}[${key}]`);
      return;
    }
    let arrays: [NdArray, NdArray] | null = null;
    try {
      arrays = [toArray(a), toArray(b)];
    } catch (error) {
      if (!(error instanceof globalThis.TypeError) || !Array.isArray(a) || !Array.isArray(b)) throw error;
    }
    if (arrays) {
      this.#closeArrays(...arrays, rtol, atol, `Mismatched value: a${path} is different from b${path}. ${msg}`);
      return;
    }
    const [x, y] = [a as readonly unknown[], b as readonly unknown[]];
    if (x.length !== y.length) {
      throw new ValueError(
        `Mismatched length: a${path} has ${x.length} items, but b${path} has ${y.length} items. ${msg}`,
      );
    }
    for (const [i, item] of x.entries()) this.#closeIn(item, y[i], options, `${path}[${i}]`);
  }

  #closeArrays(a: NdArray, b: NdArray, rtol: number, atol: number, msg: string): void {
    const shapes = `Shape mismatch: expected ${tupleText(a.shape)}, got ${tupleText(b.shape)}`;
    const isSmall = b.shape.length <= 3 || b.size < 500;
    this.assertTuplesEqual(a.shape, b.shape, isSmall ? `${shapes} with contents ${printArray(b)}.` : `${shapes}.`);
    const pairs = farPairs(a, b, rtol, atol);
    if (pairs.at.length === 0) return;
    const { lhs, rhs, where } = sides(pairs);
    const each = (f: (x: number, y: number) => number): NdArray => mapped(lhs, rhs, f);
    const lines = [
      `Not equal to tolerance rtol=${repr(rtol)}, atol=${repr(atol)}`,
      msg,
      ...(where ? [`not close where = ${where}`] : []),
      `not close lhs = ${formatted(lhs)}`,
      `not close rhs = ${formatted(rhs)}`,
      `not close dif = ${formatted(each((x, y) => Math.abs(x - y)))}`,
      `not close tol = ${formatted(each((_, y) => atol + rtol * Math.abs(y)))}`,
      `dtype = ${a.dtype.base}, shape = ${tupleText(a.shape)}`,
    ];
    refuse(pairs, lines.join("\n"));
  }

  /** As assertAllClose, with wider tolerances for float32, float16 and bfloat16. */
  assertAllCloseAccordingToType(
    a: unknown,
    b: unknown,
    options: Closeness & {
      readonly floatRtol?: number;
      readonly floatAtol?: number;
      readonly halfRtol?: number;
      readonly halfAtol?: number;
      readonly bfloat16Rtol?: number;
      readonly bfloat16Atol?: number;
    } = {},
  ): Checked {
    return this.#with([a, b], ([x, y]) => {
      const [left, right] = [toArray(x), toArray(y)];
      let { rtol = 1e-6, atol = 1e-6 } = options;
      const widen = (types: readonly string[], wideRtol: number, wideAtol: number): void => {
        if (!types.includes(left.dtype.base) && !types.includes(right.dtype.base)) return;
        rtol = Math.max(rtol, wideRtol);
        atol = Math.max(atol, wideAtol);
      };
      const { floatRtol = 1e-6, floatAtol = 1e-6, halfRtol = 1e-3, halfAtol = 1e-3 } = options;
      widen(["float32", "complex64"], floatRtol, floatAtol);
      widen(["float16"], halfRtol, halfAtol);
      widen(["bfloat16"], options.bfloat16Rtol ?? 1e-2, options.bfloat16Atol ?? 1e-2);
      this.#closeIn(left, right, { rtol, atol, msg: options.msg }, "");
    });
  }

  assertNotAllClose(a: unknown, b: unknown, ...rest: Rest<Closeness, typeof closeness>): Checked {
    const options: Closeness = byName(rest, closeness);
    return this.#with([a, b], ([x, y]) =>
      mustFail(
        () => this.#closeIn(x, y, options, ""),
        `The two values are close at all elements. ${options.msg ?? ""}`,
      ),
    );
  }

  /** The same shape and the same elements; NaN equals NaN. */
  assertAllEqual(a: unknown, b: unknown, msg: string | null = null): Checked {
    return this.#with([a, b], ([x, y]) => this.#equalArrays(toArray(x), toArray(y), msg ?? ""));
  }

  #equalArrays(a: NdArray, b: NdArray, msg: string): void {
    const shapes = `Shape mismatch: expected ${tupleText(a.shape)}, got ${tupleText(b.shape)}.`;
    const isSmall = b.shape.length <= 3 || b.size < 500;
    this.assertTuplesEqual(
      a.shape,
      b.shape,
      isSmall ? `${shapes} Contents: ${reprAny(b)}. \n${msg}.` : `${shapes} ${msg}`,
    );
    const pairs = unequalPairs(a, b);
    if (pairs.at.length === 0) return;
    const { lhs, rhs, where } = sides(pairs);
    const lines = [msg, ...(where ? [`not equal where = ${where}`] : [])];
    lines.push(`not equal lhs = ${reprAny(lhs)}`, `not equal rhs = ${reprAny(rhs)}`);
    refuse(pairs, `Arrays are not equal\n${lines.join("\n")}`);
  }

  assertNotAllEqual(a: unknown, b: unknown, msg: string | null = null): Checked {
    return this.#with([a, b], ([x, y]) =>
      mustFail(
        () => this.#equalArrays(toArray(x), toArray(y), ""),
        `The two values are equal at all elements. ${msg ?? ""}`,
      ),
    );
  }

  /** The least or the greatest element beside the target, and as it is printed. */
  #compareEnd(
    a: unknown,
    target: unknown,
    end: "min" | "max",
    check: (x: number, y: number, shown: string) => void,
  ): Checked {
    return this.#with([a, target], ([values, other]) => {
      const array = toArray(values);
      const found = Math[end](...numbersOf(array));
      check(found, numbersOf(other)[0]!, printArray(ndarray([found], array.dtype.base, [])));
    });
  }

  #ends(is: boolean, shown: string, relation: string, target: number): void {
    if (!is) failure(`${shown} not ${relation} ${repr(target)}`, null);
  }

  assertAllGreater(a: unknown, target: unknown): Checked {
    return this.#compareEnd(a, target, "min", (x, y, shown) => this.#ends(x > y, shown, "greater than", y));
  }

  assertAllLess(a: unknown, target: unknown): Checked {
    return this.#compareEnd(a, target, "max", (x, y, shown) => this.#ends(x < y, shown, "less than", y));
  }

  assertAllGreaterEqual(a: unknown, target: unknown): Checked {
    return this.#compareEnd(a, target, "min", (x, y, shown) =>
      this.#ends(x >= y, shown, "greater than or equal to", y),
    );
  }

  assertAllLessEqual(a: unknown, target: unknown): Checked {
    return this.#compareEnd(a, target, "max", (x, y, shown) => this.#ends(x <= y, shown, "less than or equal to", y));
  }

  /** Throws AssertionError for NaN too. */
  assertAllInRange(
    target: unknown,
    lowerBound: number,
    upperBound: number,
    ...rest: Rest<{ openLowerBound?: boolean; openUpperBound?: boolean }, ["openLowerBound", "openUpperBound"]>
  ): Checked {
    const { openLowerBound = false, openUpperBound = false } = byName<{
      openLowerBound?: boolean;
      openUpperBound?: boolean;
    }>(rest, ["openLowerBound", "openUpperBound"]);
    return this.#with([target], ([value]) => {
      const array = toArray(value);
      if (!/int|float/.test(array.dtype.base)) {
        throw new AssertionError(
          `The value of ${printArray(array)} does not have an ordered numeric type, instead it has type: ${array.dtype.base}`,
        );
      }
      const numbers = numbersOf(array);
      const places = (is: (x: number) => boolean): number[] => numbers.flatMap((x, i) => (is(x) ? [i] : []));
      const odd = places(Number.isNaN);
      if (odd.length > 0)
        throw new AssertionError(
          `${odd.length} of the ${array.size} element(s) are NaN. Subscripts(s) and value(s) of the NaN element(s):\n${placed(array, odd)}`,
        );
      const below = (x: number): boolean => (openLowerBound ? x <= lowerBound : x < lowerBound);
      const above = (x: number): boolean => (openUpperBound ? x >= upperBound : x > upperBound);
      const outside = places((x) => below(x) || above(x));
      const range = `${openLowerBound ? "(" : "["}${repr(lowerBound)}, ${repr(upperBound)}${openUpperBound ? ")" : "]"}`;
      if (outside.length > 0)
        throw new AssertionError(
          `${outside.length} of the ${array.size} element(s) are outside the range ${range}. Subscript(s) and value(s) of the offending elements:\n${placed(array, outside)}`,
        );
    });
  }

  assertAllInSet(target: unknown, expectedSet: Iterable<unknown>): Checked {
    return this.#with([target], ([value]) => {
      const array = toArray(value);
      const known = [...expectedSet];
      const items = Array.from({ length: array.size }, (_, i) => i);
      const missing = items.filter((i) => !known.some((item) => areEqual(item, elementAt(array, i))));
      const unique = [...new Map(missing.map((i) => [elementAt(array, i), i])).values()];
      unique.sort((i, j) => (elementAt(array, i) < elementAt(array, j) ? -1 : 1));
      if (unique.length > 0)
        throw new AssertionError(
          `${unique.length} unique element(s) are not in the set ${repr(known)}: ${printArray(picked(array, unique))}`,
        );
    });
  }

  assertNear(f1: number, f2: number, err: number, msg: string | null = null): void {
    const apart = Math.abs(f1 - f2);
    const is = f1 === f2 || apart <= err;
    const words = `${f1.toFixed(6)} != ${f2.toFixed(6)} +/- ${err.toFixed(6)} (difference: ${repr(apart)})`;
    this.assertTrue(is, msg ? `${words} (${msg})` : words);
  }

  assertArrayNear(a: readonly number[], b: readonly number[], err: number, msg: string | null = null): void {
    this.assertEqual(a.length, b.length, msg);
    for (const [i, x] of a.entries()) this.assertNear(x, b[i]!, err, msg);
  }

  /** The Euclidean norm of the difference is less than err. */
  assertNDArrayNear(a: NdArray, b: NdArray, err: number, msg: string | null = null): void {
    const [x, y] = [numbersOf(a), numbersOf(b)];
    this.assertTrue(Math.hypot(...x.map((each, i) => each - y[i]!)) < err, msg);
  }

  /** Static shapes of tensors and shapes of arrays. Throws TypeError for anything else. */
  assertShapeEqual(inputA: unknown, inputB: unknown, msg: string | null = null): void {
    const shapeOf = (input: unknown, name: string): readonly (number | null)[] => {
      if (input instanceof NdArray || input instanceof Tensor) return input.shape ?? [];
      throw new TypeError(
        `${name} must be a Numpy ndarray, Numpy scalar, or a Tensor.Instead received ${typeof input}`,
      );
    };
    const [a, b] = [shapeOf(inputA, "input_a"), shapeOf(inputB, "input_b")];
    if (a.includes(null) || b.includes(null)) this.assertEqual(formatShapePython(a), formatShapePython(b), msg);
    else this.#equalArrays(toArray(a), toArray(b), msg ?? "");
  }

  assertDTypeEqual(target: unknown, expectedDtype: { readonly name: string }): Checked {
    return this.#with([target], ([value]) => {
      const { base } = toArray(value).dtype;
      if (base !== expectedDtype.name) failure(`dtype('${base}') != ${expectedDtype.name}`, null);
    });
  }

  assertDeviceEqual(device1: string | null, device2: string | null, msg: string | null = null): void {
    const [a, b] = [canonicalDevice(device1 ?? ""), canonicalDevice(device2 ?? "")];
    if (a !== b) this.assertEqual(a, b, `Devices ${a} and ${b} are not equal. ${msg ?? "None"}`);
  }
}
