/** Kinds of flags, and checks of their values, as absl has them (test/fixtures/absl/validators.py). */
import { expect, test, vi } from "vitest";
import { printValue } from "../../src/core/print.ts";
import expected from "../fixtures/absl/validators.json" with { type: "json" };

type Flags = typeof import("../../src/core/flags/define.ts") & typeof import("../../src/core/flags.ts");
type Case = readonly [define: (flags: Flags) => unknown, lines: readonly string[], names?: readonly string[]];

/** Flags of a program that has just begun. */
async function fresh(): Promise<Flags> {
  vi.resetModules();
  const define = await import("../../src/core/flags/define.ts");
  const flags = await import("../../src/core/flags.ts");
  return { ...define, ...flags };
}

const kinds = { ONE: 1, TWO: 2 };
const number = (f: Flags) => f.DEFINE_integer("n", 1, "");
function texts(f: Flags): void {
  f.DEFINE_string("s", null, "");
  f.DEFINE_string("u", null, "");
}
function bools(f: Flags): void {
  f.DEFINE_bool("x", false, "");
  f.DEFINE_bool("y", false, "");
  f.DEFINE_integer("i", 0, "");
}

const cases: Readonly<Record<keyof typeof expected, Case>> = {
  multi_integer: [(f) => f.DEFINE_multi_integer("m", [1, 2], ""), ["", "--m=3 --m=4", "--m=q"], ["m"]],
  multi_float: [(f) => f.DEFINE_multi_float("m", null, "", { lowerBound: 0 }), ["", "--m=1.5", "--m=-1"], ["m"]],
  multi_enum: [(f) => f.DEFINE_multi_enum("m", ["a"], ["a", "b"], ""), ["", "--m=b --m=a", "--m=c"], ["m"]],
  spaces: [(f) => f.DEFINE_spaceseplist("m", "a b", ""), ["", "--m=x"], ["m"]],
  enum_class: [(f) => f.DEFINE_enum_class("m", kinds.ONE, kinds, ""), ["", "--m=two", "--m=TWO", "--m=three"], ["m"]],
  enum_class_default: [(f) => f.DEFINE_enum_class("m", "THREE" as never, kinds, ""), []],
  multi_default: [(f) => f.DEFINE_multi_integer("m", ["q" as never], ""), []],
  alias: [(f) => [number(f), f.DEFINE_alias("o", "n")], ["--o=5", "--n=6"], ["n", "o"]],
  validator: [
    (f) => [number(f), f.registerValidator("n", (n) => n % 2 === 1, "must be odd")],
    ["--n=3", "--n=4"],
    ["n"],
  ],
  validator_plain: [(f) => [number(f), f.validator("n")((n) => n > 2)], ["", "--n=3"], ["n"]],
  validator_own: [(f) => [number(f), f.registerValidator("n", () => own())], [""]],
  validator_unknown: [(f) => f.registerValidator("zz", () => true), []],
  multi_validator: [
    (f) => [texts(f), f.registerMultiFlagsValidator(["s", "u"], (d) => d.s !== d.u, "must differ")],
    ["--s=a --u=b", "--s=a --u=a", ""],
    ["s", "u"],
  ],
  exclusive: [(f) => [texts(f), f.markFlagsAsMutualExclusive(["s", "u"])], ["", "--s=1", "--s=1 --u=2"], ["s", "u"]],
  exclusive_required: [
    (f) => [texts(f), f.markFlagsAsMutualExclusive(["s", "u"], { required: true })],
    ["", "--u=1"],
    ["s", "u"],
  ],
  exclusive_bools: [
    (f) => [bools(f), f.markBoolFlagsAsMutualExclusive(["x", "y"])],
    ["", "--x", "--x --y"],
    ["x", "y"],
  ],
  exclusive_other: [(f) => [bools(f), f.markBoolFlagsAsMutualExclusive(["x", "i"])], []],
  required: [(f) => [texts(f), f.markFlagsAsRequired(["s", "u"])], ["--s=1 --u=2", "--s=1"], ["s", "u"]],
  default: [(f) => f.setDefault(number(f), 4 as never), ["", "--n=7"], ["n"]],
};

let own: () => never;

/** What a line comes to in a program that defines these flags. */
async function said([define, , names = []]: Case, line: string | null): Promise<string> {
  const flags = await fresh();
  const { ValidationError } = await import("../../src/core/flags/validate.ts");
  own = () => {
    throw new ValidationError("own words");
  };
  try {
    define(flags);
    if (line === null) return "defined";
    flags.FLAGS.parse(line.split(" ").filter(Boolean));
    return names.map((name) => printValue(flags.FLAGS.get(name))).join(" ");
  } catch (error) {
    return (error as Error).message;
  }
}

test.each(Object.entries(cases))("%s", async (name, each) => {
  const lines = each[1].length ? each[1] : [null];
  const found: string[] = [];
  for (const line of lines) found.push(await said(each, line));
  expect(found).toEqual(expected[name as keyof typeof expected]);
});

test("a value that a validator refuses is not set", async () => {
  const flags = await fresh();
  const steps = flags.DEFINE_integer("steps", 1, "");
  flags.registerValidator("steps", (n) => n > 0, "must be positive");
  flags.FLAGS.parse([]);
  expect(() => flags.overrideValue(steps, -1)).toThrow("flag --steps=-1: must be positive");
  expect(steps.value).toBe(1);
});
