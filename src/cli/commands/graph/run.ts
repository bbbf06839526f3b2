/** `tsflow graph run`: runs and trains a graph that TensorFlow wrote. */
import type { FlagSpecs } from "../../../core/flags/value.ts";
import { flag } from "../../../core/flags.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import { pathKind } from "../../../io/paths.ts";
import type { FeedSet, PlannedRun, ProgramPlan } from "../../../train/program/plan.ts";
import type { ProgramEnd, RunResult } from "../../../train/program/run.ts";
import { short, table } from "../../../ui/format.ts";
import { type Call, defineCommand, Misuse } from "../../command.ts";
import { engineFlags, takeEngine } from "../../model/engine.ts";
import { parseFeeds } from "../../model/feeds.ts";
import { recordFlags, takeRecordFlags } from "../../model/record_flags.ts";
import type { Output } from "../../output.ts";

const runFlags = {
  meta: flag.string(null, "a MetaGraphDef: what a Saver writes beside a checkpoint"),
  graph: flag.string(null, "a GraphDef, .pb or .pbtxt, in place of --meta"),
  checkpoint: flag.string(null, "restore the variables from this prefix"),
  init: flag.string(null, "or run this initializer, by name"),
  plan: flag.string(null, "plan.json: setup, queue runners and runs"),
  feeds: flag.string(null, "sets of feeds: .json or .npz; the file feeds.json beside the plan by default"),
  feed: flag.multi([], "NAME=VALUE, NAME=@file.npy, NAME=@file.json, fed in every run; repeat for several"),
  target: flag.multi([], "an operation to run, by name; repeat for several"),
  fetch: flag.multi([], "a tensor to print, by name; repeat for several"),
  steps: flag.int(1, "how many runs, when there is no plan; set i mod n of --feeds is fed in run i", { min: 1 }),
  save: flag.string(null, "write a checkpoint with this prefix at the end"),
  ...engineFlags,
  ...recordFlags,
  trust_graph: flag.bool(false, "let the graph read and write any file that it names"),
} satisfies FlagSpecs;

type RunCall = Call<typeof runFlags>;

export default defineCommand({
  usage: "--meta FILE | --graph FILE | --plan FILE",
  about: "run and train a graph that TensorFlow wrote, from its checkpoint or its initializer",
  examples: [
    "graph run --plan linreg/plan.json --json",
    "graph run --meta model.meta --checkpoint model --target train --fetch loss:0 --steps 100 --feeds batches.npz",
    "graph run --graph frozen.pb --feed x:0=[[1,2]] --fetch y:0",
  ],
  flags: runFlags,
  words: [0, 1],
  run: runGraph,
});

interface Source {
  readonly path: string;
  readonly isMeta: boolean;
}

function sourceOf({ flags, words }: RunCall, plan: ProgramPlan | null): Source {
  const { meta, graph } = flags;
  const word = words[0] ?? null;
  if ([meta, graph, word].filter((given) => given !== null).length > 1)
    throw new Misuse("--meta, --graph and a file beside them: name one graph");
  const path = meta ?? graph ?? word ?? plan?.meta ?? null;
  if (path === null)
    throw new Misuse("name a graph: --meta FILE, --graph FILE or --plan FILE", "Help: tsflow graph run --help");
  if (pathKind(path) !== "file") throw Object.assign(new Misuse(`${path}: no such file`), { exit: 4 });
  return { path, isMeta: meta !== null || (graph === null && !/\.(pb|pbtxt)$/.test(path)) };
}

/** Where values come from: flags first, then the plan, its checkpoint before its initializer. */
function startOf({ flags }: RunCall, plan: ProgramPlan | null): { checkpoint: string | null; init: string | null } {
  const { checkpoint, init } = flags;
  if (checkpoint !== null && init !== null) throw new Misuse("--checkpoint and --init: only one of them");
  if (checkpoint !== null || init !== null) return { checkpoint, init };
  const planned = plan?.checkpoint ?? null;
  return planned !== null ? { checkpoint: planned, init: null } : { checkpoint: null, init: plan?.init ?? null };
}

/** The runs of the plan; without one `--steps` runs of the targets and fetches. */
function runsOf({ flags }: RunCall, plan: ProgramPlan | null, feedSets: readonly FeedSet[]): readonly PlannedRun[] {
  const { target, fetch, steps } = flags;
  if (plan && target.length + fetch.length > 0)
    throw new Misuse("--plan names what to run: leave out --target, --fetch");
  if (plan) return plan.runs;
  if (target.length + fetch.length === 0) return [];
  return Array.from({ length: steps }, (_, i) => ({
    targets: target,
    fetches: fetch,
    feeds: feedSets.length ? i % feedSets.length : null,
    error: null,
  }));
}

async function runGraph(call: RunCall): Promise<number> {
  const { flags, out } = call;
  await import("../../../index.ts");
  await takeEngine(flags);
  await takeRecordFlags(flags);
  const { readFeedSets, readPlan } = await import("../../../train/program/plan.ts");
  const plan = flags.plan === null ? null : readPlan(flags.plan);
  const source = sourceOf(call, plan);
  const feedsFile = flags.feeds ?? plan?.feedsFile ?? null;
  const feedSets = feedsFile === null ? [] : readFeedSets(feedsFile);
  const { loadGraph, loadMetaGraph } = await import("../../../train/program/load.ts");
  const { runProgram } = await import("../../../train/program/run.ts");
  const { workingDirectoryPolicy } = await import("../../../train/program/trust.ts");
  const program = source.isMeta ? loadMetaGraph(source.path) : loadGraph(source.path);
  const { checkpoint, init } = startOf(call, plan);
  const policy = {
    workingDirectory: process.cwd(),
    checkpoints: [checkpoint, flags.save].filter((prefix) => prefix !== null),
  };
  const end = await runProgram(
    program,
    {
      checkpoint,
      init,
      setup: plan?.setup ?? [],
      queueRunners: plan?.queueRunners ?? false,
      runs: runsOf(call, plan, feedSets),
      feedSets,
      feeds: (await parseFeeds(program.graph, flags.feed)).map(([tensor, value]) => [tensor.name, value]),
      save: flags.save,
      filePolicy: flags.trust_graph ? null : workingDirectoryPolicy(policy),
    },
    (result) => printRun(out, result),
  );
  printEnd(out, end);
  return 0;
}

function printRun(out: Output, { run, fetches, error }: RunResult): void {
  if (out.json) {
    out.printJson(
      fetches
        ? { run, fetches: Object.fromEntries([...fetches].map(([name, value]) => [name, value?.toList() ?? null])) }
        : { run, error },
    );
    return;
  }
  if (out.quiet) return;
  if (!fetches) out.print(`run ${run}  ended with ${error}, as planned`);
  else out.print([`run ${run}`, ...[...fetches].map(([name, value]) => `${name} ${shown(value)}`)].join("  "));
}

/** One number as a number, arrays as TensorFlow prints them. */
const shown = (value: NdArray | null): string =>
  value === null ? "done" : value.size === 1 ? String(elementAt(value, 0)) : `${value}`;

function printEnd(out: Output, { final, saved }: ProgramEnd): void {
  if (out.json) {
    out.printJson({
      final: Object.fromEntries(final),
      ...(saved === null ? {} : { saved }),
    });
    return;
  }
  const rows = [...final].map(([name, summary]) =>
    summary
      ? [name, summary.dtype, `[${summary.shape.join(",")}]`, `sum ${short(summary.sum)}`, `l2 ${short(summary.l2)}`]
      : [name, "no value", "", "", ""],
  );
  if (rows.length) out.print(...table(rows).map((line) => line.trimEnd()));
  if (saved !== null) out.print(`Checkpoint ${saved}`);
}
