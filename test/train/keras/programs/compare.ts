/** How near a program's answer is to the one of Keras in TensorFlow. */
import * as tf from "../../../../src/index.ts";

/** Arrays as lists, numbers that are no numbers as Python spells them. */
export function plain(value: unknown): unknown {
  if (value instanceof tf.NdArray) return plain(value.toList());
  if (ArrayBuffer.isView(value)) return plain([...(value as Float32Array)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "number" && !Number.isFinite(value)) return Number.isNaN(value) ? "nan" : String(value);
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}

const number = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;
/** float32 sums in another order, over a few steps of training. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 3e-4 * Math.max(1, Math.abs(b));

/** Texts are equal when their words are, and their numbers nearly. A text that Python continues with an array's repr may go on. */
function sameText(got: string, want: string): boolean {
  const cut = /: $|The classes $|dataset iterator $/.test(want) ? got.slice(0, want.length) : got;
  const [a, b] = [cut.match(number) ?? [], want.match(number) ?? []];
  const isNear = a.length === b.length && b.every((text, i) => near(Number(a[i]), Number(text)));
  return cut === want || (isNear && cut.replace(number, "#") === want.replace(number, "#"));
}

/** Where two values differ; [] when they do not. */
export function differences(got: unknown, want: unknown, at: string): string[] {
  if (Array.isArray(want)) {
    if (!Array.isArray(got)) return [`${at}: ${JSON.stringify(got)} for ${JSON.stringify(want)}`];
    const found = want.flatMap((each, i) => differences(got[i], each, `${at}[${i}]`));
    return got.length === want.length ? found : [...found, `${at}: ${got.length} for ${want.length}`];
  }
  if (typeof want === "object" && want !== null) {
    if (typeof got !== "object" || got === null) return [`${at}: ${JSON.stringify(got)} for ${JSON.stringify(want)}`];
    const [a, b] = [got as Record<string, unknown>, want as Record<string, unknown>];
    const keys =
      Object.keys(a).join() === Object.keys(b).join() ? [] : [`${at}: ${Object.keys(a)} for ${Object.keys(b)}`];
    return [...keys, ...Object.keys(b).flatMap((key) => differences(a[key], b[key], `${at}.${key}`))];
  }
  const same =
    typeof want === "number" && typeof got === "number"
      ? near(got, want)
      : typeof want === "string" && typeof got === "string"
        ? sameText(got, want)
        : got === want;
  return same ? [] : [`${at}: ${JSON.stringify(got)}\n   for ${JSON.stringify(want)}`];
}
