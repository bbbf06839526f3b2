/** All commands by name, each loaded only when it is called. */
import type { CommandSpec } from "./command.ts";

type Load = () => Promise<{ readonly default: CommandSpec }>;

export interface Entry {
  readonly name: string;
  readonly about: string;
  /** What stands behind the name in the list of commands. */
  readonly usage?: string;
  /** Ends with 0 when the reader of stdout leaves. Training does not. */
  readonly reads?: boolean;
  readonly load?: Load;
  /** The subcommand that is meant when none is named. */
  readonly standard?: string;
  readonly children?: readonly Entry[];
}

const reading = (name: string, about: string, load: Load): Entry => ({ name, about, reads: true, load });

export const commands: readonly Entry[] = [
  {
    name: "train",
    usage: "[MODEL]",
    about: "train; continues from the newest checkpoint of --model_dir",
    load: () => import("./commands/train.ts"),
  },
  {
    name: "restore",
    usage: "[MODEL_DIR]",
    about: "rebuild the graph, restore variables, then evaluate, fetch or go on training",
    load: () => import("./commands/restore.ts"),
  },
  { name: "eval", usage: "[MODEL]", about: "evaluate once", load: () => import("./commands/eval.ts") },
  {
    name: "records",
    about: "write and read TFRecord files",
    children: [
      {
        name: "write",
        about: "pack rows, images or lines into TFRecord files",
        load: () => import("./commands/records/write.ts"),
      },
      reading("head", "print the first records", () => import("./commands/records/head.ts")),
      reading("info", "count records, sizes and features", () => import("./commands/records/info.ts")),
      reading(
        "verify",
        "check every checksum; say where a file is damaged",
        () => import("./commands/records/verify.ts"),
      ),
      {
        name: "repair",
        about: "copy all whole records of a damaged file",
        load: () => import("./commands/records/repair.ts"),
      },
    ],
  },
  {
    name: "checkpoint",
    about: "look into Saver checkpoints",
    children: [
      reading(
        "inspect",
        "list tensors with their statistics, or print one",
        () => import("./commands/checkpoint/inspect.ts"),
      ),
      reading("list", "list the checkpoints of a directory", () => import("./commands/checkpoint/list.ts")),
      reading("diff", "compare two checkpoints", () => import("./commands/checkpoint/diff.ts")),
      reading("verify", "read all bytes against the index", () => import("./commands/checkpoint/verify.ts")),
    ],
  },
  {
    name: "events",
    about: "look into event logs",
    children: [
      reading("show", "list tags, or plot one", () => import("./commands/events/show.ts")),
      reading("export", "write all points as CSV or JSON", () => import("./commands/events/export.ts")),
      reading("tail", "follow a live run", () => import("./commands/events/tail.ts")),
      reading("verify", "check checksums and the order of steps", () => import("./commands/events/verify.ts")),
    ],
  },
  {
    name: "graph",
    usage: "[show|run|check] MODEL|FILE",
    about: "print, search, convert the graph; run one that TensorFlow wrote",
    standard: "show",
    children: [
      reading("show", "print, search and convert a graph", () => import("./commands/graph/show.ts")),
      {
        name: "run",
        about: "run and train a graph that TensorFlow wrote",
        load: () => import("./commands/graph/run.ts"),
      },
      reading("check", "say what of a graph would not run, and why", () => import("./commands/graph/check.ts")),
    ],
  },
  {
    ...reading("explain", "operations → segments → kernels of a training step", () => import("./commands/explain.ts")),
    usage: "MODEL",
  },
  {
    name: "models",
    usage: "[list|show|new]",
    about: "the registry: list, describe with flags, copy one as a start",
    standard: "list",
    children: [
      reading("list", "list the models", () => import("./commands/models/list.ts")),
      reading("show", "describe a model and its flags", () => import("./commands/models/show.ts")),
      { name: "new", about: "copy a model as a start of your own", load: () => import("./commands/models/new.ts") },
    ],
  },
  reading(
    "doctor",
    "what this machine offers: Node, WebAssembly, threads, libraries, terminal",
    () => import("./commands/doctor.ts"),
  ),
  {
    ...reading("completion", "a script that completes commands and flags", () => import("./commands/completion.ts")),
    usage: "bash|zsh|fish|powershell",
  },
  { ...reading("help", "help on a command or a topic", () => import("./commands/help.ts")), usage: "[COMMAND|TOPIC]" },
];

export const findEntry = (entries: readonly Entry[] | undefined, name: string | undefined): Entry | undefined =>
  entries?.find((entry) => entry.name === name);
