/** The process around us: arguments, environment, standard error, host name, clock. Nothing else in core, graph or ops looks there. */
import { createRequire } from "node:module";
import { availableParallelism, cpus, hostname as osHostname, totalmem } from "node:os";
import { join } from "node:path";
import { printableLines } from "./text/controls.ts";

export const args = (): readonly string[] => process.argv;

export const env = (name: string): string | undefined => process.env[name];

/** All of the environment. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;

/** For libraries that read the environment when they are loaded. A variable that is set stays as it is. */
export function setUnlessSet(name: string, value: string): void {
  process.env[name] ??= value;
}

/** The operating system and the processor's kind, in Node's words: linux x64. */
export const platform = (): { readonly system: string; readonly arch: string } => ({
  system: process.platform,
  arch: process.arch,
});

/** The version of the JavaScript engine; empty where it is not V8. */
export const v8Version = (): string => process.versions.v8 ?? "";

/** What the processor calls itself. */
export const processorModel = (): string => cpus()[0]?.model ?? "";

/**
 * A package that the user may have added, beside this one or in the working directory's project; null where it is in neither. Throws what
 * loading it throws.
 */
export function loadPackage(name: string): unknown {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      continue;
    }
    return require(path);
  }
  return null;
}

export const hostname = (): string => osHostname();

/** Processors that this process may use. */
export const processorCount = (): number => availableParallelism();

export const pid = (): number => process.pid;

/** Hexadecimal digits for names that no other process takes. Not for secrets: Node's own source of those takes milliseconds to load. */
export const randomHex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join("");

/** Is there a process of this number, of any user? */
export function isRunning(number: number): boolean {
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Seconds since 1970, with a fraction of microseconds. */
export const nowSeconds = (): number => (performance.timeOrigin + performance.now()) / 1000;

/** Whole milliseconds since 1970. */
export const nowMs = (): number => Date.now();

export function writeStderr(text: string): void {
  process.stderr.write(text);
}

export function writeStdout(text: string): void {
  process.stdout.write(text);
}

/** Is stdout a terminal? */
export const isTerminal = (): boolean => process.stdout.isTTY ?? false;

/** Leaves the process at once with this exit code. */
export const exit = (code: number): never => process.exit(code);

/** Calls `last` when the process ends, however it ends in JavaScript's reach; the answer takes that back. */
export function onExit(last: () => void): () => void {
  process.on("exit", last);
  return () => {
    process.off("exit", last);
  };
}

export type LogLevel = "INFO" | "WARNING" | "ERROR" | "FATAL";
const levels: readonly LogLevel[] = ["INFO", "WARNING", "ERROR", "FATAL"];

/** TF_CPP_MIN_LOG_LEVEL: 0 prints all, 1 leaves out INFO, 2 WARNING too, 3 ERROR too. */
export function minLogLevel(): number {
  const level = Number(env("TF_CPP_MIN_LOG_LEVEL") ?? 0);
  return Number.isInteger(level) ? level : 0;
}

/** One line on standard error, `WARNING: text`, unless TF_CPP_MIN_LOG_LEVEL leaves its level out. */
export function log(level: LogLevel, text: string): void {
  if (levels.indexOf(level) >= minLogLevel()) writeStderr(`${level}: ${printableLines(text)}\n`);
}

let chosenLimit: number | null = null;

/** Sets what this process may take, in place of 80 % of the machine's memory. */
export function limitMemory(bytes: number): void {
  chosenLimit = bytes;
}

/** What this process may take: 80 % of the memory that the machine or the control group gives it, or what was chosen. */
export function memoryLimitBytes(): number {
  if (chosenLimit !== null) return chosenLimit;
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = totalmem();
  return Math.floor(0.8 * (constrained > 0 && constrained < total ? constrained : total));
}
