/**
 * A loop whose body and condition are a segment each, once its shapes have settled: both become one program, from the loop's variables
 * to their next values and whether the loop goes on. Two workspaces read each other's results, so that an iteration is one call.
 */
import { OpError } from "../../../core/error.ts";
import { sameShape } from "../../../core/shape.ts";
import { createBuilder, NeedsValue } from "../../../engine/builder.ts";
import type { Executable } from "../../../engine/engine.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { SessionState } from "../../state.ts";
import { atNode } from "../errors.ts";
import type { HostEnvironment } from "../host.ts";
import { type Lowered, lowerNode } from "../lower_node.ts";
import { allocateWorkspace, freeWorkspaces, type Workspace } from "../run/workspaces.ts";
import type { RunFrame, TensorIndex } from "../segment.ts";
import { copyIn, copyOut, EngineValue, memoryOf, type RunValue, VariableValue } from "../values.ts";
import type { LoopPlaces } from "./loop.ts";
import type { Region } from "./region.ts";

export interface TightLoopParts {
  readonly variables: readonly LoopPlaces[];
  readonly predicate: number;
  readonly index: TensorIndex;
  readonly state: SessionState;
}

/** Null where the loop's regions are more than a segment each, or change variables of the session. */
export function createTightLoop(
  parts: TightLoopParts & { readonly condition: Region; readonly body: Region },
): TightLoop | null {
  const [condition, body] = [soleNodes(parts.condition), soleNodes(parts.body)];
  if (!condition || !body) return null;
  const made = new Set(condition.flatMap((op) => op.outputs.map((output) => parts.index.get(output)!)));
  const needsCondition = body.some((op) => op.inputs.some((input) => made.has(parts.index.get(input)!)));
  return needsCondition ? null : new TightLoop(parts, condition, body);
}

function soleNodes({ stages }: Region): readonly Operation[] | null {
  const [stage] = stages;
  if (stages.length !== 1 || stage!.segments.length !== 1 || stage!.guard.length > 0 || stage!.hasLoop) return null;
  return stage!.nodes.every((op) => op.definition.updates.length === 0) ? stage!.nodes : null;
}

interface Compiled {
  readonly key: string;
  readonly executable: Executable;
  /** Numbers of the program's inputs, in order. */
  readonly inputs: readonly number[];
  /** Loop variables that the body changes: their places, and which input they are (-1: none). Output k is the next value. */
  readonly changing: readonly { readonly place: LoopPlaces; readonly input: number; readonly value: EngineValue }[];
  readonly free: Workspace[];
}

/** Looks at the clock after this many iterations. */
const clockEvery = 1024;
const maxCompiled = 4;

export class TightLoop {
  readonly #parts: TightLoopParts;
  readonly #condition: readonly Operation[];
  readonly #body: readonly Operation[];
  /** By what the run begins with; null: not possible. */
  readonly #compiled = new Map<string, Compiled | null>();

  constructor(parts: TightLoopParts, condition: readonly Operation[], body: readonly Operation[]) {
    this.#parts = parts;
    this.#condition = condition;
    this.#body = body;
  }

  /** Runs until the condition is false or `pauseAt` has passed. False: not possible for these values. */
  run(frame: RunFrame, environment: HostEnvironment, pauseAt: number): "done" | "paused" | "impossible" {
    const compiled = this.#compiledFor(frame);
    if (!compiled) return "impossible";
    const { executable, changing, free } = compiled;
    const { engine } = environment.state;
    let current = this.#workspace(compiled);
    let other = this.#workspace(compiled);
    this.#bind(compiled, frame, current, other);
    const { bytes } = memoryOf(engine);
    const last = changing.length;
    const flags = [current, other].map(({ base }) => executable.outputAddress(base, last)) as [number, number];
    let [flag, otherFlag] = flags;
    let isPaused = false;
    try {
      for (let count = 1; ; count++) {
        executable.run(current.base);
        if (bytes[flag] === 0) break;
        if (count % clockEvery === 0 && performance.now() > pauseAt) {
          isPaused = true;
          break;
        }
        [current, other] = [other, current];
        [flag, otherFlag] = [otherFlag, flag];
      }
    } catch (error) {
      free.push(current, other);
      throw error;
    }
    for (let k = 0; k < changing.length; k++) {
      const { place, value } = changing[k]!;
      const next = new EngineValue(value.dtype, value.shape, executable.outputAddress(current.base, k));
      frame.values[place.merge] = isPaused ? copyOut(engine, next) : next;
    }
    if (isPaused) free.push(current, other);
    else frame.borrowed.push({ free, workspace: current }, { free, workspace: other });
    return isPaused ? "paused" : "done";
  }

  #workspace({ free, executable }: Compiled): Workspace {
    return free.pop() ?? allocateWorkspace(this.#parts.state.engine, executable, free);
  }

  /** The first workspace reads what the second one's results are to begin with, and each reads the other's. */
  #bind({ executable, inputs, changing }: Compiled, frame: RunFrame, first: Workspace, second: Workspace): void {
    const { engine } = this.#parts.state;
    executable.renew?.();
    const starts = changing.map(({ place }) => {
      const value = frame.values[place.merge]!;
      return value instanceof EngineValue ? copyOut(engine, value) : value;
    });
    for (const [k, start] of starts.entries()) copyIn(engine, start as never, executable.outputAddress(second.base, k));
    for (const [workspace, source] of [
      [first, second],
      [second, first],
    ] as const) {
      for (const [i, number] of inputs.entries()) {
        const k = changing.findIndex(({ input }) => input === i);
        const value = frame.values[number]!;
        const room = workspace.base + executable.inputOffsets[i]!;
        let address = room;
        if (k >= 0) address = executable.outputAddress(source.base, k);
        else if (value instanceof EngineValue) address = value.address;
        else copyIn(engine, value as never, room);
        executable.setInput(workspace.base, i, address);
        workspace.sources[i] = address;
      }
    }
  }

  #compiledFor(frame: RunFrame): Compiled | null {
    const { state } = this.#parts;
    let key = `${state.layoutVersion}`;
    for (const number of this.#inputNumbers()) {
      const value = frame.values[number];
      if (value instanceof VariableValue) key += `;v${value.slot}`;
      else if (typeof value === "object") key += `;${value.dtype.name} ${value.shape}`;
      else return null;
    }
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = this.#compile(key, frame);
      if (this.#compiled.size >= maxCompiled) this.#drop(this.#compiled.keys().next().value!);
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }

  #numbers: readonly number[] | null = null;

  /** Numbers of all values that come from outside the program: loop variables and what the loop only reads. */
  #inputNumbers(): readonly number[] {
    if (this.#numbers) return this.#numbers;
    const { index, variables } = this.#parts;
    const made = new Set<number>();
    const used = new Set<number>(variables.map(({ merge }) => merge));
    for (const op of [...this.#body, ...this.#condition]) {
      for (const input of op.inputs) if (!made.has(index.get(input)!)) used.add(index.get(input)!);
      for (const output of op.outputs) if (!used.has(index.get(output)!)) made.add(index.get(output)!);
    }
    this.#numbers = [...used];
    return this.#numbers;
  }

  #compile(key: string, frame: RunFrame): Compiled | null {
    const { state, variables, predicate } = this.#parts;
    const builder = createBuilder({ variable: (slot) => ({ shape: state.variableAt(slot).shape }) });
    const values = new Map<number, Lowered>();
    const inputs: number[] = [];
    for (const number of this.#inputNumbers()) {
      const value = frame.values[number] as Exclude<RunValue, symbol>;
      if (value instanceof VariableValue) values.set(number, value);
      else {
        values.set(number, builder.input(value.dtype.base, value.shape));
        inputs.push(number);
      }
    }
    const lower = (op: Operation): void => this.#lower(op, builder, values);
    try {
      for (const op of this.#body) lower(op);
      const changed = variables.filter(({ merge, next }) => merge !== next);
      const nexts = changed.map(({ next }) => values.get(next)!);
      const starts = changed.map(({ merge }) => frame.values[merge] as EngineValue);
      for (const [k, next] of nexts.entries()) {
        if (next instanceof VariableValue || starts[k] instanceof VariableValue) return null;
        if (next.dtype !== starts[k]!.dtype.base || !sameShape(next.shape, starts[k]!.shape)) return null;
      }
      for (const [k, { merge }] of changed.entries()) values.set(merge, nexts[k]!);
      for (const op of this.#condition) lower(op);
      const program = builder.finish([...(nexts as Value[]), values.get(predicate) as Value]);
      const factsOf = (number: number) => ({ isLasting: changed.every(({ merge }) => merge !== number) });
      if (builder.written().size > 0) return null;
      return {
        key,
        executable: state.engine.compile(program, state.slotAddress, inputs.map(factsOf)),
        inputs,
        changing: changed.map((place, k) => ({ place, input: inputs.indexOf(place.merge), value: starts[k]! })),
        free: [],
      };
    } catch (error) {
      // What the loop cannot be compiled for, its regions run, or say what is wrong.
      if (error instanceof NeedsValue || error instanceof OpError) return null;
      throw error;
    }
  }

  #lower(op: Operation, builder: Parameters<typeof lowerNode>[1], byNumber: Map<number, Lowered>): void {
    const { index, state } = this.#parts;
    const values = new Map<Tensor, Lowered>();
    for (const input of op.inputs) values.set(input, byNumber.get(index.get(input)!)!);
    try {
      lowerNode(op, builder, values, state);
    } catch (error) {
      throw atNode(error, op);
    }
    for (const output of op.outputs) byNumber.set(index.get(output)!, values.get(output)!);
  }

  #drop(key: string): void {
    const compiled = this.#compiled.get(key);
    this.#compiled.delete(key);
    if (!compiled) return;
    freeWorkspaces(this.#parts.state.engine, compiled.free);
    compiled.executable.dispose?.();
  }

  dispose(): void {
    for (const key of [...this.#compiled.keys()]) this.#drop(key);
  }
}
