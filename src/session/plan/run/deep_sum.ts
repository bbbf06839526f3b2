/** Sums of products (sums.ts) while a loop runs: where the operands of some iterations wait, and when they are multiplied. */
import { dtypeOf } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Executable } from "../../../engine/engine.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { SessionState } from "../../state.ts";
import type { Borrowed, RunFrame, Segment } from "../segment.ts";
import { copyIn, EngineValue, type RunValue } from "../values.ts";
import { explainSegment, type SegmentExplanation } from "./explain.ts";
import type { Attempt, Specialisation } from "./specialisation.ts";
import { type Accumulator, findSums, layOutSum, operandsOf, programOf, type Sum, type SumLayout } from "./sums.ts";
import { nodesOf, type Tracer } from "./tracer.ts";
import type { Workspace } from "./workspaces.ts";

/** Where an operand comes from: a value that the segment reads, by the plan's number, or what its program gives behind its outputs. */
type OperandSource = { readonly value: number } | { readonly given: number };

/** The sums among a segment's accumulators: next values that it does not give, and the operands that it gives instead. */
export function deferSums(
  accumulators: readonly Accumulator[],
  attempt: Attempt,
  of: { readonly segment: Segment; readonly wanted: readonly Tensor[]; readonly state: SessionState },
): { readonly nexts: ReadonlySet<number>; readonly given: readonly Value[]; readonly deep: readonly DeepSum[] } {
  const { segment, wanted, state } = of;
  const { inputs, index, nodes } = segment;
  const found = findSums(accumulators, attempt, { inputs, wanted, index });
  const engineInputs: readonly unknown[] = attempt.engineInputs.map((i) => attempt.values.get(inputs[i]!));
  const given: Value[] = [];
  const deep = [...found.values()].map((sum) => {
    const sources = operandsOf(sum).map((operand): OperandSource => {
      const input = engineInputs.indexOf(operand);
      if (input < 0) return { given: given.push(operand) - 1 };
      return { value: index.get(inputs[attempt.engineInputs[input]!]!)! };
    });
    return new DeepSum(sum, sources, { state, nodes });
  });
  return { nexts: new Set(found.keys()), given, deep };
}

/** A sum of a specialisation; runs take its rooms. */
export class DeepSum {
  readonly sum: Sum;
  readonly sources: readonly OperandSource[];
  readonly layout: SumLayout;
  readonly state: SessionState;
  /** The segment's nodes. */
  readonly nodes: readonly Operation[];
  /** Rooms that wait. */
  readonly free: Workspace[] = [];

  constructor(sum: Sum, sources: readonly OperandSource[], of: { state: SessionState; nodes: readonly Operation[] }) {
    this.sum = sum;
    this.sources = sources;
    this.layout = layOutSum(sum);
    this.state = of.state;
    this.nodes = of.nodes;
  }

  take(): SumRoom {
    return (this.free.pop() as SumRoom | undefined) ?? new SumRoom(this);
  }

  explain(): readonly SegmentExplanation[] {
    return (this.free as SumRoom[]).slice(0, 1).flatMap((room) => room.explain());
  }

  dispose(): void {
    for (const room of this.free.splice(0)) (room as SumRoom).dispose();
  }
}

/** Memory of one sum in one run: the sum, and operands that are not multiplied yet. */
export class SumRoom implements Workspace {
  readonly base: number;
  readonly end: number;
  readonly sources = new Float64Array(0);
  readonly of: DeepSum;
  /** The sum, which lacks what waits. */
  readonly value: EngineValue;
  #count = 0;
  readonly #executables = new Map<number, Executable>();
  /** Where they run. */
  #workspace = 0;
  #workspaceBytes = 0;

  constructor(of: DeepSum) {
    const { dtype, shape } = of.sum;
    this.of = of;
    this.base = of.state.engine.allocate(of.layout.sizeBytes);
    this.end = this.base + of.layout.sizeBytes;
    this.value = new EngineValue(dtypeOf(dtype), shape, this.base);
  }

  /** Begins with a value. */
  start(from: RunValue): void {
    this.#count = 0;
    this.#bring(from, this.base, this.#sumBytes);
  }

  #bring(from: RunValue, to: number, sizeBytes: number): void {
    const { engine } = this.of.state;
    if (from instanceof NdArray) copyIn(engine, from, to);
    else engine.copy(to, (from as EngineValue).address, sizeBytes);
  }

  /** Keeps the operands of an iteration. Inputs come from the values themselves: their room may serve others when nothing reads it. */
  keep(values: RunFrame["values"], givenAt: (k: number) => number, trace: Tracer | undefined): void {
    const { layout, sources, state, sum } = this.of;
    for (const [i, source] of sources.entries()) {
      const { offset, rowBytes } = layout.operands[i]!;
      const to = this.base + offset + this.#count * rowBytes;
      if ("value" in source) this.#bring(values[source.value]!, to, rowBytes);
      else state.engine.copy(to, givenAt(source.given), rowBytes);
    }
    this.#count++;
    if (this.#count === sum.iterations) this.flush(trace);
  }

  /** Multiplies what waits. */
  flush(trace: Tracer | undefined): void {
    if (this.#count === 0) return;
    const executable = this.#executableFor(this.#count);
    this.#count = 0;
    executable.prepare(this.#workspace);
    if (trace) this.#runTraced(executable, trace);
    else executable.run(this.#workspace);
    this.of.state.engine.copy(this.base, executable.outputAddress(this.#workspace, 0), this.#sumBytes);
  }

  get #sumBytes(): number {
    const [m, n] = this.of.sum.shape;
    return m * n * dtypeOf(this.of.sum.dtype).sizeBytes;
  }

  #executableFor(count: number): Executable {
    const { sum, layout, state } = this.of;
    const { engine } = state;
    let executable = this.#executables.get(count);
    if (!executable) {
      const places = [this.base, ...layout.operands.map(({ offset }) => this.base + offset)];
      executable = engine.compile(programOf(sum, count), (slot) => places[slot]!);
      this.#executables.set(count, executable);
    }
    if (executable.workspaceBytes > this.#workspaceBytes) {
      if (this.#workspace) engine.free(this.#workspace);
      this.#workspace = engine.allocate(executable.workspaceBytes);
      this.#workspaceBytes = executable.workspaceBytes;
    }
    return executable;
  }

  #runTraced(executable: Executable, trace: Tracer): void {
    const { nodes, sum } = this.of;
    const kernels: Parameters<Tracer["segment"]>[0]["kernels"][number][] = [];
    const startMs = performance.now();
    executable.runTraced(this.#workspace, (kernel, time) => {
      kernels.push({ text: kernel.text, bytes: kernel.bytes, nodes: nodesOf(kernel, nodes), ...time });
    });
    trace.segment({
      nodes: [nodes[sum.origin]!],
      kernels,
      outputsOf: () => [],
      startMs,
      endMs: performance.now(),
    });
  }

  explain(): readonly SegmentExplanation[] {
    const { nodes, sum } = this.of;
    const executable = this.#executables.get(sum.iterations) ?? [...this.#executables.values()][0];
    return executable
      ? [
          explainSegment(
            nodes,
            executable,
            [],
            nodes.filter((_, i) => i !== sum.origin),
          ),
        ]
      : [];
  }

  dispose(): void {
    const { engine } = this.of.state;
    for (const executable of this.#executables.values()) executable.dispose?.();
    if (this.#workspace) engine.free(this.#workspace);
    engine.free(this.base);
  }
}

/** The sums of one loop that runs. */
export class RunningSums {
  readonly #rooms = new Map<number, SumRoom>();
  /** They live as long as what these do. */
  readonly #borrowed: Borrowed[];

  constructor(borrowed: Borrowed[]) {
    this.#borrowed = borrowed;
  }

  /** Completes sums whose values are read next: all, or those of a segment's own accumulators that it does not add to again. */
  settle(trace: Tracer | undefined, own?: readonly Accumulator[], kept: readonly DeepSum[] = []): void {
    for (const [merge, room] of this.#rooms) {
      if (!kept.includes(room.of) && (!own || own.some((accumulator) => accumulator.merge === merge)))
        room.flush(trace);
    }
  }

  /** After a run of their segment: keeps operands in place of what the accumulators would be next. */
  keep({ sums, executable, outputs }: Specialisation, { values, trace }: RunFrame, { base }: Workspace): void {
    const givenAt = (k: number): number => executable.outputAddress(base, outputs.length + k);
    for (const deep of sums) {
      const { merge, next } = deep.sum.accumulator;
      let room = this.#rooms.get(merge);
      if (room?.of !== deep || values[merge] !== room.value) {
        if (room?.of !== deep) {
          room = deep.take();
          this.#rooms.set(merge, room);
          this.#borrowed.push({ free: deep.free, workspace: room });
        }
        room.start(values[merge]!);
      }
      room.keep(values, givenAt, trace);
      values[merge] = room.value;
      values[next] = room.value;
    }
  }
}
