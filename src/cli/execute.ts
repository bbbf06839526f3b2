/** Runs a command: commander finds it by its words, its file is loaded, run.ts calls it. */
import { Command } from "commander";
import { chooseCommand } from "./choose.ts";
import { leaveWith } from "./leave.ts";
import { watchClosedStdout } from "./output.ts";
import { runCommand } from "./run.ts";
import { commands, type Entry } from "./tree.ts";

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

/** Runs the command that the arguments name, and leaves with its exit code. */
export function execute(argv: readonly string[]): Promise<void> {
  const { entry, path, rest } = chooseCommand(argv);
  watchClosedStdout(() => {
    if (entry?.reads) process.exit(0);
  });
  return leaveWith(async () => {
    let exit = 0;
    const program = new Command("tsflow").helpOption(false).helpCommand(false);
    addCommands(program, commands, async (called) => {
      exit = await runCommand((await called.load!()).default, path.join(" "), rest);
    });
    try {
      await program.parseAsync(path as string[], { from: "user" });
    } catch (error) {
      await (await import("./model/near_names.ts")).addNearNames(error);
      throw error;
    }
    return exit;
  }, argv);
}
