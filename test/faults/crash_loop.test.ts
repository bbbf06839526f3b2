/** crash-loop: `tsflow train` killed at random, and started again. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { askPython, nightly, program, pythonWithTensorFlow, seeded, until } from "./program.ts";

const { work, train, files, stepIn } = program();
const saveEvery = 40;

/** All tensors of every checkpoint that the state file lists, read by TensorFlow; the steps that they are of. */
const listedSteps = `
import json, sys
import tensorflow as tf
state = tf.train.get_checkpoint_state(sys.argv[1])
steps = []
for path in state.all_model_checkpoint_paths:
    reader = tf.train.load_checkpoint(path)
    values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    steps.append(int(values["global_step"]))
    with tf.Graph().as_default():
        tf.compat.v1.train.import_meta_graph(path + ".meta")
print(json.dumps({"latest": tf.train.latest_checkpoint(sys.argv[1]), "steps": steps}))
`;

test("random SIGKILLs leave what was acknowledged, lose no more than a save interval, and no litter stays", async () => {
  const random = seeded(11);
  const python = pythonWithTensorFlow();
  let before = 0;
  for (let kill = 0; kill < (nightly ? 500 : 50); kill++) {
    const run = train("crash", "--max_step", "100000000", "--save_every", String(saveEvery), "--log_every", "1");
    await until(run, kill % 2 ? /start model/ : /save step/);
    await sleep(random() * 150);
    run.child.kill("SIGKILL");
    const { stdout } = await run.end;
    const saved = [...stdout.matchAll(/save step=(\d+)/g)].map(([, step]) => Number(step));
    const reported = [...stdout.matchAll(/ step=(\d+) loss/g)].map(([, step]) => Number(step));
    const step = await stepIn("crash");
    expect(step).toBeGreaterThanOrEqual(Math.max(before, ...saved));
    expect(Math.max(step, ...reported) - step).toBeLessThanOrEqual(saveEvery);
    before = step;
    if (python && (kill + 1) % 25 === 0) {
      const { latest, steps } = askPython(python, listedSteps, join(work, "crash")) as {
        latest: string;
        steps: number[];
      };
      expect(latest).toBe(join(work, "crash", `model.ckpt-${step}`));
      expect(steps.at(-1)).toBe(step);
    }
  }
  const last = await train("crash", "--add_step", "1").end;
  expect(last.exit).toBe(0);
  expect(files("crash").filter((name) => /^\.tsf-tmp|intent|lock/.test(name))).toEqual([]);
  const indexed = files("crash").flatMap((name) => (name.endsWith(".index") ? [name.slice(0, -6)] : []));
  expect(indexed.length).toBeLessThanOrEqual(5);
  for (const name of files("crash").filter((each) => each.includes(".data-")))
    expect(indexed).toContain(name.replace(/\.data-.*/, ""));
});
