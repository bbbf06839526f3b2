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

const leave = (signal: StopSignal): void => process.exit(exits[signal].exit);

interface Told {
  handle: (signal: StopSignal) => void;
  requestSave: () => void;
}

const key = Symbol.for("tsflow signals");

/**
 * Who is told, for all bundles of the program: the first one listens, the one that trains asks to be told. The listeners stay the same
 * from first to last: Node forgets a signal whose listeners are taken away before it is told.
 */
function told(): Told {
  const shared = process as unknown as { [key]?: Told };
  const known = shared[key];
  if (known) return known;
  const made: Told = { handle: leave, requestSave: () => {} }; // Nothing to save yet.
  shared[key] = made;
  for (const signal of signals) process.on(signal, () => made.handle(signal));
  if (!isWindows) process.on("SIGUSR2", () => made.requestSave());
  return made;
}

/** From the start of the program on, until `stopOnSignals`: a signal leaves with its exit code; locks go when the process does. */
export const leaveOnSignals = (): void => void told();

export interface RunSignals {
  /** What the loop asks at every step boundary. */
  readonly stop: () => StopRequest | null;
  /** What Ctrl-C means where the terminal gives it as a key. */
  readonly interrupt: () => void;
  readonly saveThrough: (save: () => void) => void;
  readonly off: () => void;
}

/** From now on a signal asks the run that has begun to stop. */
export function stopOnSignals(): RunSignals {
  let asked: StopRequest | null = null;
  const stop = (signal: StopSignal): void => {
    const { exit, reason } = exits[signal];
    if (asked) process.exit(exit);
    asked = { reason, save: true, exit };
    // Through the console, which the panel prints above itself.
    console.error(`tsflow: ${signal}: finishing the step, saving; again to leave at once`);
  };
  const listener = told();
  listener.handle = stop;
  return {
    stop: () => asked,
    interrupt: () => stop("SIGINT"),
    saveThrough: (save) => {
      listener.requestSave = save;
    },
    off: () => {
      listener.handle = leave;
      listener.requestSave = () => {};
    },
  };
}
