/**
 * The program `tsflow`: finds the command among the arguments. What needs no command, help and its like, is answered here, from few
 * files; a command is run by execute.ts.
 *
 *     argv ─► command words, the rest ─► commander ─► the command's file, loaded now ─► run.ts
 */
import { type Chosen, chooseCommand } from "./choose.ts";
import { Misuse } from "./command.ts";
import { leaveWith } from "./leave.ts";
import { leaveOnSignals } from "./signals.ts";
import { commands, type Entry } from "./tree.ts";

/** Help on all commands or on a group of them. Throws Misuse for an unknown word. */
async function showHelp({ entry, path, rest }: Chosen): Promise<number> {
  if (!entry) {
    if (path[0] !== undefined) throw await unknownCommand(path[0], path[0], commands);
    return (await import("./help/start.ts")).start(rest);
  }
  if (path.length === 2) throw await unknownCommand(path.join(" "), path[1]!, entry.children ?? []);
  const { groupHelp } = await import("./help/texts.ts");
  const lines = groupHelp(entry).join("\n");
  const asksHelp = rest.some((argument) => /^--?(h|help|helpfull|helpshort)$/.test(argument));
  if (asksHelp) process.stdout.write(`${lines}\n`);
  else process.stderr.write(`${lines}\n`);
  return asksHelp ? 0 : 2;
}

async function unknownCommand(shown: string, typed: string, entries: readonly Entry[]): Promise<Misuse> {
  const { didYouMean } = await import("../core/suggest.ts");
  const names = entries.map((entry) => entry.name);
  return new Misuse(`unknown command "${shown}".${didYouMean(typed, names)} All: tsflow help`);
}

const argv = process.argv.slice(2);
const chosen = chooseCommand(argv);
if (chosen.path[0] === "train") leaveOnSignals();
const isCommand = chosen.entry !== undefined && !chosen.entry.children;
if (isCommand) import("./execute.ts").then(({ execute }) => execute(argv));
else leaveWith(() => showHelp(chosen), argv);
