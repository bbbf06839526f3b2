/** Small programs for the tests of the engine: built, compiled and run on any engine, values in and out as nested lists. */
import type { DTypeName } from "../../src/core/dtype.ts";
import { dtypeOf } from "../../src/core/dtype.ts";
import { NdArray, type NumberArray, viewElements } from "../../src/core/nd_array.ts";
import { elementCount, type FullShape } from "../../src/core/shape.ts";
import { type Builder, createBuilder } from "../../src/engine/builder.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Lowering, VariableRef } from "../../src/engine/lowering.ts";
import type { Program, Value } from "../../src/engine/primitive.ts";

export interface Variable {
  readonly dtype: DTypeName;
  /** undefined: no value yet. */
  readonly value?: NdArray;
}

export interface Setup {
  readonly inputs?: readonly NdArray[];
  readonly variables?: readonly Variable[];
  /** key and counter of each random slot (slots after the variables). */
  readonly states?: readonly (readonly number[])[];
}

export interface Built {
  readonly program: Program;
  readonly builder: Builder;
}

export const variable = (slot: number, dtype: DTypeName = "float32"): VariableRef => ({
  slot,
  name: `v${slot}`,
  dtype,
});

/** Builds a program of one op: `body` gets the lowering and the inputs, and returns the outputs. */
export function build(setup: Setup, body: (p: Lowering, inputs: readonly Value[]) => readonly Value[]): Built {
  let random = setup.variables?.length ?? 0;
  const builder = createBuilder({ variable: (slot) => ({ shape: setup.variables?.[slot]?.value?.shape ?? null }) });
  const inputs = (setup.inputs ?? []).map((x) => builder.input(x.dtype.base, x.shape));
  const p = builder.lowering({ randomSlot: () => random++, wrapError: (error) => error });
  return { program: builder.finish(body(p, inputs)), builder };
}

export interface Result {
  readonly outputs: readonly NdArray[];
  readonly variables: readonly (NdArray | undefined)[];
  readonly states: readonly (readonly number[])[];
  readonly error: Error | undefined;
}

const bytes = (data: NumberArray) => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

function put(engine: Engine, address: number, array: NdArray): void {
  new Uint8Array(engine.buffer).set(bytes(array.data as NumberArray), address);
}

function take(engine: Engine, address: number, dtype: DTypeName, shape: FullShape): NdArray {
  const type = dtypeOf(dtype);
  return new NdArray(type, shape, viewElements(type, engine.buffer, address, elementCount(shape)).slice());
}

/** Runs a program `times` times in one workspace; the outputs are those of the last run. */
export function execute(engine: Engine, { program, builder }: Built, setup: Setup, times = 1): Result {
  const written = builder.written();
  const variables = setup.variables ?? [];
  const addresses = variables.map(({ value }, slot) => {
    const after = written.get(slot);
    const size = (x: { dtype: DTypeName; shape: FullShape }) => elementCount(x.shape) * dtypeOf(x.dtype).sizeBytes;
    const before = value ? size({ dtype: value.dtype.base, shape: value.shape }) : 0;
    const address = engine.allocate(Math.max(before, after ? size(after) : 0));
    if (value) put(engine, address, value);
    return address;
  });
  const states = setup.states ?? [];
  for (const words of states) {
    const address = engine.allocate(32);
    new Uint32Array(engine.buffer, address, 8).set(words);
    addresses.push(address);
  }
  const executable = engine.compile(program, (slot) => addresses[slot]!);
  const base = engine.allocate(executable.workspaceBytes);
  executable.prepare(base);
  let error: Error | undefined;
  try {
    for (let i = 0; i < times; i++) {
      (setup.inputs ?? []).forEach((x, k) => {
        put(engine, base + executable.inputOffsets[k]!, x);
      });
      executable.run(base);
    }
  } catch (e) {
    error = e as Error;
  }
  const result = {
    outputs: executable.outputs.map(({ dtype, shape }, k) =>
      take(engine, executable.outputAddress(base, k), dtype, shape),
    ),
    variables: variables.map(({ value, dtype }, slot) => {
      const shape = written.get(slot)?.shape ?? value?.shape;
      return shape && take(engine, addresses[slot]!, dtype, shape);
    }),
    states: states.map((_, k) => Array.from(new Uint32Array(engine.buffer, addresses[variables.length + k]!, 8))),
    error,
  };
  for (const address of [base, ...addresses]) engine.free(address);
  return result;
}

/** Outputs of a program of constants and inputs as nested lists. */
export function lists(engine: Engine, setup: Setup, body: (p: Lowering, inputs: readonly Value[]) => readonly Value[]) {
  // Small programs are compiled after a few runs.
  const { outputs, error } = execute(engine, build(setup, body), setup, 4);
  if (error) throw error;
  return outputs.map((x) => x.toList());
}
