import { flag } from "../../../core/flags.ts";
import { elementAt, type Item, type NdArray } from "../../../core/nd_array.ts";
import { openCheckpoint, type TensorReader } from "../../../io/checkpoint/open.ts";
import { metric, printable, table } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { findCheckpoint, followFlag } from "./find.ts";

interface Difference {
  readonly name: string;
  readonly what: string;
}

const isFloat = (array: NdArray): boolean => array.dtype.isFloating || array.dtype.isComplex;

const parts = (item: Item): number[] => (Array.isArray(item) ? (item as number[]) : [Number(item)]);

/** Where two values differ by more than atol + rtol * |b|; NaN equals NaN. */
function compare(a: NdArray, b: NdArray, atol: number, rtol: number): string | undefined {
  let [differing, largest, at] = [0, 0, -1];
  for (let i = 0; i < a.size; i++) {
    const [x, y] = [elementAt(a, i), elementAt(b, i)];
    if (x === y) continue;
    if (isFloat(a)) {
      const [xs, ys] = [parts(x), parts(y)];
      const gap = Math.max(...xs.map((part, k) => (Object.is(part, ys[k]) ? 0 : Math.abs(part - ys[k]!))));
      if (gap === 0 || gap <= atol + rtol * Math.hypot(...ys)) continue;
      if (!(gap <= largest)) [largest, at] = [gap, i];
    } else if (at < 0) at = i;
    differing++;
  }
  if (differing === 0) return undefined;
  const place = `${differing} of ${a.size} values differ`;
  const [x, y] = [elementAt(a, at), elementAt(b, at)].map((item) => printable(String(item)));
  return isFloat(a)
    ? `${place}, most by ${metric(largest)} (${x} and ${y} at ${at})`
    : `${place}, first ${x} and ${y} at ${at}`;
}

export default defineCommand({
  usage: "A B",
  about: "compare names, shapes and values of two checkpoints; exit 7 if they differ",
  examples: [
    "checkpoint diff runs/a runs/b",
    "checkpoint diff runs/a/model.ckpt-100 runs/a/model.ckpt-200 --atol 1e-6",
  ],
  flags: {
    atol: flag.float(0, "absolute difference that counts as equal", { min: 0 }),
    rtol: flag.float(0, "difference relative to B that counts as equal", { min: 0 }),
    follow_paths: followFlag,
  },
  words: [2, 2],
  async run({ flags, words, out }) {
    const followPaths = flags.follow_paths;
    const [a, b] = words.map((word) => openCheckpoint(findCheckpoint(word, { followPaths })).reader) as [
      TensorReader,
      TensorReader,
    ];
    const differences: Difference[] = [];
    const names = [...new Set([...a.names(), ...b.names()])].sort();
    for (const name of names) {
      if (!a.has(name) || !b.has(name)) {
        differences.push({ name, what: `only in ${a.has(name) ? words[0] : words[1]}` });
        continue;
      }
      const [x, y] = [a.entry(name), b.entry(name)];
      const kind = ({ dtype, shape }: typeof x) => `${dtype.base} [${shape.join(",")}]`;
      const what =
        kind(x) === kind(y)
          ? compare(await a.read(name), await b.read(name), flags.atol, flags.rtol)
          : `${kind(x)} and ${kind(y)}`;
      if (what !== undefined) differences.push({ name, what });
    }
    a.close();
    b.close();
    if (out.json) out.printJson({ equal: differences.length === 0, tensors: names.length, differences });
    else if (differences.length === 0) out.print(`equal: ${names.length} tensors`);
    else
      out.print(
        ...table(differences.map(({ name, what }) => [printable(name), what])),
        `${differences.length} of ${names.length} tensors differ (exit 7)`,
      );
    return differences.length === 0 ? 0 : 7;
  },
});
