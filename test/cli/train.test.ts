import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();
const lines = (text: string): string[] => text.trimEnd().split("\n");
const events = (text: string): Record<string, unknown>[] => lines(text).map((line) => JSON.parse(line));
const read = (path: string): string => readFileSync(join(cwd, path), "utf8");

/** The value of a tensor in the newest checkpoint of a run. */
async function value(run: string, name: string): Promise<unknown> {
  const { stdout } = await tsflow(`checkpoint inspect ${run} --tensor ${name} --json`, { cwd });
  return JSON.parse(stdout).values;
}

describe("tsflow train", () => {
  test("trains, saves and logs; goes on to a higher goal; and has nothing to do at the goal", async () => {
    const line = "train linear_regression --model_dir runs/linear --seed 1 --log_every 10";
    const first = await tsflow(`${line} --max_step 30`, { cwd });
    expect(first).toMatchObject({ exit: 0, stderr: "" });
    const printed = lines(first.stdout).map((text) => text.slice(9));
    expect(printed[0]).toMatch(
      /^start model=linear_regression model_dir=runs\/linear seed=1 engine=\S+ threads=\d+ params=2$/,
    );
    expect(printed[1]).toMatch(/^step=10 loss=\d\S* lr=0\.1 steps_per_sec=\d+\.\d eta=\d+s$/);
    expect(printed.find((text) => text.startsWith("save "))).toMatch(
      /^save step=30 path=runs\/linear\/model\.ckpt-30 bytes=\d+ ms=\d+$/,
    );
    expect(printed.at(-1)).toMatch(/^done step=30 reason=max_step seconds=\d+\.\d loss=\d/);

    const second = await tsflow(`${line} --max_step 50`, { cwd });
    expect(second.stdout).toContain(" resume step=30 checkpoint=model.ckpt-30 remaining=20\n");
    expect(second.stdout).toMatch(/ done step=50 reason=max_step /);
    expect(await value("runs/linear", "global_step")).toBe(50);

    const third = await tsflow(`${line} --max_step 50`, { cwd });
    expect(third).toMatchObject({ exit: 0 });
    expect(third.stdout).toContain(
      "Nothing to do: checkpoint is at step 50, --max_step is 50. To go on: --max_step 100 or --add_step 50.",
    );

    const names = readdirSync(join(cwd, "runs/linear"));
    expect(names).toEqual(
      expect.arrayContaining(["checkpoint", "flags.txt", "log.jsonl", "model.ckpt-30.index", "model.ckpt-50.meta"]),
    );
    expect(names.filter((name) => name.startsWith("events.out.tfevents.")).length).toBeGreaterThanOrEqual(2);
    expect(read("runs/linear/flags.txt")).toMatch(/^--model=linear_regression\n--seed=1\n/);
    const logged = events(read("runs/linear/log.jsonl"));
    expect(logged.filter(({ event }) => event === "end").map(({ step }) => step)).toEqual(
      expect.arrayContaining([30, 50]),
    );
    expect(logged.every(({ v }) => v === 1)).toBe(true);
  });

  test("stopped and resumed ends with the same bytes as a run that never stopped", async () => {
    await tsflow("train digits_softmax --max_step 20 --seed 5 --model_dir runs/whole --quiet", { cwd });
    await tsflow("train digits_softmax --max_step 9 --seed 5 --model_dir runs/parts --quiet", { cwd });
    await tsflow("train digits_softmax --max_step 20 --model_dir runs/parts --quiet", { cwd });
    const data = (run: string) => readFileSync(join(cwd, `runs/${run}/model.ckpt-20.data-00000-of-00001`));
    expect(data("parts").equals(data("whole"))).toBe(true);
  });

  test("repeats a run by its flags.txt", async () => {
    await tsflow("train --flagfile runs/whole/flags.txt --model_dir runs/again --quiet", { cwd });
    const data = (run: string) => readFileSync(join(cwd, `runs/${run}/model.ckpt-20.data-00000-of-00001`));
    expect(data("again").equals(data("whole"))).toBe(true);
  });

  test("prints the same lines as JSON that it logs", async () => {
    const { stdout, stderr, exit } = await tsflow(
      "train scalar_regression --max_step 300 --log_every 100 --model_dir runs/json --json",
      { cwd },
    );
    expect([stderr, exit]).toEqual(["", 0]);
    expect(stdout).toBe(read("runs/json/log.jsonl"));
    const printed = events(stdout);
    expect(printed[0]).toMatchObject({ v: 1, event: "start", model: "scalar_regression", model_dir: "runs/json" });
    expect(printed.at(-1)).toMatchObject({
      event: "end",
      step: 300,
      reason: "max_step",
      checkpoint: "runs/json/model.ckpt-300",
      exit: 0,
    });
    expect(printed.filter(({ event }) => event === "step").map(({ step }) => step)).toEqual([100, 200, 300]);
  });

  test("writes no escape code into a pipe", async () => {
    const { stdout, stderr } = await tsflow("train scalar_regression --max_step 10 --model_dir runs/pipe --ui tty", {
      cwd,
      env: { TERM: "xterm-256color", COLUMNS: "100", LINES: "40" },
    });
    expect(stdout + stderr).not.toContain("\u001b");
    expect(stdout).toContain("done step=10");
  });

  test("--quiet leaves the last line", async () => {
    const { stdout } = await tsflow("train scalar_regression --max_step 10 --model_dir runs/quiet -q", { cwd });
    expect(lines(stdout)).toHaveLength(1);
    expect(stdout).toContain("done step=10");
  });

  test("--dry_run writes nothing", async () => {
    expect(await tsflow("train digits_mlp --dry_run --model_dir runs/dry", { cwd })).toMatchObject({ exit: 0 });
    expect(existsSync(join(cwd, "runs/dry"))).toBe(false);
  });

  test("SIGINT and SIGTERM end the step, save, and leave with 130 and 143", async () => {
    for (const [signal, exit, reason] of [
      ["SIGINT", 130, "sigint"],
      ["SIGTERM", 143, "sigterm"],
    ] as const) {
      const run = `runs/${reason}`;
      const ran = await tsflow(`train digits_mlp --max_step 1_000_000 --log_every 5 --model_dir ${run}`, {
        cwd,
        signal,
      });
      expect(ran.exit).toBe(exit);
      const end = events(read(`${run}/log.jsonl`)).at(-1)!;
      expect(end).toMatchObject({ event: "end", reason, exit });
      expect(await value(run, "global_step")).toBe(end.step);
    }
  });

  test("trains a user's model from anywhere, which gets the running tsflow", async () => {
    const path = join(temporaryFolder(), "mine.ts");
    writeFileSync(
      path,
      `import * as tf from "tsflow";
export default tf.train.defineModel({
  name: "mine",
  about: "w goes to the target",
  flags: { goal: tf.train.flag.float(3, "where w goes") },
  build({ goal }) {
    const w = new tf.Variable(0.0, { name: "w" });
    const loss = tf.square(w.sub(goal)) as tf.Tensor;
    const trainOp = new tf.train.GradientDescentOptimizer(0.25).minimize(loss, { globalStep: tf.train.getOrCreateGlobalStep() });
    return { trainOp, loss };
  },
});
`,
    );
    const ran = await tsflow(`train ${path} --goal 5 --max_step 40 --model_dir runs/mine --quiet`, { cwd });
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(await value("runs/mine", "w")).toBeCloseTo(5, 4);
  });

  test.each([
    ["digits_sotfmax", 2, 'tsflow: no model "digits_sotfmax". Did you mean digits_softmax? All: tsflow models\n'],
    [
      "digits_softmax --learning_rat 0.1",
      2,
      "tsflow: unknown flag --learning_rat. Did you mean --learning_rate?\nFlags of digits_softmax: tsflow train digits_softmax --help\n",
    ],
    [
      "linear_regression --max_step 1k5",
      2,
      'tsflow: --max_step: expected an integer >= 0, got "1k5". Examples: 1500, 1_500, 1.5k\n',
    ],
    [
      "digits_softmax --model_dir runs/linear",
      2,
      "tsflow: runs/linear holds a run of linear_regression, not digits_softmax. Use another --model_dir, or --overwrite\n",
    ],
    ["linear_regression --resume must --model_dir runs/none", 4, "tsflow: nothing to resume in runs/none"],
    ["none.ts", 4, "tsflow: no model file none.ts\n"],
    [
      "linear_regression digits_mlp",
      2,
      'tsflow: tsflow train: unexpected argument "digits_mlp"\nUsage: tsflow train [MODEL]\n',
    ],
  ])("%s fails", async (args, exit, words) => {
    const ran = await tsflow(`train ${args}`, { cwd });
    expect([ran.exit, ran.stdout]).toEqual([exit, ""]);
    expect(ran.stderr.slice(0, words.length)).toBe(words);
  });

  test("names file and cause of a model that cannot be loaded", async () => {
    writeFileSync(join(cwd, "broken.ts"), "export default {\n  name: }\n");
    const ran = await tsflow("train ./broken.ts", { cwd });
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toMatch(/^tsflow: cannot load \.\/broken\.ts: .*The model was not registered\n$/s);
  });
});

describe("tsflow restore and eval", () => {
  test("shows what was learned, evaluates, fetches and goes on", async () => {
    await tsflow("train digits_softmax --max_step 100 --seed 1 --model_dir runs/digits --quiet", { cwd });
    const { stdout, exit } = await tsflow("restore runs/digits", { cwd });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^Restored runs\/digits\/model\.ckpt-100 \(\d+ variables, step 100\) into digits_softmax\n/);
    expect(stdout).toMatch(/\neval on digits-test\.tfrecord: loss 0\.\d{4} {2}accuracy 0\.\d{4} {2}\(\d+ examples/);

    const pixels = JSON.stringify([new Array(64).fill(0.5)]);
    const fetched = await tsflow(`restore runs/digits --fetch softmax:0 --feed 'x:0=${pixels}' --json`, { cwd });
    const { dtype, shape, values } = JSON.parse(fetched.stdout).fetches["softmax:0"];
    expect([dtype, shape]).toEqual(["float32", [1, 10]]);
    expect((values[0] as number[]).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);

    const on = await tsflow("restore runs/digits --max_step 120 --quiet", { cwd });
    expect(on.stdout).toContain("done step=120");
  });

  test("eval leaves with 7 when a metric is below its limit", async () => {
    const good = await tsflow("eval --model_dir runs/digits --min accuracy=0.5", { cwd });
    expect(good).toMatchObject({ exit: 0, stderr: "" });
    const bad = await tsflow("eval --model_dir runs/digits --min accuracy=0.9999", { cwd });
    expect(bad.exit).toBe(7);
    expect(bad.stderr).toMatch(/^tsflow: accuracy is 0\.\d+, below 0\.9999 \(exit 7\)\n$/);
  });

  test("there is nothing to restore in an empty folder", async () => {
    const ran = await tsflow("restore runs/new", { cwd });
    expect(ran).toEqual({
      stdout: "",
      stderr:
        'tsflow: nothing to restore in runs/new: no file "checkpoint", no *.index\nTrain first: tsflow train --model_dir runs/new\n',
      exit: 4,
    });
  });

  test("a checkpoint of other shapes is refused with both", async () => {
    await tsflow("train digits_mlp --max_step 2 --model_dir runs/mlp --quiet", { cwd });
    const flag = lines((await tsflow("train digits_mlp --helpshort", { cwd })).stdout).find((line) =>
      line.includes("--hidden"),
    );
    expect(flag).toBeDefined();
    const ran = await tsflow("restore runs/mlp --hidden 7", { cwd });
    expect(ran.exit).toBe(6);
    expect(ran.stderr).toMatch(/^tsflow: the checkpoint does not fit the graph \(exit 6\)\n {2}\S+ +checkpoint \[/);
  });
});

describe("tsflow graph, explain and models", () => {
  test("graph shows nodes, counts, paths, and writes GraphDefs", async () => {
    expect((await tsflow("graph linear_regression", { cwd })).stdout).toMatch(
      /^linear_regression: \d+ nodes\n.*x_data/s,
    );
    expect((await tsflow("graph linear_regression --ops", { cwd })).stdout).toMatch(/^ +\d+ {2}Const$/m);
    const path = await tsflow("graph linear_regression --path Mean", { cwd });
    expect(path).toMatchObject({ exit: 0, stderr: "" });
    expect(path.stdout).toMatch(/^Mean {2}float32 \[\]\n├─ Square {2}float32 \[100,1\]\n/);
    expect(await tsflow("graph linear_regression --format pb --out g.pb", { cwd })).toMatchObject({ exit: 0 });
    const model = lines((await tsflow("graph linear_regression", { cwd })).stdout).slice(1);
    const file = lines((await tsflow("graph g.pb", { cwd })).stdout).slice(1);
    const logged = lines((await tsflow("graph runs/linear", { cwd })).stdout).slice(1);
    expect(file).toEqual(model);
    expect(logged).toEqual(expect.arrayContaining(model));
  });

  test("explain shows segments and kernels", async () => {
    const { stdout, exit } = await tsflow("explain linear_regression", { cwd });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^linear_regression: \d+ operations in the graph, \d+ in a training step\n/);
    expect(stdout).toMatch(/^segment 0: \d+ operations → \d+ kernels$/m);
  });

  test("models lists, shows and copies", async () => {
    const list = await tsflow("models", { cwd });
    for (const name of [
      "linear_regression",
      "scalar_regression",
      "digits_softmax",
      "digits_mlp",
      "digits_cnn",
      "ctr",
    ]) {
      expect(list.stdout).toMatch(new RegExp(`^${name} `, "m"));
    }
    const show = await tsflow("models show digits_softmax", { cwd });
    expect(show.stdout).toMatch(/^digits_softmax: .*\n650 parameters\n/);
    expect(show.stdout).toMatch(/^ {2}x +float32 +\[\?,64\]$/m);
    expect(show.stdout).toMatch(/^ {2}W +float32 +\[64,10\]$/m);
    const copied = await tsflow("models new my_model --like digits_softmax", { cwd });
    expect(copied.stdout).toBe("wrote models/my_model.ts, models/digits.ts\n");
    expect((await tsflow("models new my_model", { cwd })).stderr).toBe(
      "tsflow: models/my_model.ts exists. Use --overwrite\n",
    );
    expect((await tsflow("models", { cwd })).stdout).toContain("my_model   ./models/my_model.ts  (this directory)");
    const trained = await tsflow("train my_model --max_step 5 --model_dir runs/my_model --quiet", { cwd });
    expect(trained).toMatchObject({ exit: 0, stderr: "" });
  });
});
