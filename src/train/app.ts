/** tf.app.run: flags, then main, then the process's exit code. Source: tensorflow/python/platform/app.py, absl/app.py. */
import { RuntimeError } from "../core/error.ts";
import { startProgram } from "../core/flags.ts";
import { args, environment, exit, writeStderr, writeStdout } from "../core/host.ts";
import { readTextFile } from "../io/text_file.ts";

type Main = (argv: string[]) => unknown;

/**
 * Parses flags, calls main with [program, …positional words], and leaves with the number that it gives (0 for none). An unknown flag
 * prints absl's words and leaves with 1. An error of main is thrown on.
 */
export async function run(main: Main, argv: readonly string[] = args().slice(1)): Promise<never> {
  const [program = "program", ...rest] = argv;
  if (typeof main !== "function") throw new RuntimeError("tf.app.run(main) needs a function");
  const start = startProgram(program, rest, { readFile: readTextFile, environment: environment() });
  if ("exit" in start) {
    if (start.stdout) writeStdout(start.stdout);
    if (start.stderr) writeStderr(start.stderr);
    return exit(start.exit);
  }
  const result = await main([program, ...start.words]);
  return exit(typeof result === "number" ? result : 0);
}
