/**
 * Segments: straight lines of lowerable nodes, compiled once for each set of input shapes (and of small integer inputs that shapes depend
 * on). Where a shape depends on a value that the segment itself computes, the segment is cut there: the first part runs, the rest is
 * specialised on what came out.
 */
import { type DType, dtypeOf } from "../../core/dtype.ts";
import { NdArray, type NumberArray } from "../../core/nd_array.ts";
import { elementCount, type FullShape, sameShape } from "../../core/shape.ts";
import { createBuilder, NeedsValue } from "../../engine/builder.ts";
import type { Value } from "../../engine/primitive.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { SessionState } from "../state.ts";
import { type Absorptions, nodesFrom } from "./absorb.ts";
import { atNode } from "./errors.ts";
import { inputLeaves, type Lowered, lowerNode, maxConcreteElements, neededInputs } from "./lower_node.ts";
import { deferSums, type RunningSums } from "./run/deep_sum.ts";
import { explainSegment, type SegmentExplanation } from "./run/explain.ts";
import type { Attempt, Growth, Specialisation } from "./run/specialisation.ts";
import { factsOf, hasElements, noOp, retyped } from "./run/specialisation.ts";
import type { Accumulator } from "./run/sums.ts";
import { runTraced, type Tracer } from "./run/tracer.ts";
import { allocateWorkspace, bindInputs, freeWorkspaces, roomFor, type Workspace } from "./run/workspaces.ts";
import { EngineValue, keep, type RunValue, VariableValue, viewOf } from "./values.ts";

/** The values of a run by the plan's numbers for tensors, and the workspaces to give back at its end. */
export interface RunFrame {
  readonly values: (RunValue | undefined)[];
  /** Workspaces in use, to be given back at the end. */
  readonly borrowed: Borrowed[];
  /** Called when the run is over. */
  readonly releases: (() => void)[];
  readonly trace?: Tracer | undefined;
  /** Of the loop that it is an iteration of. */
  readonly sums?: RunningSums;
}

export interface Borrowed {
  readonly free: Workspace[];
  readonly workspace: Workspace;
}

/** Ends a run: its workspaces go back, its nodes' releases are called. */
export function giveBack(frame: RunFrame): void {
  const { borrowed, releases } = frame;
  for (const release of releases.splice(0)) release();
  for (let i = 0; i < borrowed.length; i++) borrowed[i]!.free.push(borrowed[i]!.workspace);
  borrowed.length = 0;
}

/** How the plan numbers tensors. */
export type TensorIndex = ReadonlyMap<Tensor, number>;

const maxSpecialisations = 48;
const noConstants: ReadonlyMap<Tensor, NdArray> = new Map();
const never = (): boolean => false;

export class Segment {
  readonly nodes: readonly Operation[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly growth: Growth;
  readonly #constants: ReadonlyMap<Tensor, NdArray>;
  /** Read where they are made; a variable itself, when the run is over. */
  readonly #fetchedRefs: ReadonlySet<Tensor>;
  readonly index: TensorIndex;
  readonly #state: SessionState;
  readonly #absorptions: Absorptions | undefined;
  readonly #isOurs: (input: Tensor) => boolean;
  readonly #isLasting: (input: Tensor) => boolean;
  readonly #accumulators: readonly Accumulator[];
  readonly #inputIndex: readonly number[];
  /** Inputs whose values are part of the key. */
  readonly #concrete: Set<number>;
  readonly #specialisations = new Map<string, Specialisation>();
  #last: Specialisation | null = null;

  constructor(options: {
    nodes: readonly Operation[];
    inputs: readonly Tensor[];
    /** Values from outside that are the same in every run. */
    constants?: ReadonlyMap<Tensor, NdArray>;
    outputs: readonly Tensor[];
    fetchedRefs: ReadonlySet<Tensor>;
    index: TensorIndex;
    state: SessionState;
    concrete?: Iterable<number>;
    growth?: Growth;
    absorptions?: Absorptions | undefined;
    /** May an input be given on as it is? Not what the caller of the run holds. */
    isOurs?: (input: Tensor) => boolean;
    /** Is an input the same in every iteration of the loop? */
    isLasting?: (input: Tensor) => boolean;
    /** Variables of the loop that nothing else in it reads. */
    accumulators?: readonly Accumulator[];
  }) {
    this.#absorptions = options.absorptions;
    this.#isOurs = options.isOurs ?? never;
    this.#isLasting = options.isLasting ?? never;
    this.#accumulators = options.accumulators ?? [];
    this.growth = options.growth ?? { compiled: 0, shapedBy: new Set() };
    this.nodes = options.nodes;
    this.inputs = options.inputs;
    this.#constants = options.constants ?? noConstants;
    this.outputs = options.outputs;
    this.#fetchedRefs = options.fetchedRefs;
    this.index = options.index;
    this.#state = options.state;
    this.#inputIndex = options.inputs.map((tensor) => options.index.get(tensor)!);
    this.#concrete = new Set(options.concrete);
  }

  /** What it was in the last run. */
  get last(): Specialisation | null {
    return this.#last;
  }

  run(frame: RunFrame): void {
    let segment: Segment | null = this;
    while (segment) segment = segment.#runOnce(frame);
  }

  #runOnce(frame: RunFrame): Segment | null {
    const { engine } = this.#state;
    const spec = this.#specialise(frame);
    if (this.#accumulators.length > 0) frame.sums?.settle(frame.trace, this.#accumulators, spec.sums);
    const workspace = spec.free.pop() ?? allocateWorkspace(engine, spec.executable, spec.free);
    frame.borrowed.push({ free: spec.free, workspace });
    const { base } = workspace;
    const { executable } = spec;
    bindInputs(engine, spec, this.#inputIndex, { frame, workspace });
    if (frame.trace) {
      spec.lowered ??= this.#lower(frame);
      runTraced(spec, base, { nodes: this.nodes, state: this.#state, trace: frame.trace });
    } else executable.run(base);
    for (const { slot, shape } of spec.written) this.#state.commitVariable(this.#state.variableAt(slot), shape);
    for (let k = 0; k < spec.outputs.length; k++) {
      const { index, dtype } = spec.outputs[k]!;
      frame.values[index] = new EngineValue(dtype, executable.outputs[k]!.shape, executable.outputAddress(base, k));
    }
    for (const { index, value } of spec.known) frame.values[index] = value;
    for (const { index, from } of spec.passed) frame.values[index] = frame.values[from];
    if (spec.sums.length > 0) frame.sums!.keep(spec, frame, workspace);
    return spec.next;
  }

  #specialise(frame: RunFrame): Specialisation {
    const last = this.#last;
    if (last && this.#fits(last, frame) && this.#isCurrent(last)) return last;
    const key = this.#keyOf(frame);
    let spec = this.#specialisations.get(key);
    if (spec && !this.#isCurrent(spec)) {
      this.#drop(spec);
      spec = undefined;
    }
    if (!spec) {
      spec = this.#compile(frame);
      if (this.#specialisations.size >= maxSpecialisations) this.#drop(this.#specialisations.values().next().value!);
    } else this.#specialisations.delete(spec.key);
    this.#specialisations.set(spec.key, spec);
    this.#last = spec;
    return spec;
  }

  /** Are the run's variables, shapes and values that shapes depend on those of the specialisation? */
  #fits({ shapes, given }: Specialisation, frame: RunFrame): boolean {
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!;
      const fact = given[i]!;
      const value = frame.values[this.#inputIndex[i]!]!;
      if (value instanceof VariableValue) {
        if (value.slot !== fact) return false;
        continue;
      }
      const array = value as NdArray | EngineValue;
      if (shape === null || (array.shape !== shape && !sameShape(array.shape, shape))) return false;
      if (fact !== null && !hasElements(fact as NumberArray, array, this.#state.engine.buffer)) return false;
    }
    return true;
  }

  #isCurrent(spec: Specialisation): boolean {
    if (spec.layoutVersion === this.#state.layoutVersion) return true;
    for (const { slot, shape, address } of spec.assumed) {
      const variable = this.#state.variableAt(slot);
      if (variable.address !== address) return false;
      if (shape === undefined) continue;
      if (variable.shape === null ? shape !== null : shape === null || !sameShape(variable.shape, shape)) return false;
    }
    spec.layoutVersion = this.#state.layoutVersion;
    return true;
  }

  #drop(spec: Specialisation): void {
    this.#specialisations.delete(spec.key);
    freeWorkspaces(this.#state.engine, spec.free);
    spec.executable.dispose?.();
    for (const sum of spec.sums) sum.dispose();
    spec.next?.dispose();
    if (this.#last === spec) this.#last = null;
  }

  dispose(): void {
    for (const spec of [...this.#specialisations.values()]) this.#drop(spec);
  }

  #keyOf(frame: RunFrame): string {
    let key = "";
    for (let i = 0; i < this.inputs.length; i++) {
      const value = frame.values[this.#inputIndex[i]!]!;
      if (value instanceof VariableValue) key += `v${value.slot};`;
      else {
        const array = value as NdArray | EngineValue;
        key += `${array.shape.join(",")};`;
        if (this.#isConcrete(i, array)) key += `=${this.#arrayOf(array).data};`;
      }
    }
    return key;
  }

  /** Is its value part of the key? */
  #isConcrete(input: number, { shape }: NdArray | EngineValue): boolean {
    return this.#concrete.has(input) && elementCount(shape) <= maxConcreteElements;
  }

  #arrayOf(value: NdArray | EngineValue): NdArray {
    return value instanceof EngineValue ? viewOf(this.#state.engine, value) : value;
  }

  /** Lowers and compiles for the values of this run. Starts again when a shape turns out to depend on an input's value. */
  #compile(frame: RunFrame): Specialisation {
    this.growth.compiled++;
    for (;;) {
      const attempt = this.#lower(frame);
      if (attempt.wanted.length === 0) return this.#finish(frame, attempt);
      for (const input of attempt.wanted) this.#concrete.add(input);
    }
  }

  #lower(frame: RunFrame): Attempt {
    const assumed = new Map<number, FullShape | null | undefined>();
    const builder = createBuilder({
      variable: (slot) => {
        const { shape } = this.#state.variableAt(slot);
        assumed.set(slot, shape);
        return { shape };
      },
    });
    const values = new Map<Tensor, Lowered>();
    const engineInputs: number[] = [];
    const inputOf = new Map<Value, number>();
    for (const [tensor, value] of this.#constants) values.set(tensor, builder.lowering(noOp).constant(value));
    for (const [i, tensor] of this.inputs.entries()) {
      const value = frame.values[this.#inputIndex[i]!]!;
      if (value instanceof VariableValue) values.set(tensor, value);
      else {
        const array = value as NdArray | EngineValue;
        if (this.#isConcrete(i, array)) {
          const copy = this.#arrayOf(array);
          const constant = new NdArray(copy.dtype, copy.shape, (copy.data as Float32Array).slice());
          values.set(tensor, builder.lowering(noOp).constant(constant));
        } else {
          const lowered = builder.input(array.dtype.base, array.shape);
          engineInputs.push(i);
          inputOf.set(lowered, i);
          values.set(tensor, lowered);
        }
      }
    }
    const attempt: Attempt = { builder, values, engineInputs, assumed, cut: null, wanted: [] };
    for (const [k, op] of this.nodes.entries()) {
      if (this.#absorptions?.absorber(op)) continue;
      builder.from(k);
      try {
        lowerNode(op, builder, values, this.#state, this.#absorptions?.group(op));
      } catch (error) {
        if (!(error instanceof NeedsValue)) throw atNode(error, op);
        this.growth.shapedBy.add(op);
        const leaves = inputLeaves(error.value, inputOf);
        if (leaves) return { ...attempt, wanted: leaves };
        return { ...attempt, cut: { at: k, needed: neededInputs(op, error.value, values) } };
      }
      for (const output of op.definition.variable ? [] : op.outputs) {
        const value = values.get(output);
        if (value instanceof VariableValue && this.#fetchedRefs.has(output) && output.dtype.base !== "string") {
          try {
            values.set(output, builder.lowering(noOp).read(value));
          } catch (error) {
            throw atNode(error, op, `_retval_${op.name}_0_0`);
          }
        }
      }
    }
    return attempt;
  }

  #finish(frame: RunFrame, attempt: Attempt): Specialisation {
    const { builder, values, engineInputs, cut } = attempt;
    let wanted: readonly Tensor[] = this.outputs;
    let next: Segment | null = null;
    if (cut) {
      const rest = nodesFrom(this.nodes, cut.at, this.#absorptions);
      const own = new Set(rest.flatMap((op) => op.outputs));
      const isInput = (tensor: Tensor) => !own.has(tensor) && !this.#constants.has(tensor);
      const inputs = [...new Set(rest.flatMap((op) => op.inputs))].filter(isInput);
      next = new Segment({
        nodes: rest,
        inputs,
        constants: this.#constants,
        outputs: this.outputs.filter((tensor) => own.has(tensor)),
        fetchedRefs: this.#fetchedRefs,
        index: this.index,
        state: this.#state,
        growth: this.growth,
        concrete: inputs.flatMap((tensor, i) => (cut.needed.has(tensor) ? [i] : [])),
        absorptions: this.#absorptions,
        isLasting: this.#isLasting,
      });
      const external = new Set(this.inputs);
      wanted = [
        ...new Set([
          ...this.outputs.filter((tensor) => !own.has(tensor)),
          ...inputs.filter((tensor) => !external.has(tensor)),
        ]),
      ];
    }
    const program: Value[] = [];
    const outputs: { index: number; dtype: DType }[] = [];
    const known: { index: number; value: NdArray | VariableValue }[] = [];
    const passed: { index: number; from: number }[] = [];
    const sources = new Map(engineInputs.map((i) => [values.get(this.inputs[i]!)!, i]));
    const lowering = builder.lowering(noOp);
    const sums = deferSums(cut ? [] : this.#accumulators, attempt, { segment: this, wanted, state: this.#state });
    for (const tensor of wanted) {
      const value = values.get(tensor);
      const index = this.index.get(tensor)!;
      if (value === undefined || sums.nexts.has(index)) continue;
      const source = sources.get(value);
      if (value instanceof VariableValue) known.push({ index, value });
      else if (
        source !== undefined &&
        this.#isOurs(this.inputs[source]!) &&
        this.inputs[source]!.dtype.base === tensor.dtype.base
      )
        passed.push({ index, from: this.#inputIndex[source]! });
      else {
        const constant = lowering.constantOf(value);
        if (constant) known.push({ index, value: keep(retyped(constant, tensor.dtype.baseDtype)) });
        else {
          program.push(value);
          outputs.push({
            index,
            dtype: tensor.dtype.baseDtype.base === value.dtype ? tensor.dtype.baseDtype : dtypeOf(value.dtype),
          });
        }
      }
    }
    const finished = builder.finish([...program, ...sums.given]);
    const written = [...builder.written()].map(([slot, { shape }]) => ({ slot, shape }));
    for (const { slot, shape } of written) {
      this.#state.reserveVariable(this.#state.variableAt(slot), shape);
      if (!attempt.assumed.has(slot)) attempt.assumed.set(slot, undefined);
    }
    const facts = engineInputs.map((i) => ({
      room: roomFor(frame.values[this.#inputIndex[i]!]!),
      isLasting: this.#isLasting(this.inputs[i]!),
    }));
    const executable = this.#state.engine.compile(finished, this.#state.slotAddress, facts);
    return {
      key: this.#keyOf(frame),
      ...factsOf(
        this.#inputIndex.map((index) => frame.values[index]!),
        (array, i) => (this.#isConcrete(i, array) ? (this.#arrayOf(array).data.slice() as NumberArray) : null),
      ),
      executable,
      engineInputs,
      outputs,
      known,
      passed,
      written,
      sums: sums.deep,
      assumed: [...attempt.assumed].map(([slot, shape]) => {
        return { slot, shape, address: this.#state.variableAt(slot).address };
      }),
      next,
      free: [],
      layoutVersion: this.#state.layoutVersion,
    };
  }

  /** What it has become so far, for `tsflow explain`: each specialisation, and after a cut the parts that follow. */
  explain(): readonly SegmentExplanation[] {
    return [...this.#specialisations.values()].flatMap(({ executable, shapes, sums, next }) => [
      explainSegment(this.nodes, executable, shapes, next?.nodes),
      ...sums.flatMap((sum) => sum.explain()),
      ...(next?.explain() ?? []),
    ]);
  }
}
