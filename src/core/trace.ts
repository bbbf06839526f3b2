/** Where in the user's files something happened: a node was made, an error came up. */

/** A stack trace, formatted only when somebody asks. */
export function captureTrace(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const trace = new Error("made here");
  Error.stackTraceLimit = limit;
  return trace;
}

/** Frames of a stack, innermost first. */
function frames(error: Error): { readonly file: string; readonly line: string }[] {
  return (error.stack ?? "").split("\n").flatMap((text) => {
    const frame = /^\s+at (?:.* \()?((?:file:\/\/)?[^()]+):(\d+):\d+\)?$/.exec(text);
    return frame ? [{ file: pathOf(frame[1]!), line: frame[2]! }] : [];
  });
}

const pathOf = (file: string): string =>
  file.startsWith("file://") ? decodeURIComponent(file.slice("file://".length)) : file;
const isOwn = (file: string): boolean => own.some((part) => file.includes(part));
const isLoader = (file: string): boolean => file.startsWith("node:") || /[\\/]node_modules[\\/]jiti[\\/]/.test(file);

/** The user's line, `file:line`: the first frame of a stack outside this package's own code. */
export function userLine(trace: Error): string | undefined {
  const frame = frames(trace).find(({ file }) => !isOwn(file) && !isLoader(file));
  return frame && `${frame.file}:${frame.line}`;
}

/** Did the user's own code throw this, and not ours? */
export function isThrownByUser(error: Error): boolean {
  const frame = frames(error).find(({ file }) => !isLoader(file));
  return frame !== undefined && !isOwn(frame.file);
}

const here = import.meta.dirname;
/** Folders of the package: its sources beside this file, or the bundle that holds it. */
const own = here.endsWith("core")
  ? ["core", "io", "proto", "engine", "graph", "ops", "build", "session", "train", "eager", "ui", "cli"].map(
      (folder) => `${here.slice(0, -"core".length)}${folder}/`,
    )
  : [`${here}/`];
