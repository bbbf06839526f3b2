/** Flags that the commands of events share. */
import { flag } from "../../../core/flags.ts";
import { Misuse } from "../../command.ts";
import type { Selection } from "./runs.ts";

export const selectionFlags = {
  tag: flag.string(null, "tags that match a glob: loss, 'layer1/*'"),
  runs: flag.string(null, "runs whose path matches a glob"),
  step: flag.string(null, "steps from a to b: 100:200, 100:, :200"),
  last: flag.int(null, "only the last N points of each tag", { min: 1 }),
  all: flag.bool(false, "also points behind a restart, which training has done again"),
};

/** The flags as a selection. Throws Misuse for steps that are not a:b. */
export function selectionOf(flags: {
  tag: string | null;
  runs: string | null;
  step: string | null;
  last: number | null;
  all: boolean;
}): Selection {
  const { tag, runs, last, all } = flags;
  const range = /^(\d*):(\d*)$|^(\d+)$/.exec(flags.step ?? ":");
  if (!range) throw new Misuse(`--step: expected a:b, got "${flags.step}". Examples: 100:200, 100:, :200`);
  const [, from, to, one] = range;
  const step = [Number(one ?? (from || 0)), Number(one ?? (to || Number.POSITIVE_INFINITY))] as const;
  return { tag, runs, step, last, all };
}

/** Moving average with weight w of the past, without the pull of the start. */
export function smooth(values: readonly number[], w: number): number[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = w * sum + (1 - w) * value;
    weight = w * weight + (1 - w);
    return sum / weight;
  });
}
