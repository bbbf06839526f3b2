import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type DType, dtypeOf } from "../../src/core/dtype.ts";
import { allocateElements, NdArray, ndarray } from "../../src/core/nd_array.ts";
import {
  fillBits32,
  fillBits64,
  fillNormalFloat32,
  fillNormalFloat64,
  fillNormalHalf,
  fillTruncatedNormalFloat32,
  fillTruncatedNormalFloat64,
  fillUniformFloat32,
  fillUniformFloat64,
  fillUniformHalf,
  fillUniformInt32,
  fillUniformInt64,
  nextBlock,
  type PhiloxState,
  philoxState,
  philoxStateOf,
  reserve,
  shuffle,
  skipBlocks,
  statelessState,
} from "../../src/core/philox.ts";
import { elementCount } from "../../src/core/shape.ts";
import { decodeGraphDef, type NodeDefinition } from "../../src/proto/graph_def.ts";
import { hasGoldens, readGolden } from "../golden.ts";

interface Value {
  dtype: string;
  shape: number[];
  values?: unknown[];
  sha256?: string;
  first?: unknown[];
  last?: unknown[];
  sample?: { index: number[]; values: unknown[] };
}
interface Case {
  name: string;
  graph: string;
  fetches: string[];
  runs: Record<string, Value>[];
}

const fills: Record<string, Record<string, (state: PhiloxState, out: never) => void>> = {
  Uniform: { float32: fillUniformFloat32, float64: fillUniformFloat64, float16: fillUniformHalf },
  Normal: { float32: fillNormalFloat32, float64: fillNormalFloat64, float16: fillNormalHalf },
  Truncated: { float32: fillTruncatedNormalFloat32, float64: fillTruncatedNormalFloat64 },
  Bits: { int32: fillBits32, int64: fillBits64 },
};

const kinds: Record<string, string> = {
  RandomUniform: "Uniform",
  RandomStandardNormal: "Normal",
  TruncatedNormal: "Truncated",
  RandomUniformInt: "Int",
  RandomShuffle: "Shuffle",
  StatelessRandomUniform: "Uniform",
  StatelessRandomNormal: "Normal",
  StatelessTruncatedNormal: "Truncated",
  StatelessRandomUniformInt: "Int",
  StatelessRandomUniformFullInt: "Bits",
  StatelessRandomUniformV2: "Uniform",
  StatelessRandomNormalV2: "Normal",
  StatelessTruncatedNormalV2: "Truncated",
  StatelessRandomUniformIntV2: "Int",
};

function fill(kind: string, state: PhiloxState, dtypeName: string, shape: number[], bounds: NdArray[]): NdArray {
  const dtype = dtypeOf(dtypeName);
  const data = allocateElements(dtype, elementCount(shape));
  if (kind !== "Int") fills[kind]![dtypeName]!(state, data as never);
  else if (dtypeName === "int32") fillUniformInt32(state, data as Int32Array, Number(bounds[0]), Number(bounds[1]));
  else
    fillUniformInt64(
      state,
      data as BigInt64Array,
      BigInt(bounds[0]!.item() as number),
      BigInt(bounds[1]!.item() as number),
    );
  return new NdArray(dtype, shape, data);
}

const attr = <T>(node: NodeDefinition, name: string): T => (node.attrs.get(name) as unknown as { value: T }).value;

/** The values of a stateful or stateless random node over consecutive runs; its inputs are constants. */
function runNode(node: NodeDefinition, inputs: NdArray[], runs: number): NdArray[] {
  const shape = inputs[0]!.tolist() as number[];
  const kind = kinds[node.op]!;
  if (!node.op.startsWith("Stateless")) {
    const state = philoxState(attr<number>(node, "seed"), attr<number>(node, "seed2"));
    const dtype = attr<DType>(node, node.op === "RandomUniformInt" ? "Tout" : "dtype").name;
    const n = elementCount(shape);
    return Array.from({ length: runs }, () => fill(kind, reserve(state, n), dtype, shape, inputs.slice(1)));
  }
  const dtype = attr<DType>(node, "dtype").name;
  const seeds = inputs[1]!.data as BigInt64Array;
  return [fill(kind, statelessState(seeds[0]!, seeds[1]!), dtype, shape, inputs.slice(node.op.endsWith("V2") ? 4 : 2))];
}

function expectValue(got: NdArray, want: Value): void {
  expect([got.dtype.name, got.shape]).toEqual([want.dtype, want.shape]);
  const flat = new NdArray(got.dtype, [got.size], got.data).toList() as number[];
  const exact = !got.dtype.isFloating;
  const close = (part: number[], values: unknown[]) => {
    const numbers = ndarray(values, want.dtype).toList() as number[];
    expect(part.length).toBe(numbers.length);
    for (const [i, x] of part.entries()) {
      const y = numbers[i]!;
      if (exact) expect(x).toBe(y);
      else expect(Math.abs(x - y)).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(y));
    }
  };
  if (want.values) {
    close(flat, want.values);
    return;
  }
  close(flat.slice(0, 16), want.first!);
  close(flat.slice(-4), want.last!);
  close(
    want.sample!.index.map((i) => flat[i]!),
    want.sample!.values,
  );
}

const constants = (nodes: readonly NodeDefinition[]) =>
  new Map(nodes.filter((n) => n.op === "Const").map((n) => [n.name, attr<NdArray>(n, "value")]));

const graphOf = (c: Case) => decodeGraphDef(new Uint8Array(Buffer.from(c.graph, "base64")));

describe.skipIf(!hasGoldens)("TensorFlow's random ops", () => {
  const cases = hasGoldens
    ? ["random_ops.json", "stateless_ops.json"].flatMap((file) => readGolden<{ cases: Case[] }>("rng", file).cases)
    : [];
  const single = cases.filter((c) => {
    const { nodes } = graphOf(c);
    const others = nodes.filter((n) => n.op !== "Const");
    return others.length === 1 && others[0]!.op in kinds && others[0]!.op !== "RandomShuffle";
  });

  test.each(single)("$name gives the same numbers in every run", (c) => {
    const { nodes } = graphOf(c);
    const values = constants(nodes);
    const node = nodes.find((n) => n.op !== "Const")!;

    const got = runNode(
      node,
      node.inputs.map((name) => values.get(name)!),
      c.runs.length,
    );

    for (const [i, run] of c.runs.entries()) expectValue(got[i]!, run[c.fetches[0]!]!);
  });

  test("covers most of the cases", () => {
    expect(single.length).toBe(250);
  });

  test.each(
    cases.filter((c) => c.name.startsWith("RandomUniform_big") || c.name.startsWith("RandomUniform_s1_2_1000")),
  )("$name has TensorFlow's very bits", (c) => {
    const node = graphOf(c).nodes.find((n) => n.op !== "Const")!;
    const got = runNode(node, [...constants(graphOf(c).nodes).values()], c.runs.length);

    const digests = got.map((a) => createHash("sha256").update(a.tobytes()).digest("hex"));

    expect(digests).toEqual(c.runs.map((run) => run["y:0"]!.sha256));
  });

  test.each(cases.filter((c) => /^RandomShuffle_\d+$/.test(c.name)))("$name gives the same orders", (c) => {
    const node = graphOf(c).nodes.find((n) => n.op === "RandomShuffle")!;
    const state = philoxState(attr<number>(node, "seed"), attr<number>(node, "seed2"));

    for (const run of c.runs) {
      const want = run["y:0"]!;
      const order = new NdArray(dtypeOf("int32"), want.shape, shuffle(state, want.shape[0]!));
      expectValue(order, want);
    }
  });

  test.each(cases.filter((c) => c.name.startsWith("StatelessRandomGetKeyCounter")))(
    "$name is the state of the seeds",
    (c) => {
      const seeds = [...constants(graphOf(c).nodes).values()][0]!.data as BigInt64Array;

      const s = statelessState(seeds[0]!, seeds[1]!);

      const words = (low: number, high: number) => BigInt(low) | (BigInt(high) << 32n);
      expect(c.runs[0]!["y:0"]!.values!.map((v) => BigInt(v as string))).toEqual([words(s.key0, s.key1)]);
      expect(c.runs[0]!["y:1"]!.values!.map((v) => BigInt(v as string))).toEqual([
        words(s.counter0, s.counter1),
        words(s.counter2, s.counter3),
      ]);
      expect(philoxStateOf(words(s.key0, s.key1), 0n, words(s.counter2, s.counter3))).toEqual(s);
    },
  );

  test.each(cases.filter((c) => c.name.startsWith("StatelessRandomV2_philox")))("$name takes key and counter", (c) => {
    const { nodes } = graphOf(c);
    const values = constants(nodes);
    const seeds = values.get(nodes.find((n) => n.op === "StatelessRandomGetKeyCounter")!.inputs[0]!)!;

    for (const node of nodes.filter((n) => n.op in kinds)) {
      const inputs = node.inputs.map((name) => values.get(name) ?? seeds);
      expectValue(runNode(node, inputs, 1)[0]!, c.runs[0]![`${node.name}:0`]!);
    }
  });
});

describe("Philox", () => {
  const words = (state: PhiloxState) => {
    const out = new Uint32Array(4);
    nextBlock(state, out);
    return [...out].map((w) => w.toString(16).padStart(8, "0")).join(" ");
  };

  test("gives the published words of 4x32-10", () => {
    const ones = 0xffffffff;
    expect(words({ key0: 0, key1: 0, counter0: 0, counter1: 0, counter2: 0, counter3: 0 })).toBe(
      "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    );
    expect(words({ key0: ones, key1: ones, counter0: ones, counter1: ones, counter2: ones, counter3: ones })).toBe(
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    );
    expect(
      words({
        key0: 0xa4093822,
        key1: 0x299f31d0,
        counter0: 0x243f6a88,
        counter1: 0x85a308d3,
        counter2: 0x13198a2e,
        counter3: 0x03707344,
      }),
    ).toBe("d16cfe09 94fdcceb 5001e420 24126ea1");
  });

  test("carries from each word of the counter into the next", () => {
    const ones = 0xffffffff;
    const start = { key0: 1, key1: 2, counter0: ones, counter1: ones, counter2: ones, counter3: 5 };
    const counted = { ...start };
    const skipped = { ...start };

    words(counted);
    skipBlocks(skipped, 1);

    expect(counted).toEqual({ key0: 1, key1: 2, counter0: 0, counter1: 0, counter2: 0, counter3: 6 });
    expect(skipped).toEqual(counted);
  });

  test("skips as far as it would count", () => {
    const counted = philoxState(3, -1);
    const skipped = philoxState(3, -1);

    for (let i = 0; i < 1000; i++) words(counted);
    skipBlocks(skipped, 1000);

    expect(skipped).toEqual(counted);
    skipBlocks(skipped, 2n ** 64n);
    expect([skipped.counter2, skipped.counter3]).toEqual([0, 0]);
  });

  test("reserves 256 blocks for each output", () => {
    const state = philoxState(1, 2);

    const mine = reserve(state, 3);

    expect(mine.counter0).toBe(0);
    expect(state.counter0).toBe(768);
  });
});
