/** Flags of `train` on stopping, resuming, and what may go wrong in between. */
import type { FlagSpecs } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";

export const safetyFlags = {
  resume: flag.string("auto", "auto: go on from the newest checkpoint; never; must; or a checkpoint's path"),
  overwrite: flag.bool(false, "with --resume never: begin anew in a folder that holds a run"),
  strict_resume: flag.bool(false, "a flag that differs from the run's is an error"),
  strict_inputs: flag.bool(false, "an input file that changed since the checkpoint is an error"),
  ignore_missing: flag.bool(false, "initialize variables that the checkpoint lacks"),
  deterministic: flag.bool(
    true,
    "one reader a queue, in order: the same run again; --nodeterministic: as the model says",
  ),
  keep_every_hours: flag.float(null, "hours between checkpoints that are never deleted", { min: 0 }),
  patience: flag.int(null, "stop after so many evaluations without a better one", { min: 1 }),
  min_delta: flag.float(0, "how much better an evaluation must be to count", { min: 0 }),
  early_stop: flag.string(null, "what --patience looks at: loss:min, accuracy:max"),
  on_nan: flag.enum(
    "stop",
    ["stop", "skip", "rollback"],
    "a value that is not finite: end with 5, undo the step, or go on from the last good checkpoint",
  ),
  check_numerics: flag.bool(false, "look at all variables after each step, and name the first bad operation"),
  check_numerics_every: flag.int(100, "steps between looks at all variables; 0: before saves only", { min: 0 }),
  allow_nan: flag.bool(false, "save variables that are not finite"),
  max_failed_saves: flag.int(3, "saves that may fail one after another", { min: 1 }),
  verify_saves: flag.bool(true, "read each checkpoint back before it counts"),
  steal_lock: flag.bool(false, "take over the folder of a run on another host that does not answer"),
  memory_mb: flag.int(null, "memory that the run may take; 80 % of the machine's by default", { min: 16 }),
  grace_s: flag.seconds(10, "how long a step may still take after a signal", { min: 0 }),
  stall_s: flag.seconds(300, "without progress for so long, say what is waited for; 0: never", { min: 0 }),
  flush_secs: flag.seconds(2, "how long points of the curves may wait for the disk", { min: 0 }),
  max_event_mb: flag.int(512, "an event file of this size is followed by another", { min: 1 }),
} satisfies FlagSpecs;
