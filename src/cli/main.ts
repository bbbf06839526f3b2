/**
 * The program `tsflow`: finds the command among the arguments, and leaves with its exit code.
 *
 *     argv ─► command words, the rest ─► commander ─► the command's file, loaded now ─► run.ts
 */
import { Command } from "commander";
import { commonFlags, Misuse } from "./command.ts";
import { failureTexts, internalError } from "./failure.ts";
import { drained, watchClosedStdout } from "./output.ts";
import { commands, type Entry, findEntry } from "./tree.ts";

interface Chosen {
  readonly entry: Entry | undefined;
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Flags of all commands that take the next word, which therefore is no command. */
const takesWord = [
  "flagfile",
  "undefok",
  ...Object.entries(commonFlags).flatMap(([name, { kind }]) => (kind === "bool" ? [] : [name])),
];

/** The indices of the words among the arguments. */
function wordIndices(argv: readonly string[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < argv.length && argv[i] !== "--"; i++) {
    const argument = argv[i]!;
    if (!argument.startsWith("-") || argument === "-") found.push(i);
    else if (takesWord.includes(argument.replace(/^--?/, "").replaceAll("-", "_"))) i++;
  }
  return found;
}

/** The command may stand anywhere: it is the first word that is a command's name. */
export function chooseCommand(argv: readonly string[]): Chosen {
  const words = wordIndices(argv);
  const at = words.find((i) => findEntry(commands, argv[i])) ?? words[0];
  if (at === undefined) return { entry: undefined, path: [], rest: argv };
  const without = (...indices: readonly number[]) => argv.filter((_, i) => !indices.includes(i));
  const group = findEntry(commands, argv[at]);
  if (!group?.children) return { entry: group, path: [argv[at]!], rest: without(at) };
  const next = words[words.indexOf(at) + 1];
  const child = next === undefined ? undefined : findEntry(group.children, argv[next]);
  if (child) return { entry: child, path: [group.name, child.name], rest: without(at, next!) };
  const standard = findEntry(group.children, group.standard);
  if (standard) return { entry: standard, path: [group.name, standard.name], rest: without(at) };
  return { entry: group, path: next === undefined ? [group.name] : [group.name, argv[next]!], rest: without(at) };
}

/** A commander command for each entry; the action loads the entry's file. */
function addCommands(parent: Command, entries: readonly Entry[], call: (entry: Entry) => Promise<void>): void {
  for (const entry of entries) {
    const command = parent.command(entry.name).description(entry.about).helpOption(false);
    command
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => call(entry));
    addCommands(command, entry.children ?? [], call);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { entry, path, rest } = chooseCommand(argv);
  const asksHelp = rest.some((argument) => /^--?(h|help|helpfull|helpshort)$/.test(argument));
  if (entry?.children) {
    if (path.length === 2) throw await unknownCommand(path.join(" "), path[1]!, entry.children);
    const { groupHelp } = await import("./help/texts.ts");
    const lines = groupHelp(entry).join("\n");
    if (asksHelp) process.stdout.write(`${lines}\n`);
    else process.stderr.write(`${lines}\n`);
    return asksHelp ? 0 : 2;
  }
  if (!entry) {
    if (path[0] !== undefined) throw await unknownCommand(path[0], path[0], commands);
    return (await import("./help/start.ts")).start(rest);
  }
  let exit = 0;
  watchClosedStdout(() => {
    if (entry.reads) process.exit(0);
  });
  const program = new Command("tsflow").helpOption(false).helpCommand(false);
  addCommands(program, commands, async (called) => {
    const { runCommand } = await import("./run.ts");
    exit = await runCommand((await called.load!()).default, path.join(" "), rest);
  });
  await program.parseAsync(path as string[], { from: "user" });
  return exit;
}

async function unknownCommand(shown: string, typed: string, entries: readonly Entry[]): Promise<Misuse> {
  const { didYouMean } = await import("../core/suggest.ts");
  const names = entries.map((entry) => entry.name);
  return new Misuse(`unknown command "${shown}".${didYouMean(typed, names)} All: tsflow help`);
}

/** One line for what nobody caught, then out. The state of the process is unknown: nothing is saved. */
function leave(error: unknown, argv: readonly string[]): number {
  const has = (...names: readonly string[]) => argv.some((argument) => names.includes(argument));
  const options = { json: has("--json"), quiet: has("--quiet", "-q"), verbose: has("--verbose", "-v") };
  const { failure, stdout, stderr } = failureTexts(error, options);
  if (stdout !== "") process.stdout.write(stdout);
  process.stderr.write(stderr);
  return failure.exit;
}

const argv = process.argv.slice(2);
process.on("uncaughtException", (error) => {
  leave(error, argv);
  process.exit(internalError);
});
main(argv)
  .catch((error: unknown) => leave(error, argv))
  .then(async (exit) => {
    await drained();
    process.exit(exit);
  });
