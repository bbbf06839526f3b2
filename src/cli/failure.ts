/** From an error to an exit code, one message, and the step that helps next. */

import { KeyError, OpError, TypeError as PythonTypeError, RuntimeError, ValueError } from "../core/error.ts";
import { exampleValues, expectedValue, FlagError } from "../core/flags/value.ts";
import { printableLines } from "../core/text/controls.ts";
import { isThrownByUser, userLine } from "../core/trace.ts";
import { toJson } from "../ui/json.ts";
import { Misuse } from "./command.ts";

export interface Failure {
  readonly exit: number;
  /** TensorFlow's code. */
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly offset?: number;
  readonly hint?: string;
}

/** The exit codes of TensorFlow's codes; where the cause says otherwise, the error carries `exit`. */
const exits: Readonly<Record<string, number>> = { DATA_LOSS: 3, NOT_FOUND: 4, ALREADY_EXISTS: 2, INTERNAL: 70 };

const errnoCodes: Readonly<Record<string, string>> = {
  ENOENT: "NOT_FOUND",
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOSPC: "RESOURCE_EXHAUSTED",
  EDQUOT: "RESOURCE_EXHAUSTED",
  EMFILE: "RESOURCE_EXHAUSTED",
  ENFILE: "RESOURCE_EXHAUSTED",
  EIO: "DATA_LOSS",
  EISDIR: "FAILED_PRECONDITION",
  ENOTDIR: "FAILED_PRECONDITION",
  EBUSY: "FAILED_PRECONDITION",
  ELOOP: "INVALID_ARGUMENT",
  ENAMETOOLONG: "INVALID_ARGUMENT",
  EINVAL: "INVALID_ARGUMENT",
  ERR_FS_FILE_TOO_LARGE: "RESOURCE_EXHAUSTED",
};

export const internalError = 70;

/** What an error means to the one who called the command. */
export function describeFailure(error: unknown): Failure {
  const exit = exitOf(error);
  if (error instanceof Misuse) return { exit: exit ?? 2, code: "INVALID_ARGUMENT", ...facts(error) };
  if (error instanceof FlagError) return { exit: 2, code: "INVALID_ARGUMENT", ...flagWords(error) };
  if (error instanceof OpError) {
    const { code, path, offset, hint, op, madeAt } = error;
    const where = path === undefined || error.message.includes(path) ? "" : `${path}: `;
    const place = op || path !== undefined ? madeAt : userLine(error);
    const made = place === undefined ? "" : shownPlace(place);
    const by = op ? `\n  op '${op.name}' (${op.type})${made && `   made at ${made}`}` : made && `\n  at ${made}`;
    return {
      exit: exit ?? exits[code] ?? 1,
      code,
      message: `${op ? `${code}: ` : ""}${where}${error.message}${by}`,
      ...(path !== undefined && { path }),
      ...(offset !== undefined && { offset }),
      ...(hint !== undefined && { hint }),
    };
  }
  if ([ValueError, PythonTypeError, RuntimeError, KeyError].some((kind) => error instanceof kind)) {
    const { name, message } = error as Error;
    const { madeAt } = error as { madeAt?: string };
    const place = userLine(error as Error) ?? madeAt;
    const at = place ? `\n  at ${shownPlace(place)}` : "";
    return { exit: exit ?? 1, code: "INVALID_ARGUMENT", message: `${name}: ${message}${at}` };
  }
  const errno = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof Error && errno !== undefined && errnoCodes[errno] !== undefined) {
    const code = errnoCodes[errno];
    const { path } = error as NodeJS.ErrnoException;
    return { exit: exits[code] ?? 1, code, message: error.message, ...(path !== undefined && { path }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (exit !== undefined) return { exit, code: "UNKNOWN", ...facts(error as Error) };
  if (error instanceof Error && isThrownByUser(error)) {
    const place = shownPlace(userLine(error)!);
    return { exit: 1, code: "UNKNOWN", ...facts(error), message: `${error.name}: ${message}\n  at ${place}` };
  }
  if (!(error instanceof Error)) {
    const hint = "Throw an Error: it knows the line that it comes from";
    return { exit: 1, code: "UNKNOWN", message: `thrown: ${message}`, hint };
  }
  return {
    exit: internalError,
    code: "INTERNAL",
    message: `a bug in tsflow: ${message}`,
    hint: "Run the command again with --verbose, and report what it prints",
  };
}

/** A place in the working directory by its path from there. */
const shownPlace = (place: string): string => {
  const folder = `${process.cwd()}/`;
  return place.startsWith(folder) ? place.slice(folder.length) : place;
};

/** An error may say its exit code itself, where the cause decides and not the class. */
function exitOf(error: unknown): number | undefined {
  const exit = (error as { exit?: unknown } | null | undefined)?.exit;
  return typeof exit === "number" ? exit : undefined;
}

function facts(error: Error): { message: string; hint?: string } {
  const { hint } = error as { hint?: unknown };
  return { message: error.message, ...(typeof hint === "string" && { hint }) };
}

/** The faults of flags in the words of the command line. */
function flagWords(error: FlagError): { message: string; hint?: string } {
  const { fault, flag, given, spec, suggestions } = error;
  const name = flag.length === 1 ? `-${flag}` : `--${flag}`;
  if (fault === "unknown") {
    const meant = suggestions.map((suggestion) => `--${suggestion}`).join(" or ");
    const { hint } = facts(error);
    return { message: `unknown flag ${name}${meant === "" ? "" : `. Did you mean ${meant}?`}`, ...(hint && { hint }) };
  }
  if (fault === "missing")
    return { message: `${name}: a value is missing${spec ? `: expected ${expectedValue(spec)}` : ""}` };
  if (fault === "flagfile")
    return { message: `--flagfile: ${error.message.replace("ERROR:: Unable to open flagfile: ", "")}` };
  if (fault === "required") return { message: `${name} is required` };
  if (fault === "value" && spec) {
    const examples = exampleValues[spec.kind];
    const expected = `expected ${expectedValue(spec)}, got "${given}"`;
    return { message: `${name}: ${expected}${examples ? `. Examples: ${examples}` : ""}` };
  }
  return { message: error.message };
}

export interface FailureOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** The texts that tell of a failure, for stdout (an object with --json) and stderr. */
export function failureTexts(
  error: unknown,
  options: FailureOptions,
): { failure: Failure; stdout: string; stderr: string } {
  const failure = describeFailure(error);
  const { exit, code, message, path, offset, hint } = failure;
  const next = hint !== undefined && !options.quiet ? `${hint}\n` : "";
  const stack = options.verbose && error instanceof Error ? `${stackOf(error)}\n` : "";
  return {
    failure,
    stdout: options.json ? `${toJson({ event: "error", exit, code, message, path, offset, hint })}\n` : "",
    stderr: printableLines(`tsflow: ${message}\n${next}${stack}`),
  };
}

const stackOf = (error: Error): string =>
  `${error.stack ?? error.message}${error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ""}`;
