/** How the flags of a run that goes on differ from those that it was begun with. */

/** Flags that say how long, how loud or how safe, but not what a run computes. */
const passing: ReadonlySet<string> = new Set([
  "model",
  "max_step",
  "max_time",
  "target",
  "log_every",
  "threads",
  "overwrite",
  "ignore_missing",
  "strict_inputs",
  "keep_every_hours",
  "max_failed_saves",
  "verify_saves",
  "memory_mb",
  "grace_s",
  "stall_s",
  "flush_secs",
  "max_event_mb",
]);

interface KnownFlags {
  readonly known: ReadonlySet<string>;
  readonly ofModel: ReadonlySet<string>;
  readonly isGiven: (name: string) => boolean;
}

/** Lines of a flagfile: `--name=value`, `--name`, `--noname`. */
function settings(lines: readonly string[], booleans: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    if (!line.startsWith("--")) continue;
    const at = line.indexOf("=");
    const name = at < 0 ? line.slice(2) : line.slice(2, at);
    if (at >= 0) found.set(name, line.slice(at + 1));
    else if (name.startsWith("no") && booleans.has(name.slice(2))) found.set(name.slice(2), "false");
    else found.set(name, "true");
  }
  return found;
}

/**
 * `batch_size 100 -> 64` for each flag whose value differs; (none) where it had, or has, no value. `known`: names of all flags; `ofModel`:
 * those of the model, which always count; `isGiven`: a flag that the run's list lacks counts only then, as the list may be older than it.
 */
export function flagDifferences(
  before: readonly string[],
  now: readonly string[],
  { known, ofModel, isGiven }: KnownFlags,
): string[] {
  const old = settings(before, known);
  const fresh = settings(now, known);
  const names = [...new Set([...old.keys(), ...fresh.keys()])];
  return names
    .filter((name) => known.has(name) && (ofModel.has(name) || !passing.has(name)))
    .filter((name) => old.get(name) !== fresh.get(name) && (old.has(name) || isGiven(name)))
    .map((name) => `${name} ${old.get(name) ?? "(none)"} -> ${fresh.get(name) ?? "(none)"}`);
}
