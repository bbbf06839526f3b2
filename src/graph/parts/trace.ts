/** Where a node was made. */

/** A stack trace, formatted only when somebody asks. */
export function captureTrace(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 24;
  const trace = new Error("made here");
  Error.stackTraceLimit = limit;
  return trace;
}

/** The first frame of a stack outside this package's own code. */
export function userLine(trace: Error): string | undefined {
  for (const line of (trace.stack ?? "").split("\n").slice(1)) {
    const frame = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line);
    if (!frame) continue;
    const file = frame[1]!.replace(/^file:\/\//, "");
    if (file.startsWith("node:") || own.some((part) => file.includes(part))) continue;
    return `${file}:${frame[2]}`;
  }
  return undefined;
}

const here = import.meta.dirname;
/** Folders of the package: its sources beside this file, or the bundle that holds it. */
const own = here.endsWith("parts")
  ? ["core", "io", "proto", "engine", "graph", "ops", "build", "session", "train", "eager"].map(
      (folder) => `${here.slice(0, -"graph/parts".length)}${folder}/`,
    )
  : [`${here}/`];
