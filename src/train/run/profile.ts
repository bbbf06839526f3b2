/** `--profile N`: some steps of a run, traced: for chrome://tracing a file, for TensorBoard's graph page a tag for each step. */
import { join } from "node:path";
import { nodeFiles, writeFileAtomic } from "../../io/file_system.ts";
import { RunMetadata } from "../../session/trace.ts";
import type { FileWriter } from "../file_writer.ts";
import { chromeTrace, type TracedStep } from "./chrome_trace.ts";

/** Steps before the first one that is traced, as far as the run is long enough: the first few compile. */
const warmSteps = 10;

export interface ProfileOptions {
  /** How many steps; 0: none. */
  readonly profileSteps: number;
  readonly modelDir: string;
  readonly model: { readonly name: string };
  /** The run's last step; null: not known. */
  readonly maxStep: number | null;
}

export class Profile {
  readonly #options: ProfileOptions;
  readonly #note: (message: string) => void;
  readonly #first: number;
  readonly #traced: TracedStep[] = [];
  #isWritten = false;

  /** `startStep`: the step before the run's first one. */
  constructor(options: ProfileOptions, startStep: number, note: (message: string) => void) {
    const { profileSteps, maxStep } = options;
    this.#options = options;
    this.#note = note;
    const spare = maxStep === null ? warmSteps : Math.max(0, maxStep - startStep - profileSteps);
    this.#first = startStep + 1 + Math.min(warmSteps, spare);
  }

  /** Is this step to be traced? The one before the first as well: a trace has code of its own, which is made there. */
  traces(step: number): boolean {
    const { profileSteps } = this.#options;
    return profileSteps > 0 && step >= this.#first - 1 && step < this.#first + profileSteps;
  }

  /** Runs a step with a trace; after the last one the file is written. */
  async trace<R>(step: number, writer: FileWriter, run: (metadata: RunMetadata) => Promise<R>): Promise<R> {
    const metadata = new RunMetadata();
    const startMs = performance.now();
    const result = await run(metadata);
    if (step < this.#first) return result;
    this.#traced.push({ step, startMs, endMs: performance.now(), timeline: metadata.timeline });
    writer.addRunMetadata(metadata, `step_${step}`, step);
    if (this.#traced.length >= this.#options.profileSteps) this.finish();
    return result;
  }

  /** Writes what is there, once, and tells people. */
  finish(): void {
    const { modelDir, model } = this.#options;
    if (this.#traced.length === 0 || this.#isWritten) return;
    this.#isWritten = true;
    const [first, last] = [this.#traced[0]!.step, this.#traced.at(-1)!.step];
    const path = join(modelDir, `profile-${first}-${last}.json`);
    nodeFiles.mkdir(modelDir);
    writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(chromeTrace(`tsflow ${model.name}`, this.#traced))));
    const tags = first === last ? `the tag step_${first}` : `the tags step_${first} to step_${last}`;
    this.#note(
      `Profile of ${this.#traced.length} steps: ${path} (chrome://tracing, ui.perfetto.dev), and ${tags} of TensorBoard's graph page`,
    );
  }
}
