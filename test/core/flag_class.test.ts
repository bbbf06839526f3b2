/** Flags as objects, in the words of absl 2 (the values were printed by absl.flags). */
import { describe, expect, test } from "vitest";
import {
  adoptModuleKeyFlags,
  BooleanFlag,
  DEFINE_flag,
  declareKeyFlag,
  EnumClassFlag,
  EnumFlag,
  Flag,
  MultiEnumClassFlag,
  MultiFlag,
} from "../../src/core/flags/flag_class.ts";
import { ArgumentSerializer, IntegerParser } from "../../src/core/flags/parsers.ts";
import { FlagValues } from "../../src/core/flags.ts";

const number = () => new Flag(new IntegerParser(), new ArgumentSerializer(), "n", 3, "help me", { shortName: "k" });

describe("Flag", () => {
  test("reads, counts and writes its value", () => {
    const flag = number();
    expect([flag.value, flag.present, flag.usingDefaultValue, flag.flagType(), flag.defaultAsStr]).toEqual([
      3,
      0,
      true,
      "int",
      "'3'",
    ]);
    flag.parse("5");
    expect([flag.value, flag.present, flag.serialize()]).toEqual([5, 1, "--n=5"]);
    expect(() => flag.parse("x")).toThrow("flag --n=x: invalid literal for int() with base 10: 'x'");
    flag.unparse();
    expect([flag.value, flag.present]).toEqual([3, 0]);
  });

  test("of two values writes --no", () => {
    const flag = new BooleanFlag("b", false, "yes");
    expect([flag.boolean, flag.serialize(), flag.defaultAsStr]).toEqual([true, "--nob", "'false'"]);
    flag.parse("true");
    expect(flag.serialize()).toBe("--b");
  });

  test("of some texts says them in its help", () => {
    const flag = new EnumFlag("e", "a", "pick", ["a", "b"]);
    expect([flag.help, flag.flagType(), flag.serialize()]).toEqual(["<a|b>: pick", "string enum", "--e=a"]);
    expect(() => new EnumFlag("e", "z", "pick", ["a", "b"])).toThrow("flag --e=z: value should be one of <a|b>");
  });

  test("of an object's values goes by their keys", () => {
    const flag = new EnumClassFlag("ec", 1, "cls", { A: 1, B: 2 });
    expect([flag.help, flag.flagType(), flag.serialize()]).toEqual(["<a|b>: cls", "enum class", "--ec=a"]);
    flag.parse("b");
    expect([flag.value, flag.serialize()]).toEqual([2, "--ec=b"]);
    expect(new MultiEnumClassFlag("me", [1], "clss", { A: 1, B: 2 }).serialize()).toBe("--me=a");
  });

  test("given several times keeps all, and the default none", () => {
    const flag = new MultiFlag(new IntegerParser(), new ArgumentSerializer(), "m", [1, 2], "many");
    expect([flag.value, flag.serialize(), flag.defaultAsStr]).toEqual([[1, 2], "--m=1\n--m=2", "'[1, 2]'"]);
    flag.parse("4");
    flag.parse("5");
    expect([flag.value, flag.present, flag.serialize()]).toEqual([[4, 5], 2, "--m=4\n--m=5"]);
  });
});

describe("DEFINE_flag", () => {
  test("adds flags to a table, which parses them", () => {
    const table = new FlagValues();
    const flag = number();
    const holder = DEFINE_flag(flag, table);
    const several = DEFINE_flag(
      new MultiFlag<number>(new IntegerParser(), new ArgumentSerializer(), "m", [1], ""),
      table,
    );
    const isOn = DEFINE_flag(new BooleanFlag("on", true, ""), table);
    table.parse(["--n=8", "--m=2", "--m=3", "--noon"]);
    expect([holder.value, several.value, isOn.value, flag.value]).toEqual([8, [2, 3], false, 8]);
    expect([holder.name, holder.default, holder.present, holder.serialize()]).toEqual(["n", 3, 1, "--n=8"]);
  });

  test("key flags must be there", () => {
    expect(() => declareKeyFlag("zz", new FlagValues())).toThrow(
      "Flag --zz is undefined. To set a flag as a key flag first define it in Python.",
    );
    expect(() => adoptModuleKeyFlags(3)).toThrow("Expected a module object, not 3.");
  });
});
