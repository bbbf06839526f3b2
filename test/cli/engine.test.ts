/** `--engine` and `--threads`, with the native libraries of this machine and without any. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { programInto } from "../../scripts/bundle.mjs";
import { libraries } from "../engine/native/library.ts";
import { program, run, temporaryFolder } from "./program.ts";

const tsflow = await program();
const folder = temporaryFolder();

/** A program with no package beside it, as where the user has not added koffi. */
const alone = mkdtempSync(join(tmpdir(), "tsflow-alone-"));
afterAll(() => rmSync(alone, { recursive: true, force: true }));
await programInto(alone);
writeFileSync(join(alone, "package.json"), '{ "type": "module" }');
cpSync(resolve(import.meta.dirname, "../../data"), join(alone, "data"), { recursive: true });
const tsflowAlone = (args: string) => run([join(alone, "cli.cjs"), ...args.split(" ")], { cwd: alone });

const stateOf = (run: string, step: number): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, run, `model.ckpt-${step}.state.json`), "utf8"));

const train = (run: string, flags: string) =>
  tsflow(`train digits_mlp --seed 1 --model_dir ${run} ${flags}`, { cwd: folder });

describe("--engine", () => {
  test.each(["train", "explain digits_mlp", "restore runs", "eval --model_dir runs", "graph run --graph g.pb"])(
    "%s knows four",
    async (command) => {
      const { stderr, exit } = await tsflow(`${command} --engine gpu`);
      expect([stderr, exit]).toEqual([
        'tsflow: --engine: expected one of auto, wasm, native, reference, got "gpu"\n',
        2,
      ]);
    },
  );

  test("native without a library is wrong use, and says what would add one", async () => {
    const { stdout, stderr, exit } = await tsflowAlone("train linear_regression --max_step 5 --engine native --json");
    expect(exit).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ event: "error", exit: 2, code: "FAILED_PRECONDITION" });
    expect(stderr).toMatch(/^tsflow: no native engine: koffi is not installed\nTo add one: npm install koffi/);
  });

  test("auto without a library computes in WebAssembly", async () => {
    const { stdout, exit } = await tsflowAlone("train digits_mlp --max_step 3 --model_dir run --seed 1");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/ start .* engine=wasm threads=/);
  });

  test("wasm looks for no library", async () => {
    const { stdout } = await train("wasm", "--engine wasm --threads 2 --max_step 3");
    expect(stdout).toMatch(/ start .* engine=wasm threads=2 /);
    expect(stateOf("wasm", 3)).toMatchObject({ engine: "wasm" });
  });

  test("reference computes with plain loops", async () => {
    const { stdout, exit } = await tsflow(
      "train linear_regression --seed 1 --model_dir reference --engine reference --max_step 3",
      { cwd: folder },
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(/ start .* engine=reference threads=/);
  });

  test("a small model is computed in WebAssembly, whatever is there", async () => {
    const { stdout } = await tsflow("train linear_regression --seed 1 --model_dir small --max_step 3", { cwd: folder });
    expect(stdout).toMatch(/ start .* engine=wasm threads=/);
  });

  describe.runIf(libraries.length > 0)("with a library", () => {
    const [first] = libraries;
    const name = `native:${first?.name}`;

    test("auto takes it, says so, and records it; a resume on another engine says so", async () => {
      const { stdout } = await train("auto", "--max_step 3");
      expect(stdout).toContain(` engine=${name} threads=`);
      expect(stateOf("auto", 3)).toMatchObject({ engine: name });

      const { stderr, exit } = await train("auto", "--max_step 5 --engine wasm");
      expect(exit).toBe(0);
      expect(stderr).toContain("engine auto -> wasm");
      expect(stateOf("auto", 5)).toMatchObject({ engine: "wasm" });
    });

    test("a resume with other threads says so, for a library's numbers may depend on them", async () => {
      await train("threads", "--max_step 3 --threads 2");
      expect(stateOf("threads", 3)).toMatchObject({ engine: name, threads: 2 });
      const same = await train("threads", "--max_step 4 --threads 2");
      const other = await train("threads", "--max_step 5 --threads 1");
      expect(same.stderr).not.toContain("may differ");
      expect(other.stderr).toContain(
        `the run computed with 2 threads, now 1: with ${name} values may differ in their last bits`,
      );
    });

    test("native takes it for a small model too", async () => {
      const { stdout } = await tsflow(
        "train linear_regression --seed 1 --model_dir native --engine native --max_step 3",
        { cwd: folder },
      );
      expect(stdout).toContain(` engine=${name} threads=`);
    });

    test("the same run gives the same bytes again", async () => {
      await train("one", "--max_step 20 --threads 2");
      await train("two", "--max_step 20 --threads 2");
      const bytes = (run: string) => readFileSync(join(folder, run, "model.ckpt-20.data-00000-of-00001"));
      expect(bytes("one").equals(bytes("two"))).toBe(true);
    });

    test("explain names the kernels that it takes over", async () => {
      const { stdout } = await tsflow("explain digits_mlp --engine native");
      expect(stdout).toMatch(/native matmul \d+x\d+x\d+/);
      expect((await tsflow("explain digits_mlp --engine wasm")).stdout).not.toContain("native");
    });

    test("doctor shows it", async () => {
      const { stdout, exit } = await tsflow("doctor --json");
      expect(exit).toBe(0);
      const { koffi, "native library": native } = JSON.parse(stdout);
      expect(koffi).toMatch(/^\d+\.\d+/);
      expect(native.taken).toEqual({ name: first!.name, path: first!.path });
    });
  });

  test("doctor without koffi names the command that adds it", async () => {
    const { stdout, stderr, exit } = await tsflowAlone("doctor");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^koffi +ok +koffi is not installed$/m);
    expect(stderr).toContain("npm install koffi");
    const { stdout: json } = await tsflowAlone("doctor --json");
    expect(JSON.parse(json)).toMatchObject({ koffi: null, "native library": { taken: null } });
  });
});
