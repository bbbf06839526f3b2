import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { encodeGraphDef } from "../../src/proto/graph_def.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();
const programs = resolve(import.meta.dirname, "../fixtures/programs");
cpSync(programs, join(cwd, "programs"), { recursive: true });

/** A GraphDef's file with what the function builds. */
function graphFile(name: string, build: () => void): void {
  const graph = new Graph();
  graph.asDefault(build);
  writeFileSync(join(cwd, name), encodeGraphDef(graphDefinition(graph)));
}

const lines = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("graph run", () => {
  test("follows a plan: one JSON line for each run, and what the variables hold at the end", async () => {
    const { stdout, exit } = await tsflow("graph run --plan programs/k_means/plan.json --json", { cwd });
    const printed = lines(stdout);
    expect(exit).toBe(0);
    expect(printed.slice(0, 5).map(({ run }) => run)).toEqual([0, 1, 2, 3, 4]);
    expect(Object.keys(printed[0]!.fetches as object)).toContain("Max:0");
    expect(printed.at(-1)).toMatchObject({ final: { centers: { dtype: "float32", shape: [3, 2] } } });
  });

  test("gives the same from the initializer, and the codes of errors that the plan wants", async () => {
    const plan = "--plan programs/asserts_and_prints/plan.json --json";
    const restored = await tsflow(`graph run ${plan}`, { cwd });
    const initialized = await tsflow(`graph run ${plan} --init init`, { cwd });
    expect(initialized.stdout).toBe(restored.stdout);
    expect(lines(restored.stdout)[1]).toEqual({ run: 1, error: "INVALID_ARGUMENT" });
  });

  test("runs targets and fetches without a plan, feeds by name, and saves a checkpoint that it restores", async () => {
    const meta = "--meta programs/opt_ftrl/model.meta";
    const fetches = "--fetch Mean:0 --feed ids:0=[0,1,2,3]";
    const trained = await tsflow(
      `graph run ${meta} --checkpoint programs/opt_ftrl/model ${fetches} --target Ftrl --steps 3 --save out/model`,
      { cwd },
    );
    expect(trained.stderr).toBe("");
    expect(trained.stdout).toMatch(/^run 0 {2}Mean:0 [\d.e-]+\nrun 1 .*\nrun 2 .*\nglobal_step +int64 +\[\] +sum 3/);
    const again = await tsflow(`graph run ${meta} --checkpoint out/model ${fetches} --json`, { cwd });
    expect(lines(again.stdout).at(-1)).toMatchObject({ final: { global_step: { sum: 3 } } });
  });

  test("names the run, the op and the hint when a run fails, and leaves with its code", async () => {
    const { stdout, stderr, exit } = await tsflow(
      "graph run --meta programs/opt_ftrl/model.meta --init init --fetch Mean:0 --json",
      { cwd },
    );
    expect([exit, lines(stdout).at(-1)]).toMatchObject([1, { event: "error", code: "INVALID_ARGUMENT" }]);
    expect(stderr).toContain("You must feed a value for placeholder tensor 'ids'");
  });

  test("says what is missing: no graph, two graphs, no file, two starts", async () => {
    const exits = await Promise.all(
      [
        "graph run",
        "graph run --meta a.meta --graph b.pb",
        "graph run --meta none.meta",
        "graph run --meta programs/k_means/model.meta --checkpoint a --init b",
      ].map(async (line) => (await tsflow(line, { cwd })).exit),
    );
    expect(exits).toEqual([2, 2, 4, 2]);
  });
});

describe("trust", () => {
  test("a graph that writes a file is refused without --trust_graph", async () => {
    graphFile("writes.pb", () => void tf.io.writeFile("made.txt", "hello", { name: "write" }));
    const refused = await tsflow("graph run --graph writes.pb --target write --json", { cwd });
    expect(refused.exit).toBe(1);
    expect(lines(refused.stdout)).toMatchObject([{ code: "PERMISSION_DENIED", path: "made.txt" }]);
    expect(refused.stderr).toContain("--trust_graph");
    expect(existsSync(join(cwd, "made.txt"))).toBe(false);
    expect((await tsflow("graph run --graph writes.pb --target write --trust_graph", { cwd })).exit).toBe(0);
    expect(existsSync(join(cwd, "made.txt"))).toBe(true);
  });

  test("readers read inside the working directory, and nothing outside it", async () => {
    mkdirSync(join(cwd, "inner"), { recursive: true });
    writeFileSync(join(cwd, "lines.txt"), "a\nb\n");
    graphFile("reads.pb", () => {
      const queue = new tf.FIFOQueue(4, [tf.string], { shapes: [[]] });
      queue.enqueue(tf.placeholder(tf.string, [], { name: "path" }), { name: "put" });
      new tf.TextLineReader().read(queue, { name: "read" });
    });
    const line = (path: string) =>
      `graph run --graph ${path}reads.pb --feed path:0=${path}lines.txt --target put --fetch read:1 --json`;
    expect(lines((await tsflow(line(""), { cwd })).stdout)[0]).toMatchObject({ fetches: { "read:1": "a" } });
    const outside = await tsflow(line("../"), { cwd: join(cwd, "inner") });
    expect(lines(outside.stdout).at(-1)).toMatchObject({ code: "PERMISSION_DENIED" });
  });
});

describe("graph check", () => {
  test("a graph that runs leaves with 0", async () => {
    const { stdout, exit } = await tsflow("graph check programs/csv_queue/model.meta", { cwd });
    expect(stdout).toMatch(/model\.meta: \d+ nodes, all of them run\n$/);
    expect(exit).toBe(0);
  });

  test("an unknown op, a wrong dtype and what needs trust are named with their nodes, exit 7", async () => {
    writeFileSync(
      join(cwd, "odd.pbtxt"),
      `node { name: "a" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } } }
       node { name: "b" op: "MatMull" input: "a" }
       node { name: "c" op: "Tanh" input: "a" attr { key: "T" value { type: DT_STRING } } }
       node { name: "d" op: "ReadFile" input: "a" }
       node { name: "e" op: "PartitionedCall" attr { key: "f" value { func { name: "lost" } } }
              attr { key: "Tin" value { list { } } } attr { key: "Tout" value { list { } } } }`,
    );
    const { stdout, exit } = await tsflow("graph check odd.pbtxt --json", { cwd });
    expect(exit).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      runs: false,
      problems: [
        { kind: "op", op: "MatMull", why: "no such op here; the nearest is MatMul", nodes: ["b"] },
        { kind: "dtype", op: "Tanh", nodes: ["c"] },
        { kind: "trust", op: "ReadFile", nodes: ["d"] },
        { kind: "function", op: "PartitionedCall", why: "function lost is not in the graph's library", nodes: ["e"] },
      ],
    });
  });

  test("a file that is not there leaves with 4, a damaged one with 3", async () => {
    writeFileSync(join(cwd, "torn.pb"), Uint8Array.of(10, 200, 1, 2));
    expect((await tsflow("graph check none.pb", { cwd })).exit).toBe(4);
    expect((await tsflow("graph check torn.pb", { cwd })).exit).toBe(3);
  });
});
