import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import { expect, test } from "vitest";
import type { Place, Step } from "../../../src/engine/step.ts";
import { createKernels } from "../../../src/engine/wasm/kernels.ts";
import { newMemory } from "./harness.ts";

const at = (address: number): Place => ({ at: "memory", address });
const megabyte = 2 ** 20;

const spatial = [1, 2].map(() => ({ input: 14, output: 14, filter: 5, stride: 1, dilation: 1, padBefore: 2 }));
const geometry = { batch: 9, inChannels: 8, outChannels: 16, groups: 1, spatial };
const dense = (address: number) => ({ place: at(address), dtype: "float32", strides: [1] }) as const;

const matmul = (m: number, n: number, k: number, transposeB = true): Step => ({
  kind: "matmul",
  dtype: "float32",
  batch: 1,
  m,
  n,
  k,
  transposeA: false,
  transposeB,
  a: at(megabyte),
  b: at(2 * megabyte),
  c: at(4 * megabyte),
  lda: k,
  ldb: transposeB ? k : n,
  strideA: 0,
  strideB: 0,
  strideC: 0,
  scratch: false,
  epilogue: null,
});

const convolution = (fn: "forward" | "inputGradient" | "filterGradient"): Step => ({
  kind: "convolution",
  fn,
  dtype: "float32",
  geometry,
  x: at(megabyte),
  y: at(2 * megabyte),
  out: at(4 * megabyte),
  scratch: false,
  epilogue: null,
});

const pooled = [1, 2].map(() => ({ input: 28, output: 14, filter: 3, stride: 2, dilation: 1, padBefore: 0 }));
const windows = { batch: 7, channels: 37, spatial: pooled };

const window = (fn: "max" | "average"): Step => ({
  kind: "window",
  fn,
  dtype: "float32",
  geometry: windows,
  x: at(megabyte),
  out: at(4 * megabyte),
});

const windowGradient = (fn: "max" | "average"): Step => ({
  kind: "windowGradient",
  fn,
  dtype: "float32",
  geometry: windows,
  x: fn === "max" ? at(megabyte) : null,
  y: fn === "max" ? at(megabyte) : null,
  dy: at(2 * megabyte),
  out: at(4 * megabyte),
});

/** Where int32 numbers lie, of which few are out of range. */
const indicesAt = 3.5 * megabyte;
const forward = { exclusive: false, reverse: false };
const backward = { exclusive: true, reverse: true };

const steps: [string, Step][] = [
  ["matmul", matmul(131, 90, 300)],
  ["matmul of rows", matmul(131, 93, 300, false)],
  ["matmul of few rows", matmul(33, 523, 300, false)],
  ["matmul with a wide matrix", matmul(61, 700, 290)],
  ["convolution", convolution("forward")],
  ["convolution's input gradient", convolution("inputGradient")],
  ["convolution's filter gradient", convolution("filterGradient")],
  ["max pool", window("max")],
  ["average pool", window("average")],
  ["max pool's gradient", windowGradient("max")],
  ["average pool's gradient", windowGradient("average")],
  [
    "elementwise loop",
    {
      kind: "loop",
      extents: [100_003],
      loads: [dense(megabyte), dense(2 * megabyte)],
      nodes: [
        { kind: "load", load: 0, dtype: "float32" },
        { kind: "load", load: 1, dtype: "float32" },
        { kind: "unary", fn: "tanh", x: 0, dtype: "float32" },
        { kind: "binary", fn: "mul", x: 2, y: 1, site: -1, dtype: "float32" },
      ],
      stores: [{ node: 3, view: dense(4 * megabyte) }],
      reduced: [false],
      reductions: [],
    },
  ],
  [
    "sum of columns",
    {
      kind: "loop",
      extents: [3000, 67],
      loads: [{ place: at(megabyte), dtype: "float32", strides: [67, 1] }],
      nodes: [{ kind: "load", load: 0, dtype: "float32" }],
      stores: [],
      reduced: [true, false],
      reductions: [{ fn: "sum", node: 0, view: { place: at(4 * megabyte), dtype: "float32", strides: [0, 1] } }],
    },
  ],
];

const rows: Step = {
  kind: "gather",
  sizeBytes: 4,
  batch: 1,
  outer: 1,
  limit: 500,
  inner: 37,
  count: 5001,
  outStride: 37,
  indexDtype: "int32",
  params: at(megabyte),
  indices: at(indicesAt),
  out: at(4 * megabyte),
  site: -1,
};

const axis = { dtype: "float32", x: at(megabyte), out: at(4 * megabyte) } as const;
const lines: [string, Step][] = [
  ["gather", rows],
  ["running sum of rows", { kind: "scan", fn: "sum", outer: 70, n: 991, inner: 3, ...forward, ...axis }],
  ["running sum of columns", { kind: "scan", fn: "sum", outer: 1, n: 300, inner: 701, ...backward, ...axis }],
  ["running product", { kind: "scan", fn: "prod", outer: 1, n: 600, inner: 401, ...forward, ...axis }],
  ["position of maxima", { kind: "argReduce", fn: "max", outDtype: "int64", outer: 90, n: 700, inner: 5, ...axis }],
  ["position of minima", { kind: "argReduce", fn: "min", outDtype: "int32", outer: 1, n: 210, inner: 1001, ...axis }],
  ["order of rows", { kind: "order", descending: true, rows: 53, n: 900, ...axis }],
];

/** The bytes that a step leaves, of many runs; with several threads they may have been at work in any way. */
async function results(step: Step, threads: number): Promise<string[]> {
  const memory = newMemory(128);
  const floats = new Float32Array(memory.buffer);
  for (let i = megabyte / 4; i < megabyte; i++) floats[i] = Math.sin(i);
  new Int32Array(memory.buffer, indicesAt, 5001).forEach((_, i, indices) => {
    indices[i] = (i * 7919) % 503;
  });
  const allocate = (sizeBytes: number) => memory.grow(Math.ceil(sizeBytes / 65536)) * 65536;
  const run = createKernels({ memory, allocate, threads }).emit([step], 0, () => 0);
  const seen = new Set<string>();
  for (let round = 0; round < 20; round++) {
    new Uint8Array(memory.buffer, 4 * megabyte, megabyte).fill(7);
    expect(run(0)).toBe(0);
    seen.add(Buffer.from(new Uint8Array(memory.buffer, 4 * megabyte, megabyte)).toString("base64"));
    if (round === 5 && threads > 1) await sleep(150);
  }
  return [...seen];
}

test.each([...steps, ...lines])("a %s has the same bits on 1, 2 and 5 threads", async (_, step) => {
  const alone = await results(step, 1);

  expect(alone).toHaveLength(1);
  expect(await results(step, 2)).toEqual(alone);
  expect(await results(step, 5)).toEqual(alone);
});

test("an index out of range ends a run at its position on any number of threads", () => {
  for (const threads of [1, 2]) {
    const memory = newMemory(128);
    const indices = new Int32Array(memory.buffer, indicesAt, 5001).fill(3);
    indices[4000] = 500;
    indices[4500] = -1;
    const allocate = (sizeBytes: number) => memory.grow(Math.ceil(sizeBytes / 65536)) * 65536;
    const run = createKernels({ memory, allocate, threads }).emit([{ ...rows, site: 4 }], 64, () => 0);

    expect(run(0)).toBe(5);
    expect([...new Float64Array(memory.buffer, 64, 3)]).toEqual([4000, 500, 500]);
  }
});

test("every piece of many jobs in a row runs once", async () => {
  const memory = newMemory(128);
  const allocate = (sizeBytes: number) => memory.grow(Math.ceil(sizeBytes / 65536)) * 65536;
  /** Counts up each element; more elements, more pieces. */
  const count = (address: number, elements: number): Step => ({
    kind: "loop",
    extents: [elements],
    loads: [dense(address)],
    nodes: [
      { kind: "load", load: 0, dtype: "float32" },
      { kind: "constant", value: 1, dtype: "float32" },
      { kind: "binary", fn: "add", x: 0, y: 1, site: -1, dtype: "float32" },
    ],
    stores: [{ node: 2, view: dense(address) }],
    reduced: [false],
    reductions: [],
  });
  const sizes = [30_000, 100_000, 31_000];
  const steps = sizes.map((elements, i) => count((1 + 2 * i) * megabyte, elements));
  const run = createKernels({ memory, allocate, threads: 4 }).emit(steps, 0, () => 0);
  for (let round = 0; round < 1000; round++) {
    if (round === 5) await sleep(150);
    expect(run(0)).toBe(0);
  }
  for (const [i, elements] of sizes.entries()) {
    expect(new Set(new Float32Array(memory.buffer, (1 + 2 * i) * megabyte, elements))).toEqual(new Set([1000]));
  }
});

test("a process with idle threads ends by itself", () => {
  const folder = mkdtempSync(join(tmpdir(), "threads-"));
  const outfile = join(folder, "main.mjs");
  const kernels = resolve(import.meta.dirname, "../../../src/engine/wasm/kernels.ts");
  const contents = `
    import { createKernels } from ${JSON.stringify(kernels)};
    const memory = new WebAssembly.Memory({ initial: 128, maximum: 65536, shared: true });
    const allocate = (n) => memory.grow(Math.ceil(n / 65536)) * 65536;
    const run = createKernels({ memory, allocate, threads: 3 }).emit([${JSON.stringify(matmul(200, 200, 200))}], 0, () => 0);
    for (let i = 0; i < 5; i++) run(0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    run(0);
    console.log("done");
  `;
  buildSync({ stdin: { contents, resolveDir: folder }, bundle: true, platform: "node", format: "esm", outfile });

  const { status, stdout, stderr } = spawnSync(process.execPath, [outfile], { timeout: 20_000, encoding: "utf8" });

  rmSync(folder, { recursive: true });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" });
});
