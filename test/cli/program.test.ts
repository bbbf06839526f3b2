import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const folder = temporaryFolder();

describe("tsflow", () => {
  test("alone lists the commands and two examples, and is content", async () => {
    const { stdout, stderr, exit } = await tsflow("");
    expect(exit).toBe(0);
    expect(stderr).toBe("");
    for (const name of [
      "train",
      "restore",
      "records",
      "checkpoint",
      "events",
      "graph",
      "explain",
      "models",
      "doctor",
    ]) {
      expect(stdout).toMatch(new RegExp(`^  tsflow ${name}`, "m"));
    }
    expect(stdout).toMatch(/Examples\n {2}tsflow .*\n {2}tsflow .*\n/);
  });

  test("--version prints its version", async () => {
    expect(await tsflow("--version")).toEqual({ stdout: "tsflow 0.1.0\n", stderr: "", exit: 0 });
  });

  test.each([
    ["trian", 'tsflow: unknown command "trian". Did you mean train? All: tsflow help\n'],
    ["records wirte x", 'tsflow: unknown command "records wirte". Did you mean write? All: tsflow help\n'],
    ["zzzz", 'tsflow: unknown command "zzzz". All: tsflow help\n'],
    ["doctor --jsn", "tsflow: unknown flag --jsn. Did you mean --json?\nFlags: tsflow doctor --help\n"],
    ["--hlep", "tsflow: unknown flag --hlep. Did you mean --help or --helpfull or --helpshort?\n"],
    ["doctor now", 'tsflow: tsflow doctor: unexpected argument "now"\nUsage: tsflow doctor\n'],
    ["records head", "tsflow: tsflow records head: an argument is missing\nUsage: tsflow records head FILE...\n"],
    ["records head f -n 1k5", 'tsflow: --records: expected an integer >= 0, got "1k5". Examples: 1500, 1_500, 1.5k\n'],
    ["doctor --color blue", 'tsflow: --color: expected one of auto, always, never, got "blue"\n'],
    ["doctor --color", "tsflow: --color: a value is missing: expected one of auto, always, never\n"],
    ["help recrods", 'tsflow: no command or topic "recrods". Did you mean records? All: tsflow help\n'],
    ["completion tcsh", 'tsflow: no completion for "tcsh": there are bash, zsh, fish, powershell\n'],
  ])("%s is wrong use", async (args, stderr) => {
    expect(await tsflow(args)).toEqual({ stdout: "", stderr, exit: 2 });
  });

  test("a group of commands without a command lists them, and is wrong use", async () => {
    const { stdout, stderr, exit } = await tsflow("records");
    expect([stdout, exit]).toEqual(["", 2]);
    expect(stderr).toContain("tsflow records write");
    expect(await tsflow("records --help")).toEqual({ stdout: stderr, stderr: "", exit: 0 });
  });

  test("takes flags before the command, from files and from the environment", async () => {
    writeFileSync(join(folder, "run.flags"), "# flags\n--json\n");
    const before = await tsflow("--flagfile run.flags doctor", { cwd: folder });
    const after = await tsflow("doctor --json");
    const environment = await tsflow("doctor", { env: { TSFLOW_JSON: "1" } });
    expect(JSON.parse(before.stdout)).toMatchObject({ tsflow: "0.1.0" });
    expect(before.stdout).toBe(after.stdout);
    expect(environment.stdout).toBe(after.stdout);
  });

  test("says that a flagfile is missing", async () => {
    const { stderr, exit } = await tsflow("doctor --flagfile none.flags", { cwd: folder });
    expect([stderr, exit]).toEqual(["tsflow: --flagfile: none.flags: no such file\n", 2]);
  });

  test("--json tells of a failure as an object too", async () => {
    const { stdout, stderr, exit } = await tsflow("records head none.tfrecord --json", { cwd: folder });
    expect(exit).toBe(4);
    expect(JSON.parse(stdout)).toEqual({
      event: "error",
      exit: 4,
      code: "NOT_FOUND",
      message: "none.tfrecord: no such file or folder",
      path: "none.tfrecord",
    });
    expect(stderr).toBe("tsflow: none.tfrecord: no such file or folder\n");
  });

  test("--help begins with examples, --helpfull tells types and origins, --print_flags makes a flagfile", async () => {
    const help = await tsflow("records write --help");
    expect(help.stdout).toMatch(
      /^tsflow records write INPUT\.\.\. --out FILE\n.*\n\nExamples\n {2}tsflow records write iris\.csv/,
    );
    expect(help.stdout).toMatch(/--shards N +files per output.* \(1\)/);
    const full = await tsflow("records write --helpfull --shards 3", { env: { TSFLOW_SEED: "9" } });
    expect(full.stdout).toMatch(/--shards +an integer from 1 to 99999 +3 +command line/);
    expect(full.stdout).toMatch(/--seed +an integer >= 0 +9 +TSFLOW_SEED/);
    const printed = await tsflow(
      "records write --print_flags --noshuffle --out 'a b.tfrecord' --split train=0.5,test=0.5",
    );
    expect(printed.stdout).toContain("--out=a b.tfrecord\n");
    expect(printed.stdout).toContain("--split=train=0.5,test=0.5\n--seed=0\n--noshuffle\n");
    expect(printed.stdout).not.toContain("--json");
  });

  test("help explains commands and topics", async () => {
    expect((await tsflow("help records write")).stdout).toBe((await tsflow("records write --help")).stdout);
    expect((await tsflow("help exit-codes")).stdout).toMatch(/^ {2}3 {2}damaged file/m);
    for (const topic of ["flags", "files", "json", "signals", "environment"]) {
      expect((await tsflow(`help ${topic}`)).exit).toBe(0);
    }
  });

  test("writes no escape code into a pipe, and colours where it is told to", async () => {
    const lines = await Promise.all(
      ["", "doctor", "help", "models"].map((args) => tsflow(args, { env: { TERM: "xterm-256color" } })),
    );
    for (const { stdout, stderr } of lines) expect(stdout + stderr).not.toContain("\u001b");
  });

  test("ends quietly when the reader of its output leaves", async () => {
    const input = Array.from({ length: 20_000 }, (_, i) => `line ${i}`).join("\n");
    await tsflow("records write - --raw --out lines.tfrecord", { cwd: folder, input });
    const ran = await tsflow("records head lines.tfrecord -n 20000", { cwd: folder, leaveEarly: true });
    expect(ran).toMatchObject({ stderr: "", exit: 0 });
    expect(ran.stdout).toMatch(/^#0 /);
  });

  test("completes commands, subcommands, flags and topics", async () => {
    const complete = async (typed: string) =>
      (await tsflow(`completion complete -- ${typed}`)).stdout.split("\n").slice(0, -1);
    expect(await complete("tr")).toEqual(["train"]);
    expect(await complete("records ''")).toEqual(["write", "head", "info", "verify", "repair"]);
    expect(await complete("records write --sh")).toEqual(["--shuffle", "--shards"]);
    expect(await complete("train --max_s")).toEqual(["--max_step"]);
    expect(await complete("help exit")).toEqual(["exit-codes"]);
    expect((await tsflow("completion bash")).stdout).toContain("complete -o default -F _tsflow tsflow");
  });
});
