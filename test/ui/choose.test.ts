import { describe, expect, test } from "vitest";
import { chooseAscii, chooseColor, chooseUi, type Surroundings } from "../../src/ui/choose.ts";

const terminal = (changes: Partial<Surroundings> = {}, env: Record<string, string> = {}): Surroundings => ({
  stdinIsTTY: true,
  stdoutIsTTY: true,
  stderrIsTTY: true,
  columns: 80,
  rows: 24,
  env: (name) => env[name],
  ...changes,
});

describe("the form of reports", () => {
  test.each([
    ["a terminal", terminal(), "panel"],
    ["a pipe", terminal({ stdoutIsTTY: false }), "plain"],
    ["input from a file", terminal({ stdinIsTTY: false }), "plain"],
    ["errors in a file", terminal({ stderrIsTTY: false }), "plain"],
    ["a CI job", terminal({}, { CI: "true" }), "plain"],
    ["CI switched off", terminal({}, { CI: "false" }), "panel"],
    ["a dumb terminal", terminal({}, { TERM: "dumb" }), "plain"],
    ["59 columns", terminal({ columns: 59 }), "plain"],
    ["15 rows", terminal({ rows: 15 }), "plain"],
  ])("at %s", (_, at, want) => {
    expect(chooseUi("auto", false, at)).toBe(want);
  });

  test("--ui tty overrules CI, but never draws into a pipe", () => {
    expect(chooseUi("tty", false, terminal({}, { CI: "1" }))).toBe("panel");
    expect(chooseUi("tty", false, terminal({ stdoutIsTTY: false }))).toBe("plain");
  });

  test("--json and --ui plain win over a terminal", () => {
    expect(chooseUi("tty", true, terminal())).toBe("json");
    expect(chooseUi("plain", false, terminal())).toBe("plain");
    expect(chooseUi("none", false, terminal())).toBe("none");
  });
});

test("colour is decided by the flag, NO_COLOR, FORCE_COLOR and the stream, in this order", () => {
  const env = (values: Record<string, string>) => (name: string) => values[name];
  expect(chooseColor("always", false, env({ NO_COLOR: "1" }))).toBe(true);
  expect(chooseColor("never", true, env({ FORCE_COLOR: "1" }))).toBe(false);
  expect(chooseColor("auto", true, env({ NO_COLOR: "1", FORCE_COLOR: "1" }))).toBe(false);
  expect(chooseColor("auto", false, env({ FORCE_COLOR: "1" }))).toBe(true);
  expect(chooseColor("auto", true, env({ FORCE_COLOR: "0" }))).toBe(false);
  expect(chooseColor("auto", true, env({}))).toBe(true);
  expect(chooseColor("auto", false, env({}))).toBe(false);
});

test("plain letters are drawn with NO_COLOR and on the Linux console", () => {
  expect(chooseAscii(() => undefined)).toBe(false);
  expect(chooseAscii((name) => (name === "NO_COLOR" ? "1" : undefined))).toBe(true);
  expect(chooseAscii((name) => (name === "TERM" ? "linux" : undefined))).toBe(true);
});
