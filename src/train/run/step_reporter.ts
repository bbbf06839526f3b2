/** The line of a step: what it gave, how fast steps are, how long they wait for input. */
import { nowSeconds } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { BuiltModel, Feed } from "../model.ts";
import type { Metrics, StepReport, Untimed } from "../report.ts";
import type { InputLanes } from "./input/lanes.ts";
import type { StepFetches } from "./step_fetches.ts";

interface StepFacts {
  readonly step: number;
  readonly maxStep: number | null;
  readonly loss: number | null;
  readonly metrics: Metrics;
  readonly memoryBytes: number;
}

export class StepReporter {
  readonly #model: BuiltModel;
  readonly #fetches: StepFetches;
  readonly #lanes: InputLanes;
  #last = { step: 0, seconds: nowSeconds(), inputSeconds: 0 };
  #inputSeconds = 0;

  constructor(model: BuiltModel, fetches: StepFetches, lanes: InputLanes) {
    this.#model = model;
    this.#fetches = fetches;
    this.#lanes = lanes;
  }

  /** Speed counts from here. */
  begin(step: number): void {
    this.#last = { step, seconds: nowSeconds(), inputSeconds: this.#inputSeconds };
  }

  /** What the next step is fed; undefined for a graph that makes its own data, null at the end of the data. */
  nextFeed(): Feed | undefined | null {
    const { batches } = this.#model;
    if (!batches) return undefined;
    const before = performance.now();
    const feed = batches.next();
    this.#inputSeconds += (performance.now() - before) / 1000;
    return feed;
  }

  report(values: readonly NdArray[], facts: StepFacts): Untimed<StepReport> {
    const { step, maxStep } = facts;
    const seconds = nowSeconds();
    const elapsed = Math.max(seconds - this.#last.seconds, 1e-9);
    const stepsPerSec = (step - this.#last.step) / elapsed;
    const { batchSize } = this.#model.batches ?? {};
    const inputWait = Math.min(1, (this.#inputSeconds - this.#last.inputSeconds) / elapsed);
    const queue = this.#lanes.fullness;
    this.#last = { step, seconds, inputSeconds: this.#inputSeconds };
    return {
      event: "step",
      ...facts,
      ...this.#fetches.learningRateOf(values),
      stepsPerSec,
      ...(batchSize ? { examplesPerSec: stepsPerSec * batchSize } : {}),
      ...(maxStep !== null ? { etaSeconds: (maxStep - step) / stepsPerSec } : {}),
      ...(this.#model.batches ? { inputWait } : {}),
      ...(queue ? { queue } : {}),
    };
  }
}
