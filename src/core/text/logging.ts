/** tf.logging: lines on standard error by level. Source: tensorflow/python/platform/tf_logging.py. */
import { ValueError } from "../error.ts";
import { writeStderr } from "../host.ts";
import { streamKey } from "./stream.ts";

export const DEBUG = 10;
export const INFO = 20;
export const WARN = 30;
export const ERROR = 40;
export const FATAL = 50;

const names: Readonly<Record<number, string>> = { 10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "FATAL" };

let verbosity = WARN;

/** From which level on texts are said. */
export function setVerbosity(level: number): void {
  verbosity = level;
}

/** The least level that is said, a number: DEBUG 10, INFO 20, WARN 30, ERROR 40, FATAL 50. */
export const getVerbosity = (): number => verbosity;

/** Python's `%` forms in a message: `%s`, `%d`, `%f`, `%.3f`, `%%`. */
function format(message: string, values: readonly unknown[]): string {
  let next = 0;
  return message.replace(/%(?:\.(\d+))?([sdfg%])/g, (whole, digits: string | undefined, kind: string) => {
    if (kind === "%") return "%";
    if (next >= values.length) return whole;
    const value = values[next++];
    if (kind === "d") return String(Math.trunc(Number(value)));
    if (kind === "f") return Number(value).toFixed(digits === undefined ? 6 : Number(digits));
    return String(value);
  });
}

/** Says a text at this level. */
export function log(level: number, message: string, ...values: readonly unknown[]): void {
  if (level >= verbosity) writeStderr(`${names[level] ?? level}:tensorflow:${format(message, values)}\n`);
}

/** A function that tf.print takes as its output stream. */
const asStream = <F extends object>(stream: string, fn: F): F => Object.assign(fn, { [streamKey]: stream });

/** Says a text at level DEBUG on standard error; %s and %d are filled in. */
export const debug = (message: string, ...values: readonly unknown[]): void => log(DEBUG, message, ...values);
/** Says a text at level INFO on standard error; %s and %d are filled in. */
export const info = asStream("log(info)", (message: string, ...values: readonly unknown[]): void =>
  log(INFO, message, ...values),
);
/** Says a text at level WARN on standard error; %s and %d are filled in. */
export const warn = asStream("log(warning)", (message: string, ...values: readonly unknown[]): void =>
  log(WARN, message, ...values),
);
/** Says a text at level WARN on standard error; %s and %d are filled in. */
export const warning = warn;
/** Says a text at level ERROR on standard error; %s and %d are filled in. */
export const error = asStream("log(error)", (message: string, ...values: readonly unknown[]): void =>
  log(ERROR, message, ...values),
);
/** Says a text at level FATAL on standard error; %s and %d are filled in. */
export const fatal = (message: string, ...values: readonly unknown[]): void => log(FATAL, message, ...values);

/** A message about a task, at the level of errors. */
export const TaskLevelStatusMessage = (message: string): void => error(message);

const counts = new Map<string, number>();

/** Logs the first n times that this message is given. */
export function logFirstN(level: number, message: string, n: number, ...values: readonly unknown[]): void {
  const count = counts.get(message) ?? 0;
  counts.set(message, count + 1);
  if (count < n) log(level, message, ...values);
}

const everyCounts = new Map<string, number>();

/** Logs the first of every n times that this message is given. */
export function logEveryN(level: number, message: string, n: number, ...values: readonly unknown[]): void {
  const count = everyCounts.get(message) ?? 0;
  everyCounts.set(message, count + 1);
  if (count % n === 0) log(level, message, ...values);
}

/** Logs when the condition holds. */
export function logIf(level: number, message: string, condition: boolean, ...values: readonly unknown[]): void {
  if (condition) log(level, message, ...values);
}

/** Says a text at this level. */
export const vlog = log;

/** Lines are written at once: nothing waits. */
export const flush = (): void => {};

/** Python's logger of that name: what `tf.logging` writes with. */
export interface Logger {
  readonly name: string;
  readonly level: number;
  setLevel(level: number | string): void;
  isEnabledFor(level: number): boolean;
  log: typeof log;
  debug: typeof debug;
  info: typeof info;
  warning: typeof warning;
  warn: typeof warn;
  error: typeof error;
  critical: typeof fatal;
  fatal: typeof fatal;
}

const logger: Logger = {
  name: "tensorflow",
  get level() {
    return verbosity;
  },
  setLevel: (level) => setVerbosity(typeof level === "number" ? level : levelOf(level)),
  isEnabledFor: (level) => level >= verbosity,
  log,
  debug,
  info,
  warning,
  warn,
  error,
  critical: fatal,
  fatal,
};

function levelOf(name: string): number {
  const found = Object.entries(names).find(([, known]) => known === (name === "WARN" ? "WARNING" : name));
  if (!found) throw new ValueError(`Unknown level: '${name}'`);
  return Number(found[0]);
}

export const getLogger = (): Logger => logger;
