import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { framed } from "../../src/io/record/framing.ts";
import { encode, pb } from "../../src/proto/messages.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();

const scalar = (step: number, tag: string, simpleValue: number): pb.Event.$Properties => ({
  wallTime: 1000 + step,
  step,
  summary: { value: [{ tag, simpleValue }] },
});
const start: pb.Event.$Properties = { wallTime: 1000, fileVersion: "brain.Event:2" };
const restart = (step: number): pb.Event.$Properties => ({
  wallTime: 1000,
  step,
  sessionLog: { status: pb.SessionLog.SessionStatus.START },
});

/** An event file in a folder below the tests' own. */
function log(folder: string, number: number, events: readonly pb.Event.$Properties[]): string {
  mkdirSync(join(cwd, folder), { recursive: true });
  const path = join(cwd, folder, `events.out.tfevents.${number}.host`);
  writeFileSync(path, Buffer.concat(events.map((event) => framed(encode(pb.Event, event)))));
  return path;
}

const loss = (step: number) => scalar(step, "loss", 100 / step);
log("runs/a", 1, [start, ...[100, 200, 300].map(loss), scalar(100, "layer/acc", 0.5), scalar(300, "layer/acc", 0.75)]);
log("runs/a", 2, [start, restart(300), scalar(300, "loss", 0.25), loss(400)]);
log("runs/b", 1, [start, ...[100, 400].map((step) => scalar(step, "loss", 2))]);

describe("events show", () => {
  test("lists tags with kind, count, steps and last value, points behind a restart hidden", async () => {
    const { stdout, stderr, exit } = await tsflow("events show runs/a", { cwd });
    expect([stderr, exit]).toEqual(["", 0]);
    expect(stdout).toBe(
      "runs/a · 2 files · 2 tags\n" +
        "tag         kind     points   steps      last\n" +
        "loss        scalar        4   100..400   0.2500\n" +
        "layer/acc   scalar        1   100..100   0.5000\n",
    );
    expect((await tsflow("events show runs/a --all", { cwd })).stdout).toMatch(/^loss +scalar +5 /m);
  });

  test("plots a tag", async () => {
    const { stdout } = await tsflow("events show runs/a --tag loss", { cwd });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("runs/a · 2 files · 4 points · steps 100..400   loss");
    expect(lines[1]).toMatch(/^ {8}1 [\u2801-\u28ff]/);
    expect(lines[8]).toMatch(/^ {5}0\.25 .*[\u2801-\u28ff]$/);
    expect(lines[9]).toBe(`${" ".repeat(10)}last 0.2500   min 0.2500 @300   max 1.0000 @100   mean 0.5000`);
    expect((await tsflow("events show runs/a --tag loss", { cwd, env: { NO_COLOR: "1" } })).stdout).toMatch(
      /^ {8}1 \*/m,
    );
  });

  test("draws several directories together", async () => {
    const { stdout } = await tsflow("events show 'runs/*' --tag loss --color always", { cwd });
    expect(stdout).toContain("runs/a · 2 files · 4 points");
    expect(stdout).toContain("runs/b · 1 file · 2 points");
    expect(stdout).toContain("\u001b[36m");
    expect(stdout).toContain("\u001b[35m");
  });

  test("selects runs, steps and last points", async () => {
    const points = async (more: string) =>
      JSON.parse((await tsflow(`events show runs/a --tag loss --json ${more}`, { cwd })).stdout).points.map(
        ({ step }: { step: number }) => step,
      );
    expect(await points("--step 200:")).toEqual([200, 300, 400]);
    expect(await points("--step :200")).toEqual([100, 200]);
    expect(await points("--last 1")).toEqual([400]);
    expect((await tsflow("events show runs --runs '*b' --json", { cwd })).stdout).toBe(
      '{"run":"runs/b","tag":"loss","kind":"scalar","points":2}\n',
    );
  });

  test.each([
    ["show runs/c", 4, "tsflow: runs/c: no such file or folder\n"],
    ["show .", 0, ""],
    ["show runs/a --tag los", 4, 'tsflow: no tag "los". Did you mean loss? Tags: tsflow events show runs/a\n'],
    ["show runs/a --step x", 2, 'tsflow: --step: expected a:b, got "x". Examples: 100:200, 100:, :200\n'],
  ])("%s leaves with %i", async (args, exit, stderr) => {
    const ran = await tsflow(`events ${args}`, { cwd });
    expect([ran.exit, ran.stderr]).toEqual([exit, stderr]);
  });
});

describe("events export", () => {
  test("writes every point as CSV", async () => {
    const { stdout } = await tsflow("events export runs/a", { cwd });
    expect(stdout).toBe(
      "run,tag,step,wall_time,value\n" +
        "runs/a,loss,100,1100,1\nruns/a,loss,200,1200,0.5\nruns/a,loss,300,1300,0.25\nruns/a,loss,400,1400,0.25\n" +
        "runs/a,layer/acc,100,1100,0.5\n",
    );
  });

  test("makes a table with a column a tag", async () => {
    const { stdout } = await tsflow("events export runs/a --format wide", { cwd });
    expect(stdout).toBe("step,loss,layer/acc\n100,1,0.5\n200,0.5,\n300,0.25,\n400,0.25,\n");
    expect((await tsflow("events export runs --format wide --tag loss", { cwd })).stdout).toMatch(
      /^step,runs\/a:loss,runs\/b:loss\n100,1,2\n/,
    );
  });

  test("writes a file once", async () => {
    const line = "events export runs/a --out all.csv";
    expect(await tsflow(line, { cwd })).toEqual({ stdout: "all.csv: 5 points\n", stderr: "", exit: 0 });
    expect(readFileSync(join(cwd, "all.csv"), "utf8")).toMatch(/^run,tag,step/);
    expect(await tsflow(line, { cwd })).toEqual({
      stdout: "",
      stderr: "tsflow: all.csv exists. Use --overwrite\n",
      exit: 2,
    });
    expect((await tsflow(`${line} --overwrite --quiet`, { cwd })).exit).toBe(0);
  });
});

describe("events verify", () => {
  test("is content with whole logs, and with a restart", async () => {
    const { stdout, exit } = await tsflow("events verify runs", { cwd });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/runs\/a\/events\.out\.tfevents\.1\.host {3}6 events {3}ok\n/);
  });

  test("finds damaged records, a missing version, and steps that go back", async () => {
    const path = log("odd", 1, [loss(5), loss(4)]);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes, bytes.subarray(0, 20)]));
    const { stdout, exit } = await tsflow("events verify odd", { cwd });
    expect(exit).toBe(3);
    expect(stdout).toContain("event 0 at offset 0: the first event names no version");
    expect(stdout).toMatch(/event 1 at offset \d+: tag loss goes back from step 5 to 4/);
    expect(stdout).toMatch(/offset \d+: the file ends inside a record/);
  });
});

test("events tail prints what is there and what comes, and ends when nothing does", async () => {
  const running = tsflow("events tail live --tag loss --interval 0.05 --idle 3", { cwd });
  const path = log("live", 1, [start, loss(100), scalar(100, "other", 1)]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const more = framed(encode(pb.Event, loss(200)));
  writeFileSync(path, Buffer.concat([readFileSync(path), more, more.subarray(0, 9)]));
  const { stdout, exit } = await running;
  expect(exit).toBe(0);
  expect(stdout.split("\n").map((line) => line.slice(9))).toEqual(["step=100 loss=1.0000", "step=200 loss=0.5000", ""]);
});

describe.skipIf(!hasGoldens)("TensorFlow's event logs", () => {
  const { directories } = hasGoldens
    ? readGolden<{ directories: string[] }>("events", "index.json")
    : { directories: [] };
  const logs = directories.filter((name) => name !== "empty");

  test.each(logs)("%s are whole", async (name) => {
    expect((await tsflow("events verify .", { cwd: goldenPath("events", name) })).exit).toBe(0);
  });

  test("scalars have the values that TensorFlow wrote", async () => {
    interface Value {
      tag: string;
      simple_value?: number | string;
    }
    interface Expected {
      files: { events: { step: string; summary?: Value[] }[] }[];
    }
    const { files } = readGolden<Expected>("events", "scalars", "expected.json");
    const wanted = files
      .flatMap(({ events }) => events)
      .flatMap(({ step, summary = [] }) =>
        summary
          .filter(({ simple_value }) => simple_value !== undefined)
          .map(({ tag, simple_value }) => `${tag} ${step} ${Math.fround(Number(simple_value))}`),
      );
    const { stdout } = await tsflow("events export . --format json", { cwd: goldenPath("events", "scalars") });
    const found = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { tag: string; step: number; value: number });
    expect(found.map(({ tag, step, value }) => `${tag} ${step} ${value}`).sort()).toEqual(wanted.sort());
    expect(wanted.length).toBeGreaterThan(0);
  });
});
