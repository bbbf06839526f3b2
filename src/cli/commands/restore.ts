/** `tsflow restore`: rebuild a run's graph, restore its variables; then show, evaluate, fetch, or go on training. */
import { join } from "node:path";
import type { FlagSpecs } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { Restored } from "../../train/run/restore.ts";
import { type Call, defineCommand, type FirstLook, Misuse } from "../command.ts";
import { engineFlags, takeEngine } from "../model/engine.ts";
import { parseFeeds } from "../model/feeds.ts";
import { misfitLines, trainedWith } from "../model/misfit.ts";
import { checkNames } from "../model/names.ts";
import { recordFlags, takeRecordFlags } from "../model/record_flags.ts";
import { loadModel, modelOfRun } from "../model/registry.ts";

export const restoreFlags = {
  model: flag.string(null, "the model, where flags.txt of the folder does not say"),
  model_dir: flag.string(null, "the run's folder"),
  checkpoint: flag.string(null, "a checkpoint's path or step; latest; best"),
  fetch: flag.multi([], "a tensor or operation to run, by name; repeat for several"),
  feed: flag.multi([], "NAME=VALUE, NAME=@file.npy, NAME=@file.json; repeat for several"),
  eval: flag.bool(true, "evaluate where the model has evaluation data"),
  max_step: flag.int(null, "go on training until this step", { min: 0 }),
  ignore_missing: flag.bool(false, "initialize variables that the checkpoint lacks"),
  rename: flag.multi([], "FROM=TO: variables whose names begin with FROM in the checkpoint and with TO in the graph"),
  ...engineFlags,
  ...recordFlags,
} satisfies FlagSpecs;

type RestoreCall = Call<typeof restoreFlags>;

/** The folder that a command line means. */
const directoryOf = (look: Pick<FirstLook, "value" | "words" | "doubtful">): string | null =>
  (look.value("model_dir") as string | null | undefined) ?? look.words[0] ?? look.doubtful[0] ?? null;

export default defineCommand({
  usage: "[MODEL_DIR]",
  about: "rebuild the graph of a run and restore its variables; then evaluate, fetch or go on training",
  examples: [
    "restore runs/linear",
    "restore runs/digits --fetch softmax:0 --feed x:0=@digit.npy --json",
    "restore runs/linear --max_step 2000",
  ],
  flags: restoreFlags,
  words: [0, 1],
  async extend(look) {
    const directory = directoryOf(look);
    const { readRunFlags } = await import("../../train/run/run_directory.ts");
    const name = (look.value("model") as string | null | undefined) ?? (directory ? await modelOfRun(directory) : null);
    if (!name) return { owner: "the model", flags: {} };
    const model = await loadModel(name);
    return { owner: name, flags: withRunValues(model.flags, directory ? (readRunFlags(directory)?.lines ?? []) : []) };
  },
  run: restoreCommand,
});

/** The model's flags with the values of the run as defaults. */
export function withRunValues(flags: FlagSpecs, lines: readonly string[]): FlagSpecs {
  const values = new Map(lines.map((line) => /^--([^=]+)=?(.*)$/s.exec(line)!.slice(1) as [string, string]));
  return Object.fromEntries(
    Object.entries(flags).map(([name, spec]) => {
      const text = values.get(name);
      if (spec.kind === "bool")
        return [
          name,
          values.has(`no${name}`) ? { ...spec, default: false } : values.has(name) ? { ...spec, default: true } : spec,
        ];
      if (text === undefined) return [name, spec];
      const value =
        spec.kind === "int" || spec.kind === "float" || spec.kind === "seconds"
          ? Number(text)
          : spec.kind === "list"
            ? text.split(",")
            : text;
      return [name, { ...spec, default: value }];
    }),
  );
}

async function restoreCommand(call: RestoreCall): Promise<number> {
  const { flags, words, out } = call;
  const directory = flags.model_dir ?? words[0];
  if (!directory) throw new Misuse("tsflow restore: name the run's folder", "Usage: tsflow restore [MODEL_DIR]");
  const { readRunFlags } = await import("../../train/run/run_directory.ts");
  const known = readRunFlags(directory);
  const name = flags.model ?? (await modelOfRun(directory));
  const checkpoint = await checkpointOf(directory, flags.checkpoint);
  if (!name)
    throw new Misuse(
      `${directory} does not say which model it is of`,
      `Name it: tsflow restore ${directory} --model NAME`,
    );
  if (flags.max_step !== null) return trainOn(call, directory, name);
  await takeEngine(flags);
  await takeRecordFlags(flags);
  const model = await loadModel(name);
  const { CheckpointMisfit, restoreModel, shownValues } = await import("../../train/run/restore.ts");
  const values = call.given.values();
  const seed = Number(known?.lines.find((line) => line.startsWith("--seed="))?.slice("--seed=".length) ?? 0);
  let restored: Restored;
  try {
    restored = await restoreModel({
      model,
      modelFlags: Object.fromEntries(Object.keys(model.flags).map((flagName) => [flagName, values[flagName]])) as never,
      seed,
      checkpoint,
      ignoreMissing: flags.ignore_missing,
      renames: flags.rename.map(parseRename),
    });
  } catch (error) {
    if (!(error instanceof CheckpointMisfit)) throw error;
    throw Object.assign(error, {
      message: misfitLines(
        error,
        { directory, again: `restore ${directory}` },
        trainedWith(call.given, model, known?.lines ?? []),
      ).join("\n"),
    });
  }
  try {
    if (flags.fetch.length) return await fetchAll(call, restored);
    const shown = await shownValues(restored);
    const evaluation = flags.eval && restored.model.evaluation ? await timedEvaluation(restored) : null;
    if (flags.json) {
      out.printJson({
        checkpoint,
        model: model.name,
        step: restored.step,
        variables: restored.variables,
        values: Object.fromEntries(shown.map(([key, value]) => [key, value.toList()])),
        ...(evaluation
          ? { eval: { loss: evaluation.loss, ...evaluation.metrics, examples: evaluation.examples } }
          : {}),
      });
      return 0;
    }
    out.print(`Restored ${checkpoint} (${restored.variables} variables, step ${restored.step}) into ${model.name}`);
    for (const note of restored.notes) out.hint(note);
    for (const [key, value] of shown)
      out.print(`${key} ${value.size === 1 ? new NdArray(value.dtype, [], value.data) : value}`);
    if (evaluation) {
      const { loss, metrics, examples, seconds } = evaluation;
      const metricText = Object.entries({ loss, ...metrics }).map(([key, value]) => `${key} ${value.toFixed(4)}`);
      out.print(
        `eval on ${restored.model.evaluation!.about}: ${metricText.join("  ")}  (${examples} examples, ${seconds.toFixed(1)} s)`,
      );
    }
    return 0;
  } finally {
    restored.sess.close();
  }
}

async function timedEvaluation(restored: Restored) {
  const { evaluate } = await import("../../train/run/evaluate.ts");
  const started = performance.now();
  const result = await evaluate(restored.sess, restored.model);
  return { ...result, seconds: (performance.now() - started) / 1000 };
}

/** The steps of a folder's checkpoints, as far as its state file names them. */
async function stepsIn(directory: string): Promise<(number | string)[]> {
  const { getCheckpointState } = await import("../../train/checkpoint_state.ts");
  const { stepOfPrefix } = await import("../../train/run/run_directory.ts");
  const prefixes = getCheckpointState(directory)?.allModelCheckpointPaths ?? [];
  return prefixes.map((prefix) => stepOfPrefix(prefix) ?? prefix);
}

/** The checkpoint of a folder: newest, best, of a step, or a path. Throws exit 4 when there is none. */
export async function checkpointOf(directory: string, wanted: string | null): Promise<string> {
  const { checkpointName, newestCheckpoint } = await import("../../train/run/run_directory.ts");
  const { checkpointExists } = await import("../../io/checkpoint/state.ts");
  const found =
    wanted === null || wanted === "latest"
      ? newestCheckpoint(directory)
      : wanted === "best"
        ? newestCheckpoint(join(directory, "best"))
        : /^\d+$/.test(wanted)
          ? join(directory, `${checkpointName}-${wanted}`)
          : wanted;
  if (found && checkpointExists(found)) return found;
  const steps = await stepsIn(directory);
  if (wanted !== null && steps.length > 0) {
    const what = /^\d+$/.test(wanted) ? `checkpoint of step ${wanted}` : `checkpoint ${wanted}`;
    throw Object.assign(
      new Misuse(
        `no ${what} in ${directory}: there are ${steps.join(", ")}`,
        `List them: tsflow checkpoint list ${directory}`,
      ),
      { exit: 4 },
    );
  }
  const where = wanted === null ? directory : `${directory} (--checkpoint ${wanted})`;
  throw Object.assign(
    new Misuse(
      `nothing to restore in ${where}: no file "checkpoint", no *.index`,
      `Train first: tsflow train --model_dir ${directory}`,
    ),
    { exit: 4 },
  );
}

function parseRename(text: string): readonly [string, string] {
  const [from, to] = text.split("=");
  if (to === undefined) throw new Misuse(`--rename: expected FROM=TO, got "${text}". Example: layer_2/=layer2/`);
  return [from!, to];
}

async function fetchAll({ flags, out }: RestoreCall, { sess, graph }: Restored): Promise<number> {
  const names = flags.fetch.map((name) => (graph.findOperation(name)?.outputs.length ? `${name}:0` : name));
  checkNames(graph, names, "--fetch");
  checkNames(
    graph,
    flags.feed.filter((text) => text.indexOf("=") > 0).map((text) => text.slice(0, text.indexOf("="))),
    "--feed",
  );
  const feedDict = await parseFeeds(graph, flags.feed);
  const values = (await sess.run(names, { feedDict })) as (NdArray | null)[];
  if (flags.json) {
    const fetches = Object.fromEntries(
      names.map((name, i) => [
        name,
        values[i] ? { dtype: values[i].dtype.name, shape: values[i].shape, values: values[i].toList() } : null,
      ]),
    );
    out.printJson({ fetches });
  } else for (const [i, name] of names.entries()) out.print(`${name} ${values[i] ?? "done"}`);
  return 0;
}

/** Going on is what `train` does with the run's own flags. */
async function trainOn(call: RestoreCall, directory: string, name: string): Promise<number> {
  const { runCommand } = await import("../run.ts");
  const { default: trainCommand } = await import("./train.ts");
  const { readRunFlags } = await import("../../train/run/run_directory.ts");
  const kept = (readRunFlags(directory)?.lines ?? []).filter(
    (line) => !line.startsWith("--max_step=") && !line.startsWith("--model="),
  );
  const passing = ["json", "quiet", "verbose"]
    .filter((flagName) => (call.flags as Record<string, unknown>)[flagName] === true)
    .map((flagName) => `--${flagName}`);
  const chosen = ["engine", "threads"]
    .filter((flagName) => call.given.origin(flagName) !== undefined)
    .map((flagName) => `--${flagName}=${(call.flags as Record<string, unknown>)[flagName]}`);
  return runCommand(trainCommand, "train", [
    name,
    ...kept,
    ...passing,
    ...chosen,
    `--ui=${call.flags.ui}`,
    `--model_dir=${directory}`,
    `--max_step=${call.flags.max_step}`,
    "--resume=must",
  ]);
}
