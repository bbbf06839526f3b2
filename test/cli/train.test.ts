/** The main job, end to end: the real program trains, saves, restores, goes on; its files are TensorFlow's. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { readEvents } from "../../src/io/event_file.ts";
import { decode, pb } from "../../src/proto/messages.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const folder = temporaryFolder();

describe("train", () => {
  const dir = join(folder, "linear");

  test("20 steps leave a checkpoint, an event file, flags and a log", async () => {
    const { exit, stdout, stderr } = await tsflow(
      `train linear_regression --max_step 20 --model_dir ${dir} --seed 1 --log_every 10 --summary_every 5`,
    );
    expect(stderr).toBe("");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/start model=linear_regression model_dir=\S+ seed=1 engine=\S+ threads=\d+ params=2/);
    expect(stdout).toMatch(/ step=20 loss=/);
    expect(stdout).toMatch(/ done step=20 reason=max_step/);
    const files = readdirSync(dir);
    for (const name of [
      "checkpoint",
      "flags.txt",
      "log.jsonl",
      "model.ckpt-20.index",
      "model.ckpt-20.meta",
      "model.ckpt-20.data-00000-of-00001",
    ]) {
      expect(files).toContain(name);
    }
    expect(files.filter((name) => name.startsWith("."))).toEqual([]);
    const reader = BundleReader.openSync(join(dir, "model.ckpt-20"));
    expect(reader.names()).toEqual(["global_step", "linea_model/biases", "linea_model/weights"]);
    reader.close();
  });

  test("the event file holds the graph and a curve for each tag", () => {
    const name = readdirSync(dir).find((file) => file.includes("tfevents"))!;
    const events = [...readEvents(join(dir, name))].map((record) => decode(pb.Event, record));
    expect(events[0]!.fileVersion).toBe("brain.Event:2");
    expect(events[1]!.graphDef!.length).toBeGreaterThan(1000);
    const points = events.flatMap((event) =>
      (event.summary?.value ?? []).map((value) => [value!.tag, Number(event.step)]),
    );
    for (const tag of ["losses", "w", "b"]) {
      expect(points.filter(([own]) => own === tag).map(([, step]) => step)).toEqual([1, 5, 10, 15, 20]);
    }
  });

  test("at its goal a run says so; a larger goal goes on", async () => {
    const done = await tsflow(`train --max_step 20 --model_dir ${dir}`);
    expect(done.exit).toBe(0);
    expect(done.stdout).toContain("Nothing to do: checkpoint is at step 20");
    const more = await tsflow(`train --max_step 30 --model_dir ${dir}`);
    expect(more.exit).toBe(0);
    expect(more.stdout).toMatch(/resume step=20 checkpoint=model.ckpt-20 remaining=10/);
    expect(more.stdout).toMatch(/ done step=30 /);
  });

  test("restore shows the values, fetches by name, and trains on", async () => {
    const shown = await tsflow(`restore ${dir}`);
    expect(shown.stdout).toMatch(/Restored \S+model.ckpt-30 \(3 variables, step 30\) into linear_regression/);
    expect(shown.stdout).toMatch(/^w -?\d/m);
    const fetched = await tsflow(`restore ${dir} --fetch linea_model/biases --json`);
    const { fetches } = JSON.parse(fetched.stdout) as { fetches: Record<string, { dtype: string; shape: number[] }> };
    expect(fetches["linea_model/biases:0"]).toMatchObject({ dtype: "float32", shape: [] });
    const on = await tsflow(`restore ${dir} --max_step 40`);
    expect(on.stdout).toMatch(/ done step=40 /);
  });

  test("stopped and resumed equals never stopped", async () => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const flags = "--seed 5 --batch_size 32 --hidden 16 --summary_every 10";
    await tsflow(`train digits_mlp --max_step 40 --model_dir ${whole} ${flags}`);
    await tsflow(`train digits_mlp --max_step 17 --model_dir ${parts} ${flags}`);
    await tsflow(`train digits_mlp --max_step 40 --model_dir ${parts} ${flags}`);
    const data = "model.ckpt-40.data-00000-of-00001";
    expect(readFileSync(join(parts, data)).equals(readFileSync(join(whole, data)))).toBe(true);
  });
});

describe("mistakes", () => {
  test.each([
    ["train linear_regresion", 2, 'no model "linear_regresion". Did you mean linear_regression?'],
    ["train linear_regression --learning_rat 0.1", 2, "unknown flag --learning_rat. Did you mean --learning_rate?"],
    ["train linear_regression --max_step 1k5", 2, '--max_step: expected an integer >= 0, got "1k5"'],
    [`restore ${join(folder, "nothing")}`, 4, "nothing to restore in"],
    [`train linear_regression --resume must --model_dir ${join(folder, "nothing")}`, 4, "nothing to resume in"],
    [`train digits_mlp --model_dir ${join(folder, "linear")}`, 2, "holds a run of linear_regression, not digits_mlp"],
    ["train digits_mlp --batch_size 5000 --model_dir nowhere", 1, "batch_size 5000 is not between 1 and"],
  ])("%s", async (line, code, words) => {
    const { exit, stderr } = await tsflow(line, { cwd: folder });
    expect(stderr).toContain(words);
    expect(exit).toBe(code);
  });

  test("a checkpoint that does not fit names every variable", async () => {
    const dir = join(folder, "misfit");
    await tsflow(`train digits_mlp --max_step 2 --hidden 8 --model_dir ${dir} --seed 1`);
    const { exit, stderr } = await tsflow(`restore ${dir} --hidden 9`);
    expect(exit).toBe(6);
    expect(stderr).toContain("hidden/weights   checkpoint [64,8] float32   graph [64,9] float32");
  });

  test("a loss that explodes stops the run and keeps the good checkpoint", async () => {
    const dir = join(folder, "nan");
    const { exit, stderr } = await tsflow(
      `train linear_regression --max_step 500 --learning_rate 100 --model_dir ${dir} --seed 1`,
    );
    expect(exit).toBe(5);
    expect(stderr).toMatch(/loss became (NaN|Infinity) at step \d+; no checkpoint was saved/);
  });
});

describe("users' models", () => {
  test("a .ts file anywhere resolves tsflow to the running instance", async () => {
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    const text = readFileSync(join(import.meta.dirname, "../../models/linear_regression.ts"), "utf8");
    writeFileSync(join(elsewhere, "mine.ts"), text.replace('name: "linear_regression"', 'name: "mine"'));
    const { exit, stdout } = await tsflow("train ./mine.ts --max_step 5 --model_dir run", { cwd: elsewhere });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/start model=mine /);
  });

  test("a file that does not parse names itself", async () => {
    const broken = join(folder, "broken.ts");
    writeFileSync(broken, "export default {");
    const { exit, stderr } = await tsflow(`train ${broken}`);
    expect(exit).toBe(1);
    expect(stderr).toContain(`cannot load ${broken}`);
  });

  test("digits of one's own are read from records", async () => {
    const own = join(folder, "own.tfrecord");
    copyFileSync(join(import.meta.dirname, "../../data/digits-test.tfrecord"), own);
    const { exit } = await tsflow(`train digits_softmax --data ${own} --max_step 3 --model_dir ${join(folder, "own")}`);
    expect(exit).toBe(0);
  });
});
