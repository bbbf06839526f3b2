/** tf.keras.utils: scopes of names, queues of batches, pictures of models, and where messages go. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { utils } = tf.keras;

class Batches extends utils.Sequence {
  epochs = 0;
  override get length() {
    return 3;
  }
  override getItem(i: number) {
    return i * 10;
  }
  override onEpochEnd() {
    this.epochs++;
  }
}

const taken = (items: Iterable<unknown>, count: number): unknown[] => {
  const found: unknown[] = [];
  for (const item of items) if (found.push(item) === count) break;
  return found;
};

describe("tf.keras.utils", () => {
  test("names of a scope are known inside of it alone", () => {
    class Twice {
      readonly by: number;
      constructor({ by = 1 }: { by?: number } = {}) {
        this.by = by;
      }
      getConfig() {
        return { by: this.by };
      }
    }
    const data = utils.serializeKerasObject(new Twice({ by: 4 }));
    expect(data).toEqual({ class_name: "Twice", config: { by: 4 } });
    expect(() => utils.deserializeKerasObject(data)).toThrow("Unknown object: 'Twice'.");
    const made = utils.deserializeKerasObject(data, {}, { Twice }) as Twice;
    expect([made instanceof Twice, made.by]).toEqual([true, 4]);
    const scope = new utils.CustomObjectScope({ Twice }).enter();
    expect(utils.deserializeKerasObject("Twice")).toBe(Twice);
    scope.exit();
    expect(() => utils.deserializeKerasObject("Twice", {}, {}, "layer")).toThrow("Unknown layer: 'Twice'.");
    expect(utils.deserializeKerasObject(null)).toBe(null);
  });

  test("an ordered queue goes from epoch to epoch until it is stopped", () => {
    const batches = new Batches();
    const queue = new utils.OrderedEnqueuer(batches);
    expect([...queue.get()]).toEqual([]);
    queue.start();
    expect([queue.isRunning(), taken(queue.get(), 5), batches.epochs]).toEqual([true, [0, 10, 20, 0, 10], 1]);
    queue.stop();
    expect([queue.isRunning(), [...queue.get()]]).toEqual([false, []]);
    const shuffled = new utils.OrderedEnqueuer(batches, false, true);
    shuffled.start();
    expect((taken(shuffled.get(), 3) as number[]).sort((a, b) => a - b)).toEqual([0, 10, 20]);
  });

  test("a generator's queue ends with it", () => {
    const queue = new utils.GeneratorEnqueuer([1, 2]);
    queue.start();
    expect([[...queue.get()], queue.isRunning()]).toEqual([[1, 2], false]);
  });

  test("a model is drawn as SVG and as Graphviz", () => {
    tf.resetDefaultGraph();
    const folder = mkdtempSync(join(tmpdir(), "keras-plot-"));
    try {
      const input = tf.keras.Input({ shape: [4] });
      const [left, right] = [tf.keras.layers.Dense, tf.keras.layers.Dense].map(
        (Dense, i) => new Dense(3, { name: `side_${i}` }).apply(input) as tf.Tensor,
      );
      const model = new tf.keras.Model(
        input,
        new tf.keras.layers.Add({ name: "sum>all" }).apply([left!, right!]) as tf.Tensor,
      );
      utils.plotModel(model, join(folder, "m.svg"), true);
      const svg = readFileSync(join(folder, "m.svg"), "utf8");
      expect([svg.match(/<rect /g)?.length, svg.match(/<line /g)?.length]).toEqual([4, 4]);
      expect(svg).toContain("sum&gt;all: Add");
      expect(svg).toContain("output: (None, 3)");
      utils.plotModel(model, { toFile: join(folder, "m.dot"), rankdir: "LR" });
      expect(readFileSync(join(folder, "m.dot"), "utf8")).toContain("rankdir=LR");
      expect(() => utils.plotModel(model, "m.png")).toThrow("m.png: pictures of models are written as .svg");
    } finally {
      rmSync(folder, { recursive: true });
      tf.resetDefaultGraph();
    }
  });

  test("messages go to the log when they are not for a terminal", () => {
    expect(utils.isInteractiveLoggingEnabled()).toBe(true);
    utils.disableInteractiveLogging();
    expect(utils.isInteractiveLoggingEnabled()).toBe(false);
    utils.enableInteractiveLogging();
    expect(utils.isInteractiveLoggingEnabled()).toBe(true);
  });
});

test("SavedModel's and flags' names are there", () => {
  const { DEBUG_DIRECTORY, DEBUG_INFO_FILENAME_PB, SAVED_MODEL_SCHEMA_VERSION } = tf.savedModel;
  expect([DEBUG_DIRECTORY, DEBUG_INFO_FILENAME_PB, SAVED_MODEL_SCHEMA_VERSION]).toEqual([
    "debug",
    "saved_model_debug_info.pb",
    1,
  ]);
  const holder = tf.app.flags.DEFINE_flag(new tf.app.flags.BooleanFlag("utils_rest_flag", true, "only here"));
  expect(holder instanceof tf.app.flags.FlagHolder).toBe(true);
  expect(new tf.layers.InputSpec({ ndim: 2 }).ndim).toBe(2);
});
