/**
 * Signals of a training run: the first asks it to stop at the next step boundary and save, the second leaves at once. SIGUSR2 asks it to
 * save and go on. Before there is anything to save, the first one leaves.
 */
import type { StopRequest } from "../train/run/options.ts";

const exits = {
  SIGINT: { exit: 130, reason: "sigint" },
  SIGTERM: { exit: 143, reason: "sigterm" },
  SIGHUP: { exit: 129, reason: "sighup" },
  /** Ctrl-Break of Windows. */
  SIGBREAK: { exit: 143, reason: "sigterm" },
} as const;
type StopSignal = keyof typeof exits;

const isWindows = process.platform === "win32";
const signals = (Object.keys(exits) as StopSignal[]).filter((signal) => isWindows || signal !== "SIGBREAK");

/** From the start of the program on, until `stopOnSignals`: a signal leaves with its exit code; locks go when the process does. */
export function leaveOnSignals(): void {
  for (const signal of signals) process.on(signal, () => process.exit(exits[signal].exit));
  if (!isWindows) process.on("SIGUSR2", () => {}); // Nothing to save yet.
}

export interface RunSignals {
  /** What the loop asks at every step boundary. */
  readonly stop: () => StopRequest | null;
  /** What Ctrl-C means where the terminal gives it as a key. */
  readonly interrupt: () => void;
  readonly saveThrough: (save: () => void) => void;
  readonly off: () => void;
}

/** Installs handlers for a run that has begun, in place of those before. */
export function stopOnSignals(): RunSignals {
  let asked: StopRequest | null = null;
  let requestSave = (): void => {};
  const handleSave = (): void => requestSave();
  const handle = (signal: StopSignal): void => {
    const { exit, reason } = exits[signal];
    if (asked) process.exit(exit);
    asked = { reason, save: true, exit };
    // Through the console, which the panel prints above itself.
    console.error(`tsflow: ${signal}: finishing the step, saving; again to leave at once`);
  };
  const handlers = signals.map((signal) => [signal, () => handle(signal)] as const);
  for (const [signal, handler] of handlers) {
    process.removeAllListeners(signal);
    process.on(signal, handler);
  }
  if (!isWindows) {
    process.removeAllListeners("SIGUSR2");
    process.on("SIGUSR2", handleSave);
  }
  return {
    stop: () => asked,
    interrupt: () => handle("SIGINT"),
    saveThrough: (save) => {
      requestSave = save;
    },
    off: () => {
      process.off("SIGUSR2", handleSave);
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
