/** Where arrays differ, and how numpy tells it. Source: numpy/testing/_private/utils.py; framework/test_util.py. */
import { AssertionError } from "../../core/error.ts";
import { elementAt, type Item, NdArray, ndarray } from "../../core/nd_array.ts";
import { printArray, printValue, reprArray } from "../../core/print.ts";
import { formatG, pythonFloat } from "../../core/text/float_text.ts";

/** Python's repr(). */
export const repr = (value: unknown): string => printValue([value]).slice(1, -1);

/** A tuple's repr(): `(2,)`. */
export const tupleText = (shape: readonly number[]): string => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

type Nested = unknown;

const shapeOf = (value: Nested): number[] =>
  value instanceof NdArray
    ? [...value.shape]
    : Array.isArray(value)
      ? [value.length, ...(value.length > 0 ? shapeOf(value[0]) : [])]
      : [];

const itemsOf = (value: Nested): unknown[] =>
  value instanceof NdArray
    ? Array.from({ length: value.size }, (_, i) => elementAt(value, i))
    : Array.isArray(value)
      ? value.flatMap(itemsOf)
      : [value];

function dtypeOfItems(value: Nested, items: readonly unknown[]): string {
  if (Array.isArray(value) && value[0] instanceof NdArray) return value[0].dtype.base;
  if (items.every((item) => typeof item === "boolean")) return items.length > 0 ? "bool" : "float64";
  if (items.some((item) => typeof item === "string" || item instanceof Uint8Array)) return "string";
  return items.every((item) => typeof item === "bigint" || Number.isInteger(item)) ? "int64" : "float64";
}

/** numpy.array(value): numbers, texts, arrays, nested lists of them. Throws TypeError for lists of unequal lengths and for what is no value. */
export function toArray(value: Nested): NdArray {
  if (value instanceof NdArray) return value;
  const shape = shapeOf(value);
  const items = itemsOf(value);
  const isValue = items.every(
    (item) => typeof item !== "object" || item === null || item instanceof Uint8Array || Array.isArray(item),
  );
  if (!isValue || items.length !== shape.reduce((a, b) => a * b, 1)) throw new TypeError("this is no array");
  return ndarray(items, dtypeOfItems(value, items), shape);
}

const isFloating = ({ dtype }: NdArray): boolean => /float/.test(dtype.base);
const isNumeric = ({ dtype }: NdArray): boolean => dtype.base !== "string" && dtype.base !== "bool";
const number = (item: Item): number => (Array.isArray(item) ? Math.hypot(...item) : Number(item));

const distance = (a: Item, b: Item): number =>
  Array.isArray(a) && Array.isArray(b) ? Math.hypot(a[0] - b[0], a[1] - b[1]) : Math.abs(Number(a) - Number(b));

export interface Pairs {
  readonly a: NdArray;
  readonly b: NdArray;
  /** Positions at which they differ. */
  readonly at: readonly number[];
}

/** Positions at which a is further from b than atol + rtol |b|. Shapes are equal. */
export function farPairs(a: NdArray, b: NdArray, rtol: number, atol: number): Pairs {
  const at: number[] = [];
  for (let i = 0; i < a.size; i++) {
    const [x, y] = [elementAt(a, i), elementAt(b, i)];
    if (Object.is(number(x), number(y)) && !Array.isArray(x)) continue;
    const bothNan = Number.isNaN(number(x)) && Number.isNaN(number(y));
    if (bothNan || distance(x, y) === 0) continue;
    if (!(distance(x, y) <= atol + rtol * Math.abs(number(y))) || !Number.isFinite(number(y))) at.push(i);
  }
  return { a, b, at };
}

/** Positions at which they are not the same; NaN is the same as NaN. */
export function unequalPairs(a: NdArray, b: NdArray): Pairs {
  const at: number[] = [];
  for (let i = 0; i < a.size; i++) {
    const [x, y] = [elementAt(a, i), elementAt(b, i)];
    const same =
      typeof x === "string" || typeof y === "string"
        ? String(x) === String(y)
        : (typeof x === "bigint" && typeof y === "bigint"
            ? x === y
            : distance(x, y) === 0 || number(x) === number(y)) ||
          (Number.isNaN(number(x)) && Number.isNaN(number(y)));
    if (!same) at.push(i);
  }
  return { a, b, at };
}

/** The elements at some positions, as a vector. */
export const picked = (array: NdArray, at: readonly number[]): NdArray =>
  ndarray(
    at.map((i) => elementAt(array, i)),
    array.dtype.base,
    [at.length],
  );

/** As numpy.where gives positions: `(array([0, 1]), array([1, 1]))`. */
function whereText({ shape }: NdArray, at: readonly number[]): string {
  const axes = shape.map((_, axis) =>
    reprArray(
      ndarray(
        at.map((i) => subscript(shape, i)[axis]!),
        "int64",
        [at.length],
      ),
    ),
  );
  return `(${axes.join(", ")}${axes.length === 1 ? "," : ""})`;
}

export function subscript(shape: readonly number[], i: number): number[] {
  const found: number[] = [];
  let rest = i;
  for (const size of [...shape].reverse()) {
    found.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return found;
}

/** The elements that differ, and where: all of a scalar. */
export function sides({ a, b, at }: Pairs): {
  readonly lhs: NdArray;
  readonly rhs: NdArray;
  readonly where: string | null;
} {
  if (a.shape.length === 0) return { lhs: a, rhs: b, where: null };
  return { lhs: picked(a, at), rhs: picked(b, at), where: whereText(a, at) };
}

/** repr() of an array of any rank; `array(3, dtype=int32)` for a scalar. */
export function reprAny(array: NdArray): string {
  if (array.shape.length > 0) return reprArray(array);
  const row = reprArray(ndarray([elementAt(array, 0)], array.dtype.base, [1]));
  return row.replace("array([", "array(").replace("]", "");
}

/** `{}` of one value: float32 as the double that it is. */
export const formatted = (array: NdArray): string =>
  array.shape.length === 0 && isFloating(array) ? pythonFloat(Number(elementAt(array, 0))) : printArray(array);

const shownItem = (array: NdArray, i: number): string => {
  const item = elementAt(array, i);
  return isFloating(array) ? pythonFloat(Number(item)) : repr(item);
};

/** One number as numpy prints an array of it: `1.`. */
const lone = (value: number, dtype: string): string =>
  printArray(ndarray([value], dtype, [1]))
    .slice(1, -1)
    .trim();

const placesMax = 5;

/** Throws AssertionError with numpy's words for arrays that differ. */
export function refuse({ a, b, at }: Pairs, header: string): never {
  const arrays = ` ACTUAL: ${reprAny(a)}\n DESIRED: ${reprAny(b)}`;
  const odd = isFloating(a) && isFloating(b) ? oddOnes({ a, b, at }) : null;
  if (odd) throw new AssertionError(`\n${header}\n${odd} location mismatch:\n${arrays}`);
  const percent = formatG((100 * at.length) / a.size, 3);
  const lines = [`Mismatched elements: ${at.length} / ${a.size} (${percent}%)`];
  if (a.shape.length > 0) {
    const places = at.slice(0, placesMax).map((i) => {
      const index = subscript(a.shape, i).join(", ");
      return ` [${index}]: ${shownItem(a, i)} (ACTUAL), ${shownItem(b, i)} (DESIRED)`;
    });
    const head =
      at.length === 1
        ? "Mismatch at index:"
        : at.length > placesMax
          ? `First ${placesMax} mismatches are at indices:`
          : "Mismatch at indices:";
    lines.push(head, ...places);
  }
  if (isNumeric(a) && isNumeric(b)) {
    const dtype = isFloating(a) ? a.dtype.base : isFloating(b) ? b.dtype.base : "float64";
    const far = at.map((i) => distance(elementAt(a, i), elementAt(b, i)));
    const worst = Math.max(...far);
    const relative = at.flatMap((i, k) =>
      number(elementAt(b, i)) === 0 ? [] : [far[k]! / Math.abs(number(elementAt(b, i)))],
    );
    const absolute = isFloating(a) || isFloating(b) ? lone(worst, dtype) : String(worst);
    lines.push(`Max absolute difference among violations: ${absolute}`);
    lines.push(
      `Max relative difference among violations: ${relative.length ? lone(Math.max(...relative), dtype) : "inf"}`,
    );
  }
  throw new AssertionError(`\n${header}\n${lines.join("\n")}\n${arrays}`);
}

/** `nan`, `+inf` or `-inf` where only one of the arrays has it. */
function oddOnes({ a, b, at }: Pairs): string | null {
  const kinds: readonly (readonly [string, (x: number) => boolean])[] = [
    ["nan", Number.isNaN],
    ["+inf", (x) => x === Number.POSITIVE_INFINITY],
    ["-inf", (x) => x === Number.NEGATIVE_INFINITY],
  ];
  const found = kinds.find(([, is]) => at.some((i) => is(number(elementAt(a, i))) !== is(number(elementAt(b, i)))));
  return found?.[0] ?? null;
}
