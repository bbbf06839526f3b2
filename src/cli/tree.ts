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
