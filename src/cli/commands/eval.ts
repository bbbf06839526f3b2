/** `tsflow eval`: evaluate the newest checkpoint of a run once, or each new one. */
import type { FlagSpecs } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";
import { type Call, defineCommand, Misuse } from "../command.ts";
import { engineFlags, takeEngine } from "../model/engine.ts";
import { recordFlags, takeRecordFlags } from "../model/record_flags.ts";
import { loadModel, modelOfRun } from "../model/registry.ts";
import { checkpointOf, withRunValues } from "./restore.ts";
import { meantModel } from "./train.ts";

const evalFlags = {
  model: flag.string(null, "a model of the registry, or a .ts file"),
  model_dir: flag.string(null, "the run's folder"),
  checkpoint: flag.string(null, "a checkpoint's path or step; latest; best"),
  follow: flag.bool(false, "wait for new checkpoints and evaluate each"),
  min: flag.multi([], "METRIC=VALUE: exit 7 when the metric is lower"),
  max: flag.multi([], "METRIC=VALUE: exit 7 when the metric is higher"),
  ...engineFlags,
  ...recordFlags,
} satisfies FlagSpecs;

export default defineCommand({
  usage: "[MODEL]",
  about: "evaluate a run's newest checkpoint, or follow new ones",
  examples: ["eval --model_dir runs/digits", "eval digits_cnn --model_dir runs/digits --min accuracy=0.97"],
  flags: evalFlags,
  words: [0, 1],
  async extend(look) {
    const name = await meantModel(look, null);
    if (name === null) return { owner: "the model", flags: {} };
    const { readRunFlags } = await import("../../train/run/run_directory.ts");
    const directory = look.value("model_dir") as string | null | undefined;
    const lines = directory ? (readRunFlags(directory)?.lines ?? []) : [];
    return { owner: name, flags: withRunValues((await loadModel(name)).flags, lines) };
  },
  run: evalCommand,
});

type EvalCall = Call<typeof evalFlags>;

async function evalCommand(call: EvalCall): Promise<number> {
  const { flags, words } = call;
  const directory = flags.model_dir;
  if (!directory) throw new Misuse("tsflow eval: name the run's folder", "tsflow eval MODEL --model_dir DIR");
  const name = flags.model ?? words[0] ?? (await modelOfRun(directory));
  if (!name) throw new Misuse(`${directory} does not say which model it is of`, "tsflow eval MODEL --model_dir DIR");
  await takeEngine(flags);
  await takeRecordFlags(flags);
  if (!flags.follow) return evaluateOnce(call, name, await checkpointOf(directory, flags.checkpoint));
  let last: string | null = null;
  let exit = 0;
  for (;;) {
    const newest: string | null = await checkpointOf(directory, null).catch(() => null);
    if (newest && newest !== last) {
      exit = Math.max(exit, await evaluateOnce(call, name, newest));
      last = newest;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function evaluateOnce(call: EvalCall, name: string, checkpoint: string): Promise<number> {
  const { flags, given, out } = call;
  const model = await loadModel(name);
  const { restoreModel } = await import("../../train/run/restore.ts");
  const { evaluate } = await import("../../train/run/evaluate.ts");
  const values = given.values();
  const restored = await restoreModel({
    model,
    modelFlags: Object.fromEntries(Object.keys(model.flags).map((flagName) => [flagName, values[flagName]])) as never,
    seed: 0,
    checkpoint,
    ignoreMissing: false,
    renames: [],
  });
  try {
    if (!restored.model.evaluation) throw new Misuse(`${model.name} has no evaluation data`);
    const { loss, metrics, examples } = await evaluate(restored.sess, restored.model);
    const all: Record<string, number> = { loss, ...metrics };
    if (flags.json) out.printJson({ checkpoint, step: restored.step, ...all, examples });
    else
      out.print(
        `${checkpoint}  step ${restored.step}  ${Object.entries(all)
          .map(([key, value]) => `${key} ${value.toFixed(4)}`)
          .join("  ")}  (${examples} examples)`,
      );
    return checkLimits(call, all);
  } finally {
    restored.sess.close();
  }
}

/** 7 when a metric is beyond its limit. */
function checkLimits({ flags }: EvalCall, metrics: Readonly<Record<string, number>>): number {
  let exit = 0;
  for (const [texts, isBad, word] of [
    [flags.min, (value: number, limit: number) => !(value >= limit), "below"],
    [flags.max, (value: number, limit: number) => !(value <= limit), "above"],
  ] as const) {
    for (const text of texts) {
      const [name, limitText] = text.split("=");
      const limit = Number(limitText);
      const value = metrics[name!];
      if (value === undefined || limitText === undefined || Number.isNaN(limit)) {
        throw new Misuse(
          `--min and --max: expected METRIC=NUMBER of ${Object.keys(metrics).join(", ")}, got "${text}"`,
        );
      }
      if (!isBad(value, limit)) continue;
      process.stderr.write(`tsflow: ${name} is ${value}, ${word} ${limit} (exit 7)\n`);
      exit = 7;
    }
  }
  return exit;
}
