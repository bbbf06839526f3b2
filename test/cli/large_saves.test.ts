import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();

/** Every element of `large` counts the steps. */
const model = `
import * as tf from "tsflow";
export default tf.train.defineModel({
  name: "large",
  about: "five megabytes that change with each step",
  flags: {},
  build() {
    const large = tf.getVariable("large", [1250, 1000], { initializer: tf.zerosInitializer() });
    const loss = tf.reduceMean(tf.square(large));
    const counted = tf.assignAdd(large, tf.ones([1250, 1000]));
    return { loss, trainOp: tf.group(counted, tf.train.getOrCreateGlobalStep().assignAdd(1)) };
  },
});
`;

test("a large checkpoint is written while training goes on, and holds the values of its step", async () => {
  writeFileSync(join(cwd, "large.ts"), model);

  const { exit, stdout, stderr } = await tsflow(
    "train ./large.ts --max_step 60 --save_every 15 --engine wasm --model_dir run --seed 1 --json",
    { cwd },
  );

  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  const reports = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; step: number });
  expect(reports.filter(({ event }) => event === "save").map(({ step }) => step)).toEqual([15, 30, 45, 60]);
  expect(reports.at(-1)).toMatchObject({ event: "end", step: 60, exit: 0 });
  for (const step of [15, 30, 45, 60]) {
    const reader = BundleReader.open(join(cwd, `run/model.ckpt-${step}`));
    const large = reader.readSync("large").data as Float32Array;
    expect([large[0], large.at(-1), large.every((x) => x === step)]).toEqual([step, step, true]);
    expect(Number((reader.readSync("global_step").data as BigInt64Array)[0])).toBe(step);
    reader.close();
  }
});
