/**
 * Signals of a training run: the first asks it to stop at the next step boundary and save, the second leaves at once. SIGUSR2 asks it to
 * save and go on.
 */
import type { StopRequest } from "../train/run/options.ts";

const exits = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof exits;

const reasons = { SIGINT: "sigint", SIGTERM: "sigterm", SIGHUP: "sighup" } as const;

/** Installs handlers; `stop` is what the loop asks at every step boundary. */
export function stopOnSignals(): {
  stop: () => StopRequest | null;
  interrupt: () => void;
  saveThrough: (save: () => void) => void;
  off: () => void;
} {
  let asked: StopRequest | null = null;
  let requestSave = (): void => {};
  const handleSave = (): void => requestSave();
  if (process.platform !== "win32") process.on("SIGUSR2", handleSave);
  const handle = (signal: StopSignal): void => {
    if (asked) process.exit(exits[signal]);
    asked = { reason: reasons[signal], save: true, exit: exits[signal] };
    // Through the console, which the panel prints above itself.
    console.error(`tsflow: ${signal}: finishing the step, saving; again to leave at once`);
  };
  for (const signal of Object.keys(exits) as StopSignal[]) process.on(signal, handle);
  return {
    stop: () => asked,
    interrupt: () => handle("SIGINT"),
    saveThrough: (save) => {
      requestSave = save;
    },
    off: () => {
      process.off("SIGUSR2", handleSave);
      for (const signal of Object.keys(exits) as StopSignal[]) process.off(signal, handle);
    },
  };
}
