import { describe, expect, test } from "vitest";
import { abslHelp } from "../../src/core/flags/help.ts";
import { FlagError, type FlagSpec, parseFlagValue } from "../../src/core/flags/value.ts";
import { attributes, FlagValues, flag } from "../../src/core/flags.ts";
import { suggestNames } from "../../src/core/suggest.ts";
import expected from "../fixtures/absl/expected.json" with { type: "json" };

/** The flags of test/fixtures/absl/program.py. */
function program() {
  const values = new FlagValues();
  values.define("max_step", flag.int(100, "steps to train", { min: 0 }));
  values.define("learning_rate", flag.float(0.1, "rate", { min: 0, max: 1 }));
  values.define("pos", flag.float(0.1, "rate", { min: 0 }));
  values.define("name", flag.string("x", "a name"));
  values.define(
    "shuffle",
    flag.bool(true, "shuffle the data, so that one epoch is not like the one before it, and batches differ"),
  );
  values.define("opt", flag.enum("sgd", ["sgd", "adam"], "the optimizer"));
  values.define("hidden", flag.list(["a", "b"], "layers"));
  values.define("tag", flag.multi(null, "tags"));
  values.define("b", flag.int(3, "short", { min: 1, max: 5 }));
  return values;
}

const fault = (run: () => unknown): FlagError => {
  try {
    run();
  } catch (error) {
    if (error instanceof FlagError) return error;
    throw error;
  }
  throw new Error("no FlagError");
};

describe("flags", () => {
  test.each([
    [["--max_step", "7"], "max_step", 7],
    [["--max_step=7"], "max_step", 7],
    [["-max_step=7"], "max_step", 7],
    [["--max-step", "7"], "max_step", 7],
    [["--max_step", "1_000"], "max_step", 1000],
    [["--max_step", "1e3"], "max_step", 1000],
    [["--max_step", "10k"], "max_step", 10000],
    [["--max_step", "1.1k"], "max_step", 1100],
    [["--max_step", "0x10"], "max_step", 16],
    [["--max_step=1", "--max_step=2"], "max_step", 2],
    [["--learning_rate", "1e-3"], "learning_rate", 1e-3],
    [["--pos", "inf"], "pos", Number.POSITIVE_INFINITY],
    [["--noshuffle"], "shuffle", false],
    [["--no_shuffle"], "shuffle", false],
    [["--no-shuffle"], "shuffle", false],
    [["--shuffle=false"], "shuffle", false],
    [["--shuffle=0", "--shuffle"], "shuffle", true],
    [["--hidden", "128,64"], "hidden", ["128", "64"]],
    [["--hidden", "1,2,"], "hidden", ["1", "2", ""]],
    [["--hidden", '"a,b",c'], "hidden", ["a,b", "c"]],
    [["--hidden="], "hidden", []],
    [["--tag", "x", "--tag=y"], "tag", ["x", "y"]],
    [["--name="], "name", ""],
    [["--name", "--odd"], "name", "--odd"],
  ])("read %j as %s %j", (argv, name, want) => {
    const values = program();
    expect(values.parse(argv)).toEqual([]);
    expect(values.get(name)).toEqual(want);
  });

  test.each(expected)("do with $args what absl does", ({ args, stdout, stderr }) => {
    const values = program();
    if (args.includes("--helpshort")) {
      expect(abslHelp("program.py", values.specs)).toBe(stdout.slice(stdout.indexOf("\n       USAGE")));
    } else if (stderr === "") {
      const words = values.parse(args);
      expect({ words, values: values.values() }).toEqual(JSON.parse(stdout));
    } else {
      const { message } = fault(() => values.parse(args));
      expect(`FATAL Flags parsing error: ${message}\nPass --helpshort or --helpfull to see help on flags.\n`).toBe(
        stderr,
      );
    }
  });

  test("of a negated boolean take no value", () => {
    expect(fault(() => program().parse(["--noshuffle=1"])).message).toBe("--noshuffle=1 does not take an argument");
  });

  test("mix with words, and end at --", () => {
    const values = program();
    expect(values.parse(["a", "--shuffle", "no", "-", "--", "--max_step", "5"])).toEqual([
      "a",
      "no",
      "-",
      "--max_step",
      "5",
    ]);
    expect(values.get("max_step")).toBe(100);
  });

  test("named by undefok may be unknown", () => {
    expect(program().parse(["--undefok=zz, yy", "--zz=4", "--nozz", "--yy=1"])).toEqual([]);
  });

  test("come from flagfiles in the order given, and nested", () => {
    const files: Record<string, string> = {
      "a.flags": "# a comment\n\n--max_step=5\n// another\n--flagfile=b.flags\n--name long name \n",
      "b.flags": "--max_step 6\n--noshuffle\n--flagfile a.flags\n",
    };
    const values = program();
    values.parse(["--max_step=1", "--flagfile", "a.flags"], { readFile: (path) => files[path]! });
    expect(values.values()).toMatchObject({ max_step: 6, shuffle: false, name: "long name" });
    expect(values.origin("max_step")).toBe("b.flags");
    values.parse(["--flagfile=a.flags", "--max_step=1"], { readFile: (path) => files[path]! });
    expect(values.get("max_step")).toBe(1);
  });

  test("say which flagfile cannot be opened", () => {
    const readFile = () => {
      throw new Error("[Errno 2] No such file or directory: 'none'");
    };
    const error = fault(() => program().parse(["--flagfile=none"], { readFile }));
    expect(error.message).toBe("ERROR:: Unable to open flagfile: [Errno 2] No such file or directory: 'none'");
  });

  test("come from the environment when the command line is silent", () => {
    const values = program();
    values.parse(["--b=2"], { environment: { TSFLOW_B: "4", TSFLOW_MAX_STEP: "2k", TSFLOW_SHUFFLE: "false" } });
    expect(values.values()).toMatchObject({ b: 2, max_step: 2000, shuffle: false });
    expect(values.origin("max_step")).toBe("TSFLOW_MAX_STEP");
  });

  test("written as a flagfile are read back the same", () => {
    const values = program();
    values.parse(["--name=a b=c", "--noshuffle", "--hidden", '"x,y",z', "--tag=1", "--tag=2", "--learning_rate=1e-7"]);
    const again = program();
    again.parse(["--flagfile=f"], { readFile: () => values.toFlagfile() });
    expect(again.values()).toEqual(values.values());
  });

  test("of a program are read from its arguments at the first look, past what is unknown", () => {
    const values = new FlagValues(() => ["--max_step=7", "--other", "word"]);
    values.define("max_step", flag.int(1, "steps"));
    values.define("name", flag.string("n", "a name"));
    expect([values.get("max_step"), values.get("name")]).toEqual([7, "n"]);
  });

  test("cannot be read before they are parsed, unless they were set", () => {
    const flags = attributes(program());
    expect(fault(() => flags.max_step).message).toBe("Trying to access flag --max_step before flags were parsed.");
    flags.b = 5;
    expect(flags.b).toBe(5);
    flags.parse([]);
    expect(flags.max_step).toBe(100);
    expect(fault(() => flags.max_stp).message).toContain("Did you mean: max_step ?");
    expect(Object.keys(flags)).toContain("hidden");
  });

  test("defined twice must agree", () => {
    const values = program();
    values.define("b", flag.int(3, "short", { min: 1, max: 5 }));
    expect(fault(() => values.define("b", flag.int(4, "short"))).fault).toBe("duplicate");
  });

  test("that are required need a value", () => {
    const values = program();
    values.require("tag");
    expect(fault(() => values.parse([])).message).toBe(
      "flag --tag=None: Flag --tag must have a value other than None.",
    );
    expect(values.parse(["--tag=a"])).toEqual([]);
  });

  test("leave every value as it was when one is wrong", () => {
    const values = program();
    fault(() => values.parse(["--max_step=5", "--b=9"]));
    values.parse([]);
    expect(values.get("max_step")).toBe(100);
  });

  test("of time take units", () => {
    const time = flag.seconds(null, "time") as FlagSpec;
    expect(["90", "90s", "1.5m", "2h", "1d"].map((text) => parseFlagValue("t", time, text))).toEqual([
      90, 90, 90, 7200, 86400,
    ]);
    expect(fault(() => parseFlagValue("t", time, "2w")).fault).toBe("value");
  });
});

test("suggestions count a swap of neighbours as one edit, over prefixes", () => {
  expect(suggestNames("trian", ["train", "restore"])).toEqual(["train"]);
  expect(suggestNames("mnist_sotfmax", ["digits_softmax", "mnist_softmax"])).toEqual(["mnist_softmax"]);
  expect(suggestNames("zzzz", ["train"])).toEqual([]);
  expect(suggestNames("tr", ["train"])).toEqual([]);
});
