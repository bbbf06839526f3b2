import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import { BundleWriter } from "../../src/io/checkpoint/bundle_writer.ts";
import { writeCheckpointState } from "../../src/io/checkpoint/state.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();

/** A checkpoint of a small model; `shift` changes its values. */
async function save(prefix: string, step: number, shift = 0): Promise<void> {
  const writer = new BundleWriter(join(cwd, prefix));
  await writer.add("b", ndarray([1 + shift, -2, 3, 0], "float32"));
  await writer.add("global_step", ndarray(step, "int64"));
  await writer.add(
    "layer/W",
    ndarray(
      [
        [0.5, Number.NaN],
        [1.5, -0.5],
      ],
      "float32",
    ),
  );
  await writer.add("names", ndarray(["a\u001b", "b,c"], "string"));
  await writer.finish();
}

await save("model.ckpt-10", 10);
await save("model.ckpt-20", 20, 0.25);
writeCheckpointState(cwd, {
  modelCheckpointPath: "model.ckpt-20",
  allModelCheckpointPaths: ["model.ckpt-10", "model.ckpt-20"],
  allModelCheckpointTimestamps: [],
  lastPreservedTimestamp: null,
});

describe("checkpoint inspect", () => {
  test("shows the newest checkpoint of a directory with statistics", async () => {
    const { stdout, stderr, exit } = await tsflow("checkpoint inspect .", { cwd });
    expect([stderr, exit]).toEqual(["", 0]);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/model\.ckpt-20 · V2 · step 20 · 4 tensors · 11 values · 45 B · checksums ok$/),
      expect.stringMatching(/^name +dtype +shape +size +mean +std +min +max +nan$/),
      expect.stringMatching(/^b +float32 +\[4\] +16 B +0\.5625 +1\.8232 +-2\.0000 +3\.0000 +0$/),
      expect.stringMatching(/^global_step +int64 +\[\] +8 B +20$/),
      expect.stringMatching(/^layer\/W +float32 +\[2,2\] +16 B +0\.5000 +0\.8165 +-0\.5000 +1\.5000 +1$/),
      expect.stringMatching(/^names +string +\[2\] +5 B$/),
      "",
    ]);
  });

  test("takes a prefix or a file of it, without reading values where they are not wanted", async () => {
    for (const name of ["model.ckpt-10", "model.ckpt-10.index", "model.ckpt-10.data-00000-of-00001"]) {
      expect((await tsflow(`checkpoint inspect ${name} --nostats`, { cwd })).stdout).toMatch(
        /^model\.ckpt-10 · V2 · step 10 · 4 tensors · 11 values/,
      );
    }
  });

  test("prints the values of a tensor in four forms", async () => {
    const show = async (more: string) =>
      (await tsflow(`checkpoint inspect . --tensor layer/W ${more}`, { cwd })).stdout;
    expect(await show("")).toBe("layer/W  float32 [2,2]\n[[ 0.5  nan]\n [ 1.5 -0.5]]\n");
    expect(await show("--format csv")).toBe("0.5,NaN\n1.5,-0.5\n");
    expect(JSON.parse(await show("--json"))).toEqual({
      name: "layer/W",
      dtype: "float32",
      shape: [2, 2],
      values: [
        [0.5, "NaN"],
        [1.5, -0.5],
      ],
    });
    expect(await show("--format npy")).toContain("NUMPY");
    expect((await tsflow("checkpoint inspect . --tensor names --format csv", { cwd })).stdout).toBe('a\u001b,"b,c"\n');
  });

  test("lists names that match", async () => {
    expect((await tsflow("checkpoint inspect . --names --filter 'l*'", { cwd })).stdout).toBe("layer/W\n");
  });

  test.each([
    [
      "inspect . --tensor layer/V",
      4,
      /^tsflow: .*model\.ckpt-20 has no tensor "layer\/V"\. Did you mean layer\/W\?\n$/,
    ],
    [
      "inspect model.ckpt-30",
      4,
      /^tsflow: model\.ckpt-30: no such checkpoint: no model\.ckpt-30\.index\. Did you mean /,
    ],
    ["inspect empty", 4, /^tsflow: empty: no such checkpoint: no empty\.index\./],
    ["list none", 4, /^tsflow: none: no such directory\n$/],
    ["diff .", 2, /^tsflow: tsflow checkpoint diff: an argument is missing\nUsage: tsflow checkpoint diff A B\n$/],
  ])("%s fails", async (args, exit, words) => {
    const ran = await tsflow(`checkpoint ${args}`, { cwd });
    expect([ran.exit, ran.stdout]).toEqual([exit, ""]);
    expect(ran.stderr).toMatch(words);
  });
});

test("checkpoint list shows step, size and which is the newest", async () => {
  const { stdout } = await tsflow("checkpoint list .", { cwd });
  expect(stdout).toMatch(/^\S*model\.ckpt-10 +10 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ B$/m);
  expect(stdout).toMatch(/^\S*model\.ckpt-20 +20 .* newest$/m);
  const lines = (await tsflow("checkpoint list . --json", { cwd })).stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { step: 10, note: null },
    { step: 20, note: "newest" },
  ]);
});

describe("checkpoint diff", () => {
  test("finds what differs, and leaves with 7", async () => {
    const { stdout, exit } = await tsflow("checkpoint diff model.ckpt-10 model.ckpt-20", { cwd });
    expect(exit).toBe(7);
    expect(stdout).toMatch(/^b +1 of 4 values differ, most by 0\.2500 \(1 and 1\.25 at 0\)$/m);
    expect(stdout).toMatch(/^global_step +1 of 1 values differ, first 10 and 20 at 0$/m);
    expect(stdout).toContain("2 of 4 tensors differ (exit 7)");
  });

  test("counts small differences as equal where it is told to, NaN as NaN always", async () => {
    const { stdout } = await tsflow("checkpoint diff model.ckpt-10 model.ckpt-20 --rtol 0.2", { cwd });
    expect(stdout).toContain("1 of 4 tensors differ");
    expect(await tsflow("checkpoint diff model.ckpt-10 model.ckpt-10", { cwd })).toEqual({
      stdout: "equal: 4 tensors\n",
      stderr: "",
      exit: 0,
    });
  });
});

describe("checkpoint verify", () => {
  test("reads every checkpoint of a directory", async () => {
    const { stdout, exit } = await tsflow("checkpoint verify .", { cwd });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/model\.ckpt-10 {3}4 tensors {3}\d+ B {3}ok\n\S*model\.ckpt-20 {3}4 tensors/);
  });

  test("names the tensors whose bytes are damaged", async () => {
    for (const name of readdirSync(cwd).filter((file) => file.startsWith("model.ckpt-10"))) {
      cpSync(join(cwd, name), join(cwd, "bad", name.replace("model.ckpt-10", "m")));
    }
    const data = join(cwd, "bad/m.data-00000-of-00001");
    const bytes = readFileSync(data);
    bytes[2]! ^= 4;
    writeFileSync(data, bytes);
    const { stdout, exit } = await tsflow("checkpoint verify bad", { cwd });
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^bad\/m {3}DAMAGED\n {4}b: /);
    expect(stdout).toContain("1 of 1 checkpoints damaged (exit 3)");
    expect((await tsflow("checkpoint inspect bad", { cwd })).exit).toBe(3);
  });
});

describe.skipIf(!hasGoldens)("TensorFlow's checkpoints", () => {
  const good = [
    "scalars",
    "dtypes",
    "many",
    "names",
    "partitioned",
    "sharded",
    "rotation",
    "resource_variables",
    "with_meta",
  ];
  test.each(good)("%s are whole, and have the tensors that TensorFlow names", async (name) => {
    const folder = goldenPath("checkpoints", name);
    const { checkpoints } = readGolden<{ checkpoints: { prefix: string; tensors: Record<string, unknown> }[] }>(
      "checkpoints",
      name,
      "expected.json",
    );
    const verified = await tsflow("checkpoint verify . --json", { cwd: folder });
    expect(verified.exit).toBe(0);
    const { prefix, tensors } = checkpoints.at(-1)!;
    const listed = await tsflow(`checkpoint inspect ${prefix} --names --json`, { cwd: folder });
    expect(JSON.parse(listed.stdout).sort()).toEqual(Object.keys(tensors).sort());
  });

  const damaged = hasGoldens ? readdirSync(goldenPath("checkpoints", "damaged")) : [];
  test.each(damaged)("damaged by %s are found", async (name) => {
    const folder = goldenPath("checkpoints", "damaged", name);
    const prefix = existsSync(join(folder, "model.ckpt.index")) ? "model.ckpt" : ".";
    const { exit } = await tsflow(`checkpoint verify ${prefix}`, { cwd: folder });
    expect(exit).toBe(name === "index_missing" ? 4 : 3);
  });
});
