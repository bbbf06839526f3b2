/** A hook that traces a run now and then and writes it for chrome://tracing. Source: basic_session_run_hooks.py, timeline.py. */
import { join } from "node:path";
import * as logging from "../../../core/text/logging.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { nodeFiles, writeFileAtomic } from "../../../io/file_system.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { type RunMetadata, RunOptions } from "../../../session/trace.ts";
import type { FileWriter } from "../../file_writer.ts";
import { FileWriterCache } from "./file_writer_cache.ts";
import { asStep, globalStepRead, stepValue } from "./global_step_read.ts";
import { SessionRunArgs, type SessionRunContext, SessionRunHook, type SessionRunValues } from "./session_run_hook.ts";
import { SecondOrStepTimer } from "./timer.ts";

export interface ProfilerOptions {
  readonly saveSteps?: number | null | undefined;
  readonly saveSecs?: number | null | undefined;
  readonly outputDir?: string | undefined;
}

const profilerPlaces = ["saveSteps", "saveSecs", "outputDir"] as const;

/** Writes `timeline-STEP.json` and the step's metadata every so many steps or seconds, not for the first run. */
export class ProfilerHook extends SessionRunHook {
  readonly #folder: string;
  readonly #timer: SecondOrStepTimer;
  readonly #writer: FileWriter;
  #step!: Tensor;
  #nextStep: number | null = null;
  #isRequested = false;

  constructor(...given: Rest<ProfilerOptions, typeof profilerPlaces>) {
    super();
    const { saveSteps, saveSecs, outputDir = "" } = byName<ProfilerOptions>(given, profilerPlaces);
    this.#folder = outputDir;
    this.#writer = FileWriterCache.get(outputDir);
    this.#timer = new SecondOrStepTimer({ everySecs: saveSecs, everySteps: saveSteps });
  }

  override begin(): void {
    this.#nextStep = null;
    this.#step = globalStepRead("ProfilerHook");
  }

  override beforeRun(): SessionRunArgs {
    this.#isRequested = this.#nextStep !== null && this.#timer.shouldTriggerForStep(this.#nextStep);
    const options = this.#isRequested ? new RunOptions({ traceLevel: RunOptions.FULL_TRACE }) : null;
    return new SessionRunArgs({ globalStep: this.#step }, { options });
  }

  override async afterRun({ session }: SessionRunContext, { results, runMetadata }: SessionRunValues): Promise<void> {
    const stale = asStep(results.globalStep);
    if (this.#nextStep === null) this.#timer.updateLastTriggeredStep(stale);
    let step = stale + 1;
    if (this.#isRequested && runMetadata) {
      step = await stepValue(session, this.#step);
      this.#timer.updateLastTriggeredStep(step);
      const path = join(this.#folder, `timeline-${step}.json`);
      logging.info("Saving timeline for %d into '%s'.", step, path);
      if (this.#folder) nodeFiles.mkdir(this.#folder);
      writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(chromeTrace(runMetadata))));
      this.#writer.addRunMetadata(runMetadata, `step_${step}`);
    }
    this.#nextStep = step + 1;
  }
}

/** The nodes of a run as complete events, one row for each device. */
function chromeTrace({ stepStats }: RunMetadata): { readonly traceEvents: readonly object[] } {
  return {
    traceEvents: stepStats.devStats.flatMap(({ device, nodeStats }, pid) => [
      { name: "process_name", ph: "M", pid, args: { name: `${device} Compute` } },
      ...nodeStats.map(({ nodeName, timelineLabel, allStartMicros, opStartRelMicros, opEndRelMicros }) => {
        const [, op = nodeName, inputs = ""] = /= (\w+)\((.*)\)/.exec(timelineLabel) ?? [];
        return {
          name: op,
          cat: "Op",
          ph: "X",
          pid,
          tid: 0,
          ts: allStartMicros + opStartRelMicros,
          dur: Math.max(opEndRelMicros - opStartRelMicros, 1),
          args: { name: nodeName, op, inputs },
        };
      }),
    ]),
  };
}
