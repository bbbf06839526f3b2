/** What plans of well-known programs must look like: how many passes, and in whose memory. */
import { describe, expect, test } from "vitest";
import type { DTypeName } from "../../src/core/dtype.ts";
import { elementCount, type FullShape } from "../../src/core/shape.ts";
import { createBuilder } from "../../src/engine/builder.ts";
import { type CompileOptions, compileProgram } from "../../src/engine/compile.ts";
import type { InputFacts, InputRoom } from "../../src/engine/engine.ts";
import type { Lowering } from "../../src/engine/lowering.ts";
import type { Value } from "../../src/engine/primitive.ts";
import type { LoopStep, MatmulStep, Place, Step } from "../../src/engine/step.ts";
import { variable } from "./support.ts";

interface Declared {
  readonly inputs?: readonly (readonly [DTypeName, FullShape])[];
  readonly variables?: readonly FullShape[];
}

const slotAddress = (slot: number): number => (slot + 1) * 1_000_000;

function planOf(
  { inputs = [], variables = [] }: Declared,
  body: (p: Lowering, inputs: Value[]) => readonly Value[],
  options: Pick<CompileOptions, "kernels" | "inputs"> = {},
) {
  const builder = createBuilder({ variable: (slot) => ({ shape: variables[slot]! }) });
  const values = inputs.map(([dtype, shape]) => builder.input(dtype, shape));
  const p = builder.lowering({ randomSlot: () => 0, wrapError: (error) => error });
  return compileProgram(builder.finish(body(p, values)), slotAddress, { allocate: () => 0, ...options });
}

const kinds = (steps: readonly Step[]): string[] => steps.map(({ kind }) => kind);
const isSlot = (place: Place, slot: number): boolean => place.at === "memory" && place.address === slotAddress(slot);
const loops = (steps: readonly Step[]): LoopStep[] => steps.filter((step): step is LoopStep => step.kind === "loop");

describe("plans", () => {
  test("a scalar training step is one pass without a loop", () => {
    const { steps } = planOf(
      {
        inputs: [
          ["float32", []],
          ["float32", []],
        ],
        variables: [[], []],
      },
      (p, [x, y]) => {
        const [m, b] = [p.read(variable(0)), p.read(variable(1))];
        const error = p.sub(p.add(p.mul(m, x!), b), y!);
        const slope = p.mul(error, p.scalar(2e-3, "float32"));
        p.write(variable(0), p.sub(m, p.mul(slope, x!)));
        p.write(variable(1), p.sub(b, slope));
        return [p.square(error)];
      },
    );
    expect(kinds(steps)).toEqual(["loop"]);
    const [step] = loops(steps);
    expect(step!.extents).toEqual([]);
    expect(step!.stores.filter(({ view }) => view.place.at === "memory")).toHaveLength(2);
  });

  test("Adam is one pass over the variable and its slots, in place", () => {
    const n = 1000;
    const { steps } = planOf({ inputs: [["float32", [n]]], variables: [[n], [n], [n]] }, (p, [g]) => {
      const [w, m, v] = [0, 1, 2].map((slot) => p.read(variable(slot))) as [Value, Value, Value];
      const f = (x: number) => p.scalar(x, "float32");
      const m1 = p.add(m, p.mul(p.sub(g!, m), f(0.1)));
      const v1 = p.add(v, p.mul(p.sub(p.square(g!), v), f(0.001)));
      p.write(variable(1), m1);
      p.write(variable(2), v1);
      p.write(variable(0), p.sub(w, p.div(p.mul(m1, f(0.01)), p.add(p.sqrt(v1), f(1e-8)))));
      return [];
    });
    expect(kinds(steps)).toEqual(["loop"]);
    const [step] = loops(steps);
    expect(step!.extents).toEqual([n]);
    for (const slot of [0, 1, 2]) expect(step!.stores.filter(({ view }) => isSlot(view.place, slot))).toHaveLength(1);
  });

  test("bias, relu, its mask and the update run inside the products", () => {
    const { steps } = planOf({ inputs: [["float32", [50, 20]]], variables: [[20, 30], [30], [30, 30]] }, (p, [x]) => {
      const zero = p.scalar(0, "float32");
      const w = p.read(variable(0));
      const y = p.max(p.add(p.matmul(x!, w), p.read(variable(1))), zero);
      const masked = p.mul(p.cast(p.gt(y, zero), "float32"), p.matmul(y, p.read(variable(2))));
      p.write(variable(0), p.sub(w, p.mul(p.matmul(x!, masked, { transposeA: true }), p.scalar(0.1, "float32"))));
      return [];
    });
    expect(kinds(steps)).toEqual(["matmul", "matmul", "matmul"]);
    const [forward, backward, update] = steps as [MatmulStep, MatmulStep, MatmulStep];
    // The mask is not stored, but computed again from the activations.
    expect(forward.epilogue!.stores).toHaveLength(1);
    expect(backward.epilogue!.stores).toHaveLength(1);
    expect(update.scratch).toBe(true);
    expect(update.epilogue!.stores.some(({ view }) => isSlot(view.place, 0))).toBe(true);
  });

  test("gathered rows go straight into their concat", () => {
    const { steps } = planOf(
      {
        inputs: [
          ["int32", [64]],
          ["float32", [64, 3]],
        ],
        variables: [
          [100, 8],
          [100, 8],
        ],
      },
      (p, [ids, x]) => [p.concat([p.gather(p.read(variable(0)), ids!), p.gather(p.read(variable(1)), ids!), x!], 1)],
    );
    expect(kinds(steps)).toEqual(["gather", "gather", "loop"]);
    for (const step of steps) if (step.kind === "gather") expect(step.outStride).toBe(19);
  });

  test("rows of a variable are changed in place", () => {
    const { steps } = planOf(
      {
        inputs: [
          ["int32", [4]],
          ["float32", [4, 8]],
        ],
        variables: [[100, 8]],
      },
      (p, [ids, rows]) => {
        p.write(variable(0), p.scatter("add", p.read(variable(0)), ids!, rows!));
        return [];
      },
    );
    expect(kinds(steps)).toEqual(["scatter"]);
  });

  test("a value that is still needed after a write is copied before it, and no other", () => {
    const declared: Declared = { variables: [[1000]] };
    const update = (after: boolean) =>
      planOf(declared, (p) => {
        const before = p.read(variable(0));
        const total = p.sum(before, [0]);
        p.write(variable(0), p.mul(before, total));
        return after ? [p.reduce("max", p.scan("sum", before, 0), [0])] : [];
      }).workspaceBytes;
    expect(update(true) - update(false)).toBeGreaterThanOrEqual(8000);
    expect(update(false)).toBeLessThan(4000);
  });

  test("views cost nothing: a transposed product, a slice and a broadcast need no copies", () => {
    const { steps } = planOf(
      {
        inputs: [
          ["float32", [20, 30]],
          ["float32", [20, 30]],
        ],
      },
      (p, [x, y]) => {
        const product = p.matmul(p.transpose(x!, [1, 0]), y!);
        return [p.add(product, p.reshape(p.slice(x!, [3, 0], [1, 30]), [30]))];
      },
    );
    expect(kinds(steps)).toEqual(["matmul"]);
    expect((steps[0] as MatmulStep).transposeA).toBe(true);
  });

  test("a long chain of layers keeps its activations and little more", () => {
    const layers = 20;
    const size: FullShape = [64, 256];
    const plan = planOf(
      { inputs: [["float32", size]], variables: Array.from({ length: layers }, () => [256, 256]) },
      (p, [x]) => {
        const activations = [x!];
        for (let i = 0; i < layers; i++) activations.push(p.tanh(p.matmul(activations[i]!, p.read(variable(i)))));
        let dy = activations[layers]!;
        for (let i = layers - 1; i >= 0; i--) {
          const y = activations[i + 1]!;
          const dz = p.mul(dy, p.sub(p.scalar(1, "float32"), p.square(y)));
          const w = p.read(variable(i));
          dy = p.matmul(dz, w, { transposeB: true });
          p.write(
            variable(i),
            p.sub(w, p.mul(p.matmul(activations[i]!, dz, { transposeA: true }), p.scalar(0.1, "float32"))),
          );
        }
        return [];
      },
    );
    const activations = layers * elementCount(size) * 4;
    const gradients = layers * 256 * 256 * 4;
    expect(plan.workspaceBytes).toBeLessThan(1.3 * (activations + gradients));
  });

  test("rooms of inputs: one alone, one that others use once it is read, none", () => {
    const n = 4096;
    const planned = (rooms: readonly InputRoom[]) =>
      planOf(
        {
          inputs: [
            ["float32", [n]],
            ["float32", [n]],
          ],
        },
        (p, [x, y]) => [p.scan("sum", p.mul(x!, y!), 0)],
        { inputs: rooms.map((room): InputFacts => ({ room })) },
      );
    const [kept, once, none] = [planned([]), planned(["once", "once"]), planned(["none", "none"])];
    const inputs = 2 * 4 * n;
    expect(kept.workspaceBytes - none.workspaceBytes).toBe(inputs);
    expect(none.inputOffsets).toEqual([-1, -1]);
    // The product takes the place of an operand, and the sums that of the other one.
    expect(once.workspaceBytes).toBe(none.workspaceBytes);
    expect(new Set(once.inputOffsets).size).toBe(2);
  });

  test("a kernel works where values lie that are made later", () => {
    const roomBytes = (step: Step) => (step.kind === "matmul" ? 1 << 20 : 0);
    const plan = planOf(
      {
        inputs: [
          ["float32", [64, 64]],
          ["float32", [64, 64]],
          ["float32", [512, 512]],
        ],
      },
      (p, [x, y, z]) => {
        const product = p.matmul(x!, y!);
        const far = p.add(z!, p.broadcast(p.reduce("sum", product, [0, 1]), [512, 512]));
        return [product, p.scan("sum", far, 0)];
      },
      {
        kernels: { roomBytes, keptBytes: () => 0 },
        inputs: Array.from({ length: 3 }, (): InputFacts => ({ room: "none" })),
      },
    );
    const [step] = plan.steps;
    expect(step).toMatchObject({ kind: "matmul", room: expect.any(Number) });
    expect(plan.bufferBytes).toBeLessThan(2 * 512 * 512 * 4 + 3 * 64 * 64 * 4);
  });
});
