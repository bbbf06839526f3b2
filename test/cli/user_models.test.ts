import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();

/** A model's file in a folder of its own; the body of its build stands from line 8 on. */
function model(name: string, body: readonly string[], flags = ""): string {
  const path = join(temporaryFolder(), `${name}.ts`);
  const text = `import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "${name}",
  about: "of a user",
  flags: { ${flags} },
  build(flags) {
    ${body.join("\n    ")}
  },
});
`;
  writeFileSync(path, text);
  return path;
}

const descent = [
  'const w = new tf.Variable(0.0, { name: "w" });',
  "const loss = tf.square(w.sub(3));",
  "return { loss, trainOp: new tf.train.GradientDescentOptimizer(0.25).minimize(loss) };",
];

describe("a user's model", () => {
  test("keeps its flag of a command's name; the command's own is called by the command", async () => {
    const body = descent.map((line) => line.replace("w.sub(3)", "w.sub(flags.target)"));
    const path = model("goal", body, 'target: tf.train.flag.float(3, "where w goes")');
    const ran = await tsflow(`train ${path} --target 5 --train_target loss<0.1 --model_dir runs/goal`, { cwd });
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout).toMatch(/done step=\d reason=target /);
    const shown = await tsflow(`restore runs/goal --model ${path} --target 5`, { cwd });
    expect(shown.stdout).toMatch(/^w 4\.\d/m);
  });

  test("may not give a flag of all commands another meaning", async () => {
    const ran = await tsflow(`train ${model("helper", descent, 'json: tf.train.flag.int(3, "a number")')}`, { cwd });
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain("means something else to every command: name it otherwise");
  });

  test.each([
    ["reference", ["return missing + 1;"], "tsflow: ReferenceError: missing is not defined\n  at FILE:8\n"],
    [
      "product",
      ["const a = tf.zeros([2, 3]);", "tf.matmul(a, a);"],
      /^tsflow: ValueError: Dimensions must be equal, but are 3 and 2 .*\n {2}at FILE:9\n$/,
    ],
    [
      "empty",
      ["return {};"],
      /^tsflow: TypeError: build of model "empty" must return { trainOp, loss }.*; trainOp is missing, loss is missing\n {2}at FILE:3\n$/,
    ],
    [
      "spelling",
      ["return tf.reduce_mean(3);"],
      "tsflow: TypeError: tf.reduce_mean is not a function\n  at FILE:8\nDid you mean tf.reduceMean?\n",
    ],
    [
      "module",
      ["return tf.nn.softmaxCrossEntropy(3);"],
      "tsflow: TypeError: tf.nn.softmaxCrossEntropy is not a function\n  at FILE:8\nDid you mean tf.losses.softmaxCrossEntropy?\n",
    ],
    [
      "runtime",
      [
        "const w = new tf.Variable([1.0]);",
        "const loss = tf.reduceSum(tf.gather(w, tf.constant([0, 1]).add(1)));",
        "return { loss, trainOp: new tf.train.GradientDescentOptimizer(0.1).minimize(loss) };",
      ],
      /^tsflow: INVALID_ARGUMENT: indices\[\d\] = \d is not in \[0, 1\)[\s\S]*op 'GatherV2' \(GatherV2\) {3}made at FILE:9\n/,
    ],
    ["word", ['throw "my own words";'], /^tsflow: thrown: my own words\n/],
    [
      "parsed",
      ["const x = ;"],
      "tsflow: cannot load FILE: line 8, column 14: Unexpected token. The model was not registered\n",
    ],
  ])("names the line of its own fault: %s", async (name, body, words) => {
    const path = model(name, body);
    const ran = await tsflow(`train ${path} --model_dir runs/${name}`, { cwd });
    expect(ran.exit).toBe(1);
    const shown = ran.stderr.replaceAll(path, "FILE");
    if (typeof words === "string") expect(shown).toBe(words);
    else expect(shown).toMatch(words);
  });

  test.each(["digits_softmax", "linear_regression"])(
    "that `models new` wrote after %s trains at once",
    async (like) => {
      const home = temporaryFolder();
      const wrote = await tsflow(`models new my_model --like ${like}`, { cwd: home });
      expect(wrote).toMatchObject({ exit: 0, stderr: "Train it: tsflow train my_model\n" });
      expect(wrote.stdout).toContain("wrote models/my_model.ts");
      const byName = await tsflow("train my_model --max_step 3 --model_dir runs/name", { cwd: home });
      expect(byName).toMatchObject({ exit: 0, stderr: "" });
      expect(byName.stdout).toMatch(/ start model=my_model .* done step=3 reason=max_step /s);
      const byPath = await tsflow("train ./models/my_model.ts --max_step 3 --model_dir runs/path", { cwd: home });
      expect(byPath).toMatchObject({ exit: 0, stderr: "" });
    },
  );

  test("is given a name of its own, and is listed; files beside it are not", async () => {
    const home = temporaryFolder();
    const builtIn = await tsflow("models new ctr", { cwd: home });
    expect(builtIn).toMatchObject({ exit: 2, stderr: "tsflow: ctr is a built-in model: choose another name\n" });
    const helper = await tsflow("models new digits --like digits_softmax", { cwd: home });
    expect(helper.stderr).toContain("digits_softmax itself imports a file digits.ts: choose another name");
    await tsflow("models new mine --like digits_softmax", { cwd: home });
    const listed = (await tsflow("models", { cwd: home })).stdout;
    expect(listed).toMatch(/^mine +\.\/models\/mine\.ts {2}\(this directory\)$/m);
    expect(listed).not.toContain("models/digits.ts");
  });

  test("reports a loss that is a vector by its sum", async () => {
    const body = ["const w = new tf.Variable([1.0, 2.0]);", "const loss = tf.square(w);", descent[2]!];
    const ran = await tsflow(`train ${model("vector", body)} --max_step 1 --model_dir runs/vector`, { cwd });
    expect(ran.stdout).toContain("step=1 loss=5.0000 ");
  });

  test("is never taken from a folder: its path is given again", async () => {
    const path = model("again", descent);
    await tsflow(`train ${path} --max_step 1 --model_dir runs/again`, { cwd });
    for (const command of ["train --model_dir runs/again", "restore runs/again", "eval --model_dir runs/again"]) {
      const ran = await tsflow(command, { cwd });
      expect(ran.exit).toBe(2);
      expect(ran.stderr).toContain(`A model's file runs as code: name it on the command line\nAdd --model ${path}\n`);
    }
  });
});

describe("a package with a model", () => {
  const home = temporaryFolder();
  const folder = join(home, "node_modules", "tsflow-model-tiny");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"name": "tsflow-model-tiny", "version": "1.0.0", "main": "index.ts"}');
  copyFileSync(model("tiny", descent), join(folder, "index.ts"));
  const list = (tsflowField: unknown) =>
    writeFileSync(join(home, "package.json"), JSON.stringify({ tsflow: tsflowField }));

  test("is loaded only where package.json lists it", async () => {
    const unlisted = await tsflow("train tiny --max_step 1", { cwd: home });
    expect(unlisted).toMatchObject({ exit: 2, stdout: "" });
    list(["tsflow-model-tiny"]);
    const listed = await tsflow("train tiny --max_step 1 --model_dir runs/tiny", { cwd: home });
    expect(listed).toMatchObject({ exit: 0, stderr: "" });
    expect((await tsflow("models", { cwd: home })).stdout).toContain("tsflow-model-tiny  (package.json)");
  });

  test("is not taken by name from a folder, nor from a list of other words", async () => {
    const ran = await tsflow("restore runs/tiny", { cwd: home });
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain("Add --model tiny\n");
    for (const names of ["../evil", { a: 1 }, ["left-pad"], ["tsflow-model-../../x"]]) {
      list(names);
      expect((await tsflow("models", { cwd: home })).stderr).toContain('"tsflow" lists packages tsflow-model-*');
    }
  });
});

describe("a checkpoint", () => {
  test("of other shapes is not resumed, and the run's own flags are named", async () => {
    await tsflow("train digits_mlp --hidden 8 --max_step 1 --model_dir runs/mlp", { cwd });
    const ran = await tsflow("train --model_dir runs/mlp --hidden 9 --max_step 2", { cwd });
    expect(ran.exit).toBe(6);
    expect(ran.stderr).toMatch(/hidden\/weights +checkpoint \[64,8\] float32 +graph \[64,9\] float32/);
    expect(ran.stderr).toContain("was trained with --hidden 8 (runs/mlp/flags.txt)");
  });

  test("of a step that is not there is answered with those that are", async () => {
    const ran = await tsflow("restore runs/mlp --checkpoint 77", { cwd });
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toMatch(/^tsflow: no checkpoint of step 77 in runs\/mlp: there are 1\n/);
  });

  test("is asked for a name that the graph lacks: the nearest ones are said", async () => {
    const fetched = await tsflow("restore runs/mlp --fetch hiden/weights", { cwd });
    expect(fetched).toMatchObject({ exit: 2, stdout: "" });
    expect(fetched.stderr).toContain('the graph has no operation "hiden/weights". Did you mean hidden/weights');
    const path = await tsflow("graph linear_regression --path mean", { cwd });
    expect(path.stderr).toBe('tsflow: --path: the graph has no operation "mean". Did you mean Mean or Mean_1?\n');
  });
});
