/** `tsflow` without a command. */
import { parseArguments, unknownFlag } from "../../core/flags/arguments.ts";
import { version } from "../../core/version.ts";
import { commonFlags } from "../command.ts";
import { programHelp } from "./texts.ts";
import { examples } from "./topics.ts";

/** Prints the commands, or the version; flags that belong to a command are unknown here. */
export function start(argv: readonly string[]): number {
  const specs = new Map(Object.entries(commonFlags));
  const { settings, unknown } = parseArguments(specs, argv, { readFile: () => "" });
  if (unknown[0]) throw unknownFlag(unknown[0].name, specs);
  const lines = settings.get("version")?.value ? [`tsflow ${version}`] : programHelp(version, examples);
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
