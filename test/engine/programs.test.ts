/** Random programs: laid out, fused, planned and run as steps, they give what their values give by definition. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import { NdArray } from "../../src/core/nd_array.ts";
import { elementCount } from "../../src/core/shape.ts";
import type { Lowering } from "../../src/engine/lowering.ts";
import type { Value } from "../../src/engine/primitive.ts";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import { build, execute, type Setup, variable } from "./support.ts";

const reference = createReferenceEngine();
const engine = createWasmEngine();

/** One random choice a number: the program is a function of the list. */
function chooser(choices: readonly number[]) {
  let next = 0;
  return (n: number): number => (n <= 0 ? 0 : (choices[next++ % choices.length]! + next) % n);
}

const shapes = [[], [3], [2, 3], [3, 2], [4, 3], [2, 1, 3], [6], [1, 6]] as const;

function arrayFor(k: number, shape: readonly number[]): NdArray {
  const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => ((i * 7 + k * 3) % 11) - 5);
  return new NdArray(dtypeOf("float32"), shape, data);
}

function randomProgram(choices: readonly number[]) {
  const choose = chooser(choices);
  const setup: Setup = {
    inputs: [0, 1, 2].map((k) => arrayFor(k, shapes[choose(shapes.length)]!)),
    variables: [3, 4, 5].map((k) => ({ dtype: "float32", value: arrayFor(k, shapes[choose(shapes.length)]!) })),
  };
  const body = (p: Lowering, inputs: readonly Value[]): readonly Value[] => {
    const pool: Value[] = [
      ...inputs,
      p.scalar(3, "float32"),
      p.fill(2, "float32", [2, 3]),
      p.iota("float32", [3, 2], 1),
    ];
    const pick = () => pool[choose(pool.length)]!;
    const like = (x: Value) => {
      const fitting = pool.filter((y) => y.shape.length === 0 || `${y.shape}` === `${x.shape}`);
      return fitting[choose(fitting.length)]!;
    };
    for (let i = 0; i < 4 + choose(24); i++) {
      const x = pick();
      const rank = x.shape.length;
      const axis = choose(rank);
      switch (choose(15)) {
        case 0:
          pool.push(p.add(x, like(x)));
          break;
        case 1:
          pool.push(p.mul(x, like(x)));
          break;
        case 2:
          pool.push(p.max(p.neg(x), like(x)));
          break;
        case 3:
          pool.push(p.select(p.gt(x, like(x)), x, like(x)));
          break;
        case 4:
          if (rank > 0) pool.push(p.reduce("sum", x, [axis], choose(2) === 1));
          break;
        case 5:
          pool.push(
            p.reduce(
              "max",
              x,
              x.shape.map((_, d) => d),
            ),
          );
          break;
        case 6:
          pool.push(
            p.transpose(
              x,
              x.shape.map((_, d) => rank - 1 - d),
            ),
          );
          break;
        case 7:
          pool.push(p.reshape(x, x.shape.toReversed()));
          break;
        case 8:
          if (rank > 0) pool.push(p.broadcast(x, [2, ...x.shape]));
          break;
        case 9:
          if (rank > 0 && x.shape[axis]! > 1) {
            const begin = x.shape.map((_, d) => (d === axis ? 1 : 0));
            pool.push(
              p.slice(
                x,
                begin,
                x.shape.map((n, d) => n - begin[d]!),
              ),
            );
          }
          break;
        case 10:
          if (rank > 0) pool.push(p.concat([x, p.reverse(x, [axis])], axis));
          break;
        case 11: {
          const slot = choose(3);
          pool.push(p.read(variable(slot)));
          break;
        }
        case 12:
        case 13: {
          const slot = choose(3);
          const target = p.shapeOf(variable(slot))!;
          const fitting = pool.filter((y) => y.shape.length === 0 || `${y.shape}` === `${target}`);
          p.write(variable(slot), p.broadcast(fitting[choose(fitting.length)]!, target));
          break;
        }
        default:
          if (rank > 0)
            pool.push(
              p.pad(
                x,
                x.shape.map(() => 1),
                x.shape.map(() => 0),
              ),
            );
      }
      if (elementCount(pool.at(-1)!.shape) > 300) pool.pop();
    }
    return [pick(), pick(), pool.at(-1)!];
  };
  return { setup, body };
}

describe("random programs", () => {
  test("steps give what the definitions give", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 20, maxLength: 120 }), (choices) => {
        const { setup, body } = randomProgram(choices);
        const built = build(setup, body);
        const wanted = execute(reference, built, setup, 2);
        const got = execute(engine, built, setup, 2);
        expect(got).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });
});
