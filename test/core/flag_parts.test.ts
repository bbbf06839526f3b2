/** Parsers, serializers and texts of flags, as absl has them (test/fixtures/absl/parts.py). */
import { describe, expect, test } from "vitest";
import * as own from "../../src/core/flags/own.ts";
import * as parsers from "../../src/core/flags/parsers.ts";
import * as text from "../../src/core/flags/text.ts";
import * as values from "../../src/core/flags/value.ts";
import { FlagValues, flag } from "../../src/core/flags.ts";
import expected from "../fixtures/absl/parts.json" with { type: "json" };

const Color = { RED: 1, GREEN: 2 };
const nameOf = (value: unknown) => Object.entries(Color).find(([, member]) => member === value)?.[0];
const { FloatParser, IntegerParser, EnumParser, EnumClassParser, ArgumentParser, BooleanParser } = parsers;
const long =
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen well-known words";

const cases: Record<keyof typeof expected, () => unknown> = {
  text: () => new ArgumentParser().parse("a"),
  float: () => new FloatParser(0, 1).parse("0.5"),
  "float out": () => new FloatParser(0, 1).parse("1.5"),
  "float help": () => new FloatParser(0).syntacticHelp,
  int: () => new IntegerParser().parse("7"),
  "int wrong": () => new IntegerParser().parse("x"),
  "int out": () => new IntegerParser(1).parse("0"),
  bool: () => new BooleanParser().parse("true"),
  enum: () => new EnumParser(["Ab", "c"], false).parse("AB"),
  "enum wrong": () => new EnumParser(["a", "c"]).parse("b"),
  "enum class": () => nameOf(new EnumClassParser(Color, false).parse("red")),
  "enum class wrong": () => new EnumClassParser(Color, false).parse("blue"),
  list: () => new parsers.ListParser().parse('a, "b,c",d'),
  "empty list": () => new parsers.ListParser().parse(""),
  "list help": () => new parsers.ListParser().syntacticHelp,
  spaces: () => new parsers.WhitespaceSeparatedListParser().parse("a  b c"),
  "spaces and commas": () => new parsers.WhitespaceSeparatedListParser(true).parse("a, b c"),
  "list text": () => new parsers.ListSerializer(" ").serialize(["a", "b"]),
  csv: () => new parsers.CsvListSerializer(",").serialize(["a,b", "c"]),
  "enum text": () => new parsers.EnumClassSerializer(Color).serialize(Color.RED),
  "enum list": () => new parsers.EnumClassListSerializer(",", Color).serialize([Color.RED, Color.GREEN]),
  types: () =>
    [
      new ArgumentParser(),
      new FloatParser(),
      new IntegerParser(),
      new BooleanParser(),
      new EnumParser(["a"]),
      new EnumClassParser(Color),
    ].map((parser) => parser.flagType()),
  wrap: () => text.textWrap(long, 40),
  "wrap indent": () => text.textWrap(`${long}\n\nNext paragraph here`, 40, "    ", "* "),
  "wrap long word": () => text.textWrap("abcdefghijkl mno", 8, "  "),
  "wrap default": () => text.textWrap(long),
  "wrap no room": () => text.textWrap("a", 4, "    "),
  "wrap no room first": () => text.textWrap("a", 4, "  ", "    "),
  doc: () => text.docToHelp("  First line\n    goes on\n\n    Second\n      deeper\n  "),
  args: () => [...text.flagDictToArgs({ a: null, b: true, c: false, d: "x", e: [1, 2], f: 1.5, g: ["p", "q"] }, ["g"])],
};

describe("absl's own answer comes from", () => {
  test.each(Object.keys(cases) as (keyof typeof expected)[])("%s", (name) => {
    let found: unknown;
    try {
      found = cases[name]();
    } catch (error) {
      found = `${(error as Error).name}: ${(error as Error).message}`;
    }
    expect(found).toEqual(expected[name]);
  });
});

class Pair extends ArgumentParser {
  override parse(argument: string): unknown {
    const parts = argument.split(":").map(Number);
    if (parts.length !== 2) throw new values.FlagError("value", "size", argument);
    return parts;
  }
}

describe("flags of one's own kind", () => {
  test("are read by their parser, once or several times", () => {
    const flagValues = new FlagValues();
    own.DEFINE(new Pair(), "size", "1:2", "a size", { flagValues, shortName: "s" });
    own.DEFINE_multi(new IntegerParser(0), null, "layer", [3, "4"], "sizes of layers", { flagValues });
    own.DEFINE_multi_enum_class("color", "RED", Color, "colors", { flagValues });
    flagValues.parse([]);
    expect(flagValues.values()).toEqual({ size: [1, 2], layer: [3, 4], color: [1] });
    flagValues.parse(["-s", "3:4", "--layer=5", "--layer", "6", "--color=GREEN", "--color=red"]);
    expect(flagValues.values()).toEqual({ size: [3, 4], layer: [5, 6], color: [2, 1] });
    expect(() => flagValues.parse(["--layer=-1"])).toThrow("flag --layer=-1: -1 is not a non-negative integer");
  });

  test("have errors that are told apart by their classes", () => {
    const flagValues = new FlagValues();
    flagValues.define("n", flag.int(1, "n"));
    const thrown = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    const wrong = thrown(() => flagValues.parse(["--n=x"]));
    expect(wrong).toBeInstanceOf(values.IllegalFlagValueError);
    expect(wrong).not.toBeInstanceOf(values.UnrecognizedFlagError);
    expect(thrown(() => flagValues.parse(["--m=1"]))).toBeInstanceOf(values.UnrecognizedFlagError);
    expect(thrown(() => flagValues.define("n", flag.int(2, "n")))).toBeInstanceOf(values.DuplicateFlagError);
    expect(thrown(() => flagValues.get("n"))).toBeInstanceOf(values.UnparsedFlagAccessError);
  });
});
