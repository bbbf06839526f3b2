/** The ways out of the process. */
import { failureTexts, internalError } from "./failure.ts";
import { drained } from "./output.ts";

/** One line for an error that nobody caught; gives its exit code. */
function report(error: unknown, argv: readonly string[]): number {
  const has = (...names: readonly string[]) => argv.some((argument) => names.includes(argument));
  const options = { json: has("--json"), quiet: has("--quiet", "-q"), verbose: has("--verbose", "-v") };
  const { failure, stdout, stderr } = failureTexts(error, options);
  if (stdout !== "") process.stdout.write(stdout);
  process.stderr.write(stderr);
  return failure.exit;
}

/**
 * Runs what the arguments ask for and leaves the process with its exit code, once everything written is out. An error that comes
 * up beside it ends the process at once: its state is unknown, nothing is saved.
 */
export async function leaveWith(run: () => number | Promise<number>, argv: readonly string[]): Promise<void> {
  process.on("uncaughtException", (error) => {
    report(error, argv);
    process.exit(internalError);
  });
  let exit: number;
  try {
    exit = await run();
  } catch (error) {
    exit = report(error, argv);
  }
  await drained();
  process.exit(exit);
}
