/**
 * Files whose checksums are right and whose contents no writer writes, through the real commands: each ends with its code and one message,
 * takes no more memory than a good file and 400 MiB, and never ends by a signal. Nothing that they name is read, written or run.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programInto } from "../../scripts/bundle.mjs";
import { arrayFiles } from "./hostile/arrays.ts";
import type { HostileFile } from "./hostile/builders.ts";
import { checkpointFiles } from "./hostile/checkpoints.ts";
import { graphFiles } from "./hostile/graphs.ts";
import { measure, writeFiles } from "./hostile/run.ts";
import { streamFiles } from "./hostile/streams.ts";

const corpus = [...checkpointFiles, ...streamFiles, ...graphFiles, ...arrayFiles];
const only = process.env.TSFLOW_HOSTILE;
const chosen = only === undefined ? corpus : corpus.filter(({ name }) => name.includes(only));

/** The exit codes of TensorFlow's codes. */
const exits: Readonly<Record<string, number>> = { "": 0, DATA_LOSS: 3, NOT_FOUND: 4 };
const mostOverControl = 400 * 2 ** 20;

const modules = join(import.meta.dirname, "../../node_modules");
const program = mkdtempSync(join(modules, ".tsflow-hostile-"));
const folder = mkdtempSync(join(tmpdir(), "tsflow-hostile-"));
afterAll(() => {
  rmSync(program, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

let control = 0;
beforeAll(async () => {
  await programInto(program);
  const good = ["graph", "check", "good.pbtxt", "--json"];
  writeFiles(folder, { "good.pbtxt": 'node { name: "a" op: "NoOp" }' });
  const first = await measure(join(program, "cli.cjs"), good, folder);
  control = (await measure(join(program, "cli.cjs"), good, folder)).rssBytes;
  expect([first.stderr, first.exit]).toEqual(["", 0]);
  expect(control).toBeGreaterThan(0);
});

function judge({ code, exit, says, neverSays }: HostileFile, ran: Awaited<ReturnType<typeof measure>>): void {
  const { stdout, stderr, signal, rssBytes } = ran;
  const said = stdout + stderr;
  expect({ signal, exit: ran.exit, said: said.slice(0, 2000) }).toMatchObject({
    signal: null,
    exit: exit ?? exits[code] ?? 1,
  });
  expect(said).not.toMatch(/a bug in tsflow|INTERNAL|\n\s+at /);
  if (neverSays) expect(said).not.toMatch(neverSays);
  if (says instanceof RegExp) expect(said).toMatch(says);
  else if (says !== undefined) expect(said).toContain(says);
  if (code !== "") {
    const error = stdout.split("\n").find((line) => line.startsWith('{"event":"error"'));
    expect(error, said.slice(0, 2000)).toBeDefined();
    expect((JSON.parse(error!) as { code: string }).code).toBe(code);
  }
  expect((rssBytes - control) / 2 ** 20).toBeLessThan(mostOverControl / 2 ** 20);
}

describe("hostile", () => {
  test("the corpus has at least 90 files, each with a name of its own", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(90);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  });

  test.concurrent.each(chosen)("$name", async (file) => {
    const cwd = join(folder, String(corpus.indexOf(file)));
    writeFiles(cwd, file.files);
    judge(file, await measure(join(program, "cli.cjs"), file.command, cwd));
    rmSync(cwd, { recursive: true, force: true });
  });
});
