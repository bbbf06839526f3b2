/** A plan of steps, ready to run: as one function from the kernels, or as a call list, step by step. Both give the same bits. */
import { dtypeOf } from "../../core/dtype.ts";
import { NdArray, viewElements } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import { compileProgram } from "../compile.ts";
import type { Executable, InputFacts, Kernel, KernelReport, SlotAddress } from "../engine.ts";
import type { Program, Value } from "../primitive.ts";
import { addressOf } from "../reference/loops.ts";
import { runStep } from "../reference/steps.ts";
import type { Kernels, Run, Step, StepPlan } from "../step.ts";
import { bytesOf } from "../trace/bytes.ts";
import { interpretedWork } from "./exact.ts";

export interface ExecutableOptions {
  /** The memory's present buffer. */
  buffer(): ArrayBufferLike;
  /** Memory for constants, as long as the executable is not disposed. */
  allocate(sizeBytes: number): number;
  free(address: number): void;
  /** Null: every step runs in the reference. */
  readonly kernels: Kernels | null;
  /** Run step by step, for comparison. */
  readonly callList?: boolean;
  readonly inputs?: readonly InputFacts[];
}

/** Programs that run once or twice (assignments, counters, strings) are not worth a module. */
const maxColdRuns = 2;
const maxInterpretedWork = 2000;

const sizeOf = (value: Value): number => elementCount(value.shape) * dtypeOf(value.dtype).sizeBytes;

const isSmall = (steps: readonly Step[]): boolean =>
  steps.reduce((sum, step) => sum + interpretedWork(step), 0) <= maxInterpretedWork;

/** A function of its own for each step. */
function stepRuns(plan: StepPlan, kernels: Kernels | null, fallback: (index: number, base: number) => number): Run[] {
  return plan.steps.map((step, index): Run => {
    if (!kernels?.supports(step)) return (base) => fallback(index, base);
    return kernels.emit([step], plan.reportOffset, () => {
      throw new Error("bug: a supported step fell back");
    });
  });
}

/** Runs the steps one by one. */
function callList(runs: readonly Run[]): Run {
  const runAll = (base: number): number => {
    for (const run of runs) {
      const status = run(base);
      if (status !== 0) return status;
    }
    return 0;
  };
  return Object.assign(runAll, { release: () => releaseAll(runs) });
}

function releaseAll(runs: readonly Run[]): void {
  for (const run of runs) run.release?.();
}

export function createExecutable(program: Program, slots: SlotAddress, options: ExecutableOptions): Executable {
  const { buffer, kernels } = options;
  const plan = compileProgram(program, slots, { allocate: options.allocate, kernels, inputs: options.inputs ?? [] });
  const { steps, constants, kept, reportOffset, inputOffsets, outputs } = plan;
  for (const [data, address] of constants) {
    const source = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    new Uint8Array(buffer(), address, data.byteLength).set(source);
  }
  const fallback = (index: number, base: number) => runStep(steps[index]!, buffer(), base, reportOffset);

  function link(): Run {
    if (kernels && !options.callList) return kernels.emit(steps, reportOffset, fallback);
    return callList(stepRuns(plan, kernels, fallback));
  }

  let linked: Run | null = null;
  /** Runs before machine code is made for a plan that is small, and has the same bits without it. */
  let coldRuns = kernels && !options.callList && isSmall(steps) ? maxColdRuns : 0;

  function interpret(base: number): number {
    coldRuns--;
    for (const step of steps) {
      const status = runStep(step, buffer(), base, reportOffset);
      if (status !== 0) return status;
    }
    return 0;
  }

  let alone: readonly Run[] | null = null;
  const listKernels = (): readonly Kernel[] =>
    steps.map((step, i) => ({
      text: describeStep(step, kernels),
      bytes: bytesOf(step),
      shares: plan.shares[i]!,
    }));
  let listed: readonly Kernel[] | null = null;

  function runTraced(base: number, report: KernelReport): void {
    alone ??= stepRuns(plan, kernels, fallback);
    listed ??= listKernels();
    for (const [i, run] of alone.entries()) {
      let [status, startMs, endMs] = [0, 0, 0];
      const timedRun = (): void => {
        startMs = performance.now();
        status = run(base);
        endMs = performance.now();
      };
      const pieces = kernels ? kernels.timed(timedRun) : [];
      if (!kernels) timedRun();
      report(listed[i]!, { startMs, endMs, pieces });
      if (status !== 0) fail(base, status - 1);
    }
  }

  function fail(base: number, site: number): never {
    const [position, value, limit] = new Float64Array(buffer(), base + reportOffset, 3) as unknown as [
      number,
      number,
      number,
    ];
    const details = (plan.details.get(site) ?? []).map(({ place, dtype, shape }) => {
      const address = addressOf(place, { buffer: buffer(), base });
      const type = dtypeOf(dtype);
      return new NdArray(type, shape, viewElements(type, buffer(), address, elementCount(shape)).slice());
    });
    throw program.sites[site]!({ position, value, limit, details });
  }

  return {
    workspaceBytes: plan.workspaceBytes,
    inputOffsets,
    outputs: outputs.map(({ dtype, shape }) => ({ dtype, shape })),
    prepare(base) {
      const pointers = new Int32Array(buffer(), base, inputOffsets.length);
      for (let k = 0; k < inputOffsets.length; k++) pointers[k] = base + inputOffsets[k]!;
    },
    setInput(base, k, address) {
      new Int32Array(buffer(), base, k + 1)[k] = address;
    },
    ...(kept.length > 0 && {
      renew() {
        for (const address of kept) new Int32Array(buffer(), address, 1)[0] = 0;
      },
    }),
    run(base) {
      if (!linked && coldRuns === 0) linked = link();
      const status = linked ? linked(base) : interpret(base);
      if (status !== 0) fail(base, status - 1);
    },
    outputAddress: (base, k) => base + outputs[k]!.offset,
    dispose() {
      releaseAll(linked ? [linked, ...(alone ?? [])] : (alone ?? []));
      [linked, alone] = [null, null];
      for (const address of [...constants.values(), ...kept]) options.free(address);
    },
    runTraced,
    get isCompiled() {
      return linked !== null && !options.callList && steps.every((step) => kernels!.supports(step));
    },
    kernels: listKernels,
    memory: {
      inputs: program.inputs.reduce((sum, x) => sum + sizeOf(x), 0),
      buffers: plan.bufferBytes,
      constants: [...constants.keys()].reduce((sum, data) => sum + data.byteLength, 0),
    },
  };
}

function describeStep(step: Step, kernels: Kernels | null): string {
  if (kernels?.supports(step)) return kernels.describe(step);
  return `reference ${step.kind}`;
}
