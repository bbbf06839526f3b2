/** `tsflow train`: flags to options, one call of the train loop, its exit code. */
import { join } from "node:path";
import { DataLossError } from "../../core/error.ts";
import type { FlagSpecs } from "../../core/flags/value.ts";
import { type FlagValues, flag } from "../../core/flags.ts";
import { limitMemory } from "../../core/host.ts";
import type { FolderLock } from "../../io/folder_lock.ts";
import type { ModelDefinition } from "../../train/model.ts";
import type { UiFlag } from "../../ui/choose.ts";
import { type Call, defineCommand, type FirstLook, Misuse } from "../command.ts";
import { engineFlags, takeEngine } from "../model/engine.ts";
import { flagDifferences } from "../model/flag_differences.ts";
import { misfitLines, trainedWith } from "../model/misfit.ts";
import { recordFlags, takeRecordFlags } from "../model/record_flags.ts";
import { isModelName, loadModel, modelOfRun } from "../model/registry.ts";
import { safetyFlags } from "../model/safety_flags.ts";
import { prepareReports } from "../reports.ts";
import { stopOnSignals } from "../signals.ts";

/** Flags of `train`, of which a model's own win where both define one. */
export const trainFlags = {
  model: flag.string(null, "a model of the registry, or a .ts file that defines one"),
  model_dir: flag.string(null, "the run's folder (runs/MODEL/TIME by default)"),
  seed: flag.int(null, "seed of the graph and of the data's order; drawn and printed by default", { min: 0 }),
  max_step: flag.int(1000, "train until this global step", { min: 0 }),
  add_step: flag.int(null, "train so many steps more", { min: 0 }),
  max_time: flag.seconds(null, "stop after this time: 90, 15m, 2h", { min: 0 }),
  target: flag.string(null, "stop when a metric gets there: loss<0.1, accuracy>0.95"),
  batch_size: flag.int(null, "examples per step, where the model has batches", { min: 1 }),
  learning_rate: flag.float(null, "step size, where the model has one", { min: 0 }),
  log_every: flag.int(100, "steps between reports", { min: 1 }),
  summary_every: flag.int(100, "steps between summaries in the event file; 0: none", { min: 0 }),
  save_every: flag.int(null, "steps between checkpoints", { min: 1 }),
  save_secs: flag.seconds(600, "seconds between checkpoints", { min: 1 }),
  max_to_keep: flag.int(5, "newest checkpoints that are kept; 0: all", { min: 0 }),
  keep_best: flag.string(null, "keep the best checkpoint in best/: accuracy:max, loss:min"),
  eval_every: flag.int(0, "steps between evaluations; 0: at the end", { min: 0 }),
  ...safetyFlags,
  profile: flag.int(0, "steps to trace, for chrome://tracing and TensorBoard's graph page", { min: 0 }),
  dry_run: flag.bool(false, "build, check shapes, run a few steps, write nothing"),
  ...engineFlags,
  ...recordFlags,
} satisfies FlagSpecs;

type TrainCall = Call<typeof trainFlags>;

/** The model that a command line means: named, or that of the run in --model_dir. */
export async function meantModel(look: FirstLook, standard: string | null): Promise<string | null> {
  const named = look.value("model") as string | null | undefined;
  const word = look.words[0];
  if (named && word && named !== word) throw new Misuse(`two models: ${word} and --model ${named}`);
  const meant = named ?? word ?? look.doubtful.find(isModelName);
  if (meant !== undefined) return meant;
  const directory = look.value("model_dir") as string | null | undefined;
  return (directory && (await modelOfRun(directory))) || standard;
}

/** The model's flags; those that the command knows too take the model's default and help. */
export async function modelFlagsOf(
  look: FirstLook,
  standard: string | null,
): Promise<{ owner: string; flags: FlagSpecs }> {
  const name = await meantModel(look, standard);
  if (name === null) return { owner: "the model", flags: {} };
  const model = await loadModel(name);
  const commandDefaults = Object.fromEntries(
    Object.entries(model.defaults ?? {}).map(([flagName, value]) => [
      flagName,
      { ...(trainFlags as FlagSpecs)[flagName]!, default: value },
    ]),
  );
  return { owner: name, flags: { ...commandDefaults, ...model.flags } };
}

export default defineCommand({
  usage: "[MODEL]",
  about: "train a model; continue from the newest checkpoint of --model_dir",
  examples: [
    "train linear_regression --max_step 1000 --model_dir runs/linear",
    "train digits_cnn --max_step 1500 --eval_every 500 --model_dir runs/cnn",
    "train ./mine.ts --learning_rate 0.05",
  ],
  flags: trainFlags,
  words: [0, 1],
  extend: (look) => modelFlagsOf(look, "linear_regression"),
  run: trainCommand,
});

/** Takes the folder's lock for the time of the run. */
async function trainCommand(call: TrainCall): Promise<number> {
  const { flags, words } = call;
  const name =
    flags.model ?? words[0] ?? (flags.model_dir ? await modelOfRun(flags.model_dir) : null) ?? "linear_regression";
  const model = await loadModel(name);
  const modelDir = flags.model_dir ?? join("runs", model.name, timeName(new Date()));
  const { FolderLock } = await import("../../io/folder_lock.ts");
  const lock = flags.dry_run ? null : FolderLock.take(modelDir, { steal: flags.steal_lock });
  try {
    return await trainIn(modelDir, call, name, model, lock);
  } finally {
    lock?.release();
  }
}

/** The newest checkpoint that reads; what a save left unfinished goes, under the lock. Throws DATA_LOSS when none reads. */
async function findNewest({ out }: TrainCall, modelDir: string, lock: FolderLock | null): Promise<string | null> {
  const { newestWhole, sweepFolder } = await import("../../io/checkpoint/save/recover.ts");
  if (lock) sweepFolder(modelDir);
  const { prefix, damaged } = await newestWhole(modelDir);
  for (const { prefix: bad, error } of damaged)
    out.warn(`${bad} is damaged (${error.code}: ${error.message})${prefix ? `; resuming from ${prefix}` : ""}`);
  if (damaged.length === 0 || prefix) return prefix;
  throw Object.assign(
    new DataLossError(`no checkpoint of ${modelDir} reads`, { hint: "To begin anew: --resume never --overwrite" }),
    { exit: 1 },
  );
}

async function trainIn(
  modelDir: string,
  call: TrainCall,
  name: string,
  model: ModelDefinition,
  lock: FolderLock | null,
): Promise<number> {
  const { flags, given } = call;
  const { readRunFlags, stepOfPrefix } = await import("../../train/run/run_directory.ts");
  const begins = flags.resume === "never" && flags.overwrite;
  const newest = begins ? null : await findNewest(call, modelDir, lock);
  const resumeFrom = chooseStart(call, modelDir, newest);
  const known = readRunFlags(modelDir);
  if (known && !flags.overwrite && !sameModel(known.model, name)) {
    throw new Misuse(
      `${modelDir} holds a run of ${known.model}, not ${model.name}. Use another --model_dir, or --overwrite`,
    );
  }
  const startStep = resumeFrom ? (stepOfPrefix(resumeFrom) ?? 0) : 0;
  const seed = chooseSeed(flags.seed, resumeFrom ? known?.lines : undefined);
  const ofModel = new Set(Object.keys(model.flags));
  if (known && resumeFrom) tellDifferences(call, known.lines, { model: model.name, seed, ofModel });
  const values = given.values();
  const { train } = await import("../../train/run/loop.ts");
  const threads = await takeEngine(flags);
  await takeRecordFlags(flags);
  if (flags.memory_mb !== null) limitMemory(flags.memory_mb * 1e6);
  const signals = stopOnSignals();
  const sink = await prepareReports({
    json: flags.json,
    quiet: flags.quiet,
    ui: flags.ui as UiFlag,
    onInterrupt: signals.interrupt,
  });
  try {
    const outcome = await train({
      model,
      modelFlags: Object.fromEntries(Object.keys(model.flags).map((flagName) => [flagName, values[flagName]])) as never,
      modelDir,
      seed,
      maxStep: flags.add_step !== null ? startStep + flags.add_step : flags.max_step,
      maxSeconds: flags.max_time,
      logEvery: flags.log_every,
      summaryEvery: flags.summary_every,
      saveEvery: flags.save_every,
      saveSecs: flags.save_secs,
      maxToKeep: flags.max_to_keep,
      evalEvery: flags.eval_every,
      keepBest: parseBest("keep_best", flags.keep_best),
      target: parseTarget(flags.target),
      resumeFrom,
      strictInputs: flags.strict_inputs,
      ignoreMissing: flags.ignore_missing,
      deterministic: flags.deterministic,
      keepEveryHours: flags.keep_every_hours,
      earlyStop: parseBest("early_stop", flags.early_stop),
      patience: flags.patience,
      minDelta: flags.min_delta,
      flushSeconds: flags.flush_secs,
      maxEventBytes: flags.max_event_mb * 1e6,
      graceSeconds: flags.grace_s,
      stallSeconds: flags.stall_s,
      onNan: flags.on_nan as "stop",
      checkNumerics: flags.check_numerics,
      checkNumericsEvery: flags.check_numerics_every,
      allowNan: flags.allow_nan,
      maxFailedSaves: flags.max_failed_saves,
      verifies: flags.verify_saves,
      lock,
      dryRun: flags.dry_run,
      threads,
      profileSteps: flags.profile,
      flagfile: flagfileOf(given, name, seed),
      sink: (controls) => {
        signals.saveThrough(controls.requestSave);
        return sink(controls, flags.dry_run ? null : join(modelDir, "log.jsonl"));
      },
      stop: signals.stop,
    });
    return outcome.exit;
  } catch (error) {
    const { CheckpointMisfit } = await import("../../train/run/restore.ts");
    if (!(error instanceof CheckpointMisfit)) throw error;
    const run = { directory: modelDir, again: `train --model_dir ${modelDir}` };
    const lines = misfitLines(error, run, trainedWith(given, model, known?.lines ?? []));
    throw Object.assign(error, { message: lines.join("\n") });
  } finally {
    signals.off();
  }
}

const timeName = (date: Date): string => date.toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "");

const baseName = (name: string): string => name.replace(/^.*[\\/]/, "").replace(/\.\w+$/, "");
const sameModel = (a: string, b: string): boolean => a === b || baseName(a) === baseName(b);

/** Which checkpoint to begin from. */
function chooseStart({ flags }: TrainCall, modelDir: string, newest: string | null): string | null {
  switch (flags.resume) {
    case "auto":
      return newest;
    case "must":
      if (newest) return newest;
      throw Object.assign(
        new Misuse(
          `nothing to resume in ${modelDir}: no file "checkpoint", no *.index`,
          `Train first: tsflow train --model_dir ${modelDir}`,
        ),
        { exit: 4 },
      );
    case "never":
      if (newest && !flags.overwrite) {
        throw new Misuse(
          `${modelDir} holds checkpoints up to ${newest}`,
          "Use another --model_dir, or --overwrite to begin anew there",
        );
      }
      return null;
    default:
      return flags.resume;
  }
}

/** The seed given, else that of the run that goes on, else a new one. */
function chooseSeed(given: number | null, lines: readonly string[] | undefined): number {
  if (given !== null) return given;
  const kept = lines?.find((line) => line.startsWith("--seed="))?.slice("--seed=".length);
  return kept !== undefined ? Number(kept) : Math.floor(Math.random() * 2 ** 31);
}

/** The effective flags as a flagfile that repeats the run. */
function flagfileOf(given: FlagValues, model: string, seed: number): string {
  const passing = [
    "model",
    "model_dir",
    "seed",
    "resume",
    "overwrite",
    "strict_resume",
    "strict_inputs",
    "ignore_missing",
    "steal_lock",
    "dry_run",
    "profile",
    "add_step",
    "json",
    "quiet",
    "verbose",
    "ui",
    "color",
    "help",
    "helpfull",
    "helpshort",
    "version",
    "print_flags",
  ];
  const lines = given
    .toFlagfile()
    .split("\n")
    .filter(
      (line) =>
        line !== "" &&
        !passing.some((name) => line === `--${name}` || line === `--no${name}` || line.startsWith(`--${name}=`)),
    );
  return `${[`--model=${model}`, `--seed=${seed}`, ...lines].join("\n")}\n`;
}

/** Says which flags differ from those of the run that goes on; an error with --strict_resume. */
function tellDifferences(
  { flags, given, out }: TrainCall,
  lines: readonly string[],
  { model, seed, ofModel }: { model: string; seed: number; ofModel: ReadonlySet<string> },
): void {
  const now = flagfileOf(given, model, seed).split("\n");
  const known = new Set(Object.keys(given.values()));
  const isGiven = (flagName: string): boolean => given.origin(flagName) !== undefined;
  const texts = flagDifferences(lines, now, { known, ofModel, isGiven });
  if (texts.length === 0) return;
  if (flags.strict_resume)
    throw new Misuse(
      `flags differ from the saved run: ${texts.join(", ")}`,
      "Leave out --strict_resume to go on with the new ones",
    );
  out.warn(`flags differ from the saved run: ${texts.join(", ")}`);
}

function parseTarget(text: string | null): { name: string; below: boolean; value: number } | null {
  if (text === null) return null;
  const match = /^([\w/]+)\s*([<>])\s*([-+.\deE]+)$/.exec(text);
  if (!match || Number.isNaN(Number(match[3])))
    throw new Misuse(`--target: expected METRIC<NUMBER or METRIC>NUMBER, got "${text}". Example: loss<0.1`);
  return { name: match[1]!, below: match[2] === "<", value: Number(match[3]) };
}

function parseBest(flagName: string, text: string | null): { name: string; largest: boolean } | null {
  if (text === null) return null;
  const match = /^([\w/]+):(max|min)$/.exec(text);
  if (!match)
    throw new Misuse(`--${flagName}: expected METRIC:max or METRIC:min, got "${text}". Example: accuracy:max`);
  return { name: match[1]!, largest: match[2] === "max" };
}
