/** A region runs its stages in order; a stage whose branch is not taken is left out. */
import { InternalError } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { HostEnvironment } from "../host.ts";
import type { RunFrame, Segment } from "../segment.ts";
import { dead, EngineValue, memoryOf, type RunValue } from "../values.ts";

/** A predicate by its place among the run's values, and what it must be. */
export interface GuardTest {
  readonly predicate: number;
  readonly value: boolean;
}

export interface RegionStage {
  readonly guard: readonly GuardTest[];
  /** Fetched values that are dead when the stage is left out. */
  readonly fetched: readonly number[];
  readonly nodes: readonly Operation[];
  readonly segments: readonly Segment[];
  /** Is the stage a loop? Then the segments are its regions'. */
  readonly hasLoop?: boolean;
  readonly mayWait: boolean;
  readonly after: readonly number[];
  run(frame: RunFrame, environment: HostEnvironment): void | Promise<void>;
  dispose(): void;
}

export class Region {
  readonly stages: readonly RegionStage[];

  constructor(stages: readonly RegionStage[]) {
    this.stages = stages;
  }

  /** A promise only when a stage waits. */
  run(frame: RunFrame, environment: HostEnvironment, from = 0): void | Promise<void> {
    const { stages } = this;
    for (let i = from; i < stages.length; i++) {
      const result = runStage(stages[i]!, frame, environment);
      if (result) return result.then(() => this.run(frame, environment, i + 1));
    }
  }

  get segments(): readonly Segment[] {
    return this.stages.flatMap((stage) => stage.segments);
  }

  dispose(): void {
    for (const stage of this.stages) stage.dispose();
  }
}

export function runStage(stage: RegionStage, frame: RunFrame, environment: HostEnvironment): void | Promise<void> {
  const { guard } = stage;
  for (let k = 0; k < guard.length; k++) {
    const { predicate, value } = guard[k]!;
    if (isTrue(frame.values[predicate], environment) === value) continue;
    for (const index of stage.fetched) frame.values[index] = dead;
    return;
  }
  return stage.run(frame, environment);
}

export function isTrue(value: RunValue | undefined, environment: HostEnvironment): boolean {
  if (value instanceof EngineValue) return memoryOf(environment.state.engine).bytes[value.address] !== 0;
  if (!(value instanceof NdArray)) throw new InternalError("a switch needs a bool");
  return elementAt(value, 0) === true;
}
