import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeExample, decodeSequenceExample } from "../../src/io/example/example.ts";
import { framed } from "../../src/io/record/framing.ts";
import { readRecords } from "../../src/io/record/reader.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();
const path = (name: string) => join(cwd, name);
const examples = (name: string, compression: "" | "GZIP" | "ZLIB" = "") =>
  Array.from(readRecords(path(name), { compression }), (record) =>
    Object.fromEntries(
      Array.from(decodeExample(record), ([key, feature]) => [
        key,
        feature.kind === "none" ? null : Array.from(feature.value as never),
      ]),
    ),
  );
const text = (item: unknown) => new TextDecoder().decode(item as Uint8Array);

const species = ["setosa", "versicolor", "virginica"];
const iris = `sepal,petal,n,species\n${Array.from({ length: 150 }, (_, i) => `${5 + i / 10},${i / 4},${i},${species[i % 3]}`).join("\n")}\n`;
writeFileSync(path("iris.csv"), iris);

describe("records write", () => {
  test("packs a CSV file into two parts, numbers its label, and keeps the order of rows", async () => {
    const { stdout, stderr, exit } = await tsflow(
      "records write iris.csv --out iris-train.tfrecord --label species --split train=0.8,test=0.2 --seed 7",
      { cwd },
    );
    expect([stderr, exit]).toEqual(["", 0]);
    expect(stdout).toMatch(
      /^iris-train\.tfrecord {2}120 records {2}[\d.]+ kB {5}iris-test\.tfrecord {2}30 records {2}[\d.]+ kB\n/,
    );
    expect(stdout).toContain(
      "features: sepal float · petal float · n int64 · species int64 (setosa=0, versicolor=1, virginica=2)\n",
    );
    const [train, rest] = [examples("iris-train.tfrecord"), examples("iris-test.tfrecord")];
    const numbers = train.map(({ n }) => Number(n![0]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect([...numbers, ...rest.map(({ n }) => Number(n![0]))].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 150 }, (_, i) => i),
    );
    const i = numbers[5]!;
    expect(train[5]).toEqual({
      n: [BigInt(i)],
      petal: [Math.fround(i / 4)],
      sepal: [Math.fround(5 + i / 10)],
      species: [BigInt(i % 3)],
    });
  });

  test("has nothing to do the second time, and does not overwrite what differs", async () => {
    const line = "records write iris.csv --out again.tfrecord --label species";
    await tsflow(line, { cwd });
    const before = statSync(path("again.tfrecord")).mtimeMs;
    const second = await tsflow(line, { cwd });
    expect(second).toMatchObject({ exit: 0, stderr: "" });
    expect(second.stdout).toBe("again.tfrecord: nothing to do, written from the same inputs with the same flags\n");
    expect(statSync(path("again.tfrecord")).mtimeMs).toBe(before);
    const other = await tsflow(`${line} --shuffle`, { cwd });
    expect(other).toMatchObject({ exit: 2, stdout: "" });
    expect(other.stderr).toBe(
      "tsflow: again.tfrecord exists, and was written from other inputs or with other flags. Use --overwrite\n",
    );
    expect((await tsflow(`${line} --shuffle --overwrite`, { cwd })).exit).toBe(0);
    const numbers = examples("again.tfrecord").map(({ n }) => Number(n![0]));
    expect(numbers).not.toEqual([...numbers].sort((a, b) => a - b));
  });

  test("splits and shuffles the same way for the same seed only", async () => {
    const write = async (seed: number, name: string) => {
      await tsflow(`records write iris.csv --out ${name}.tfrecord --split a=0.5,b=0.5 --shuffle --seed ${seed}`, {
        cwd,
      });
      return readFileSync(path(`${name}-a.tfrecord`));
    };
    const [one, same, other] = [await write(1, "one"), await write(1, "same"), await write(2, "other")];
    expect(one.equals(same)).toBe(true);
    expect(one.equals(other)).toBe(false);
  });

  test("fills shards evenly, and compresses by the name", async () => {
    await tsflow("records write iris.csv --out many.tfrecord.gz --shards 4", { cwd });
    const names = readdirSync(cwd).filter((name) => name.startsWith("many-"));
    expect(names).toEqual([0, 1, 2, 3].map((i) => `many-0000${i}-of-00004.tfrecord.gz`));
    const counts = names.map((name) => examples(name, "GZIP").map(({ n }) => Number(n![0])));
    expect(counts.map((part) => part.length)).toEqual([37, 38, 37, 38]);
    expect(counts.flat()).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(gunzipSync(readFileSync(path(names[0]!))).length).toBeGreaterThan(0);
  });

  test("packs columns, without a header and compressed input", async () => {
    writeFileSync(path("digits.csv.gz"), gzipSync("1,2,3,7\n4,5,6,8\n"));
    await tsflow("records write digits.csv.gz --columns image=0:3,label=3 --types image=float --out d.tfrecord", {
      cwd,
    });
    expect(examples("d.tfrecord")).toEqual([
      { image: [1, 2, 3], label: [7n] },
      { image: [4, 5, 6], label: [8n] },
    ]);
  });

  test("takes NDJSON from a pipe, with lists and missing values", async () => {
    const input = '{"x": [1.5, 2], "word": "a"}\n\n{"n": 3, "x": []}\n{"word": null, "x": [0]}\n';
    const { exit } = await tsflow("records write --from ndjson --out rows.tfrecord", { cwd, input });
    expect(exit).toBe(0);
    const [first, second, third] = examples("rows.tfrecord");
    expect({ ...first, word: text(first!.word![0]) }).toEqual({ x: [1.5, 2], word: "a" });
    expect(second).toEqual({ n: [3n], x: [] });
    expect(third).toEqual({ x: [0] });
  });

  test("makes SequenceExamples of lists", async () => {
    await tsflow("records write --from ndjson --sequence --out seq.tfrecord", {
      cwd,
      input: '{"id": 4, "steps": [0.5, 1, 2]}\n',
    });
    const [record] = [...readRecords(path("seq.tfrecord"))];
    const { context, featureLists } = decodeSequenceExample(record!);
    expect(context.get("id")).toMatchObject({ kind: "int64", value: BigInt64Array.of(4n) });
    expect(featureLists.get("steps")).toMatchObject(
      [0.5, 1, 2].map((x) => ({ kind: "float", value: Float32Array.of(x) })),
    );
  });

  test("makes a record of each line with --raw", async () => {
    await tsflow("records write - --raw --out lines.tfrecord", { cwd, input: "one\r\ntwo\n\nfour" });
    expect(Array.from(readRecords(path("lines.tfrecord")), text)).toEqual(["one", "two", "", "four"]);
  });

  test("joins IDX files of images and labels", async () => {
    const header = (type: number, ...dims: number[]) => [0, 0, type, dims.length, ...dims.flatMap((d) => [0, 0, 0, d])];
    writeFileSync(path("train-images-idx3-ubyte"), Uint8Array.from([...header(8, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8]));
    writeFileSync(path("train-labels-idx1-ubyte"), Uint8Array.from([...header(8, 2), 9, 3]));
    await tsflow("records write train-images-idx3-ubyte train-labels-idx1-ubyte --out mnist.tfrecord", { cwd });
    expect(examples("mnist.tfrecord")).toEqual([
      { image_raw: [Uint8Array.of(1, 2, 3, 4)], label: [9n] },
      { image_raw: [Uint8Array.of(5, 6, 7, 8)], label: [3n] },
    ]);
  });

  test("takes numpy arrays side by side", async () => {
    const npy = (descr: string, shape: string, data: Uint8Array) => {
      const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
      const padded = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11);
      return Buffer.concat([
        Buffer.from("\x93NUMPY\x01\x00", "latin1"),
        Buffer.from([padded.length + 1, 0]),
        Buffer.from(`${padded}\n`),
        data,
      ]);
    };
    writeFileSync(path("x.npy"), npy("<f4", "2, 2", new Uint8Array(Float32Array.of(0.5, 1, 2, 3).buffer)));
    writeFileSync(path("y.npy"), npy("<i8", "2,", new Uint8Array(BigInt64Array.of(1n, -2n).buffer)));
    await tsflow("records write x.npy y.npy --out arrays.tfrecord --types x=float", { cwd });
    expect(examples("arrays.tfrecord")).toEqual([
      { x: [0.5, 1], y: [1n] },
      { x: [2, 3], y: [-2n] },
    ]);
  });

  test("labels images by their folders", async () => {
    const gif = Buffer.from([...Buffer.from("GIF89a"), 3, 0, 2, 0, 0, 0, 0]);
    for (const name of ["cat/b.gif", "cat/a.gif", "dog/c.gif"]) {
      mkdirSync(path(`photos/${name.split("/")[0]}`), { recursive: true });
      writeFileSync(path(`photos/${name}`), gif);
    }
    await tsflow("records write photos --out photos.tfrecord", { cwd });
    const found = examples("photos.tfrecord");
    expect(found.map((example) => text(example["image/filename"]![0]))).toEqual(["a.gif", "b.gif", "c.gif"]);
    expect(found.map((example) => example["image/class/label"])).toEqual([[0n], [0n], [1n]]);
    expect(found[2]).toMatchObject({
      "image/width": [3n],
      "image/height": [2n],
      "image/encoded": [Uint8Array.from(gif)],
    });
  });

  test("writes to stdout, for other programs", async () => {
    const { stdout, exit } = await tsflow("records write - --raw --out -", { cwd, input: "a\n" });
    expect(exit).toBe(0);
    expect(stdout.length).toBeGreaterThanOrEqual(8);
    expect(readdirSync(cwd)).not.toContain("-");
  });

  test("tells all as JSON", async () => {
    const { stdout } = await tsflow("records write iris.csv --out j.tfrecord --label species --json", { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      event: "written",
      rows: 150,
      files: [{ path: "j.tfrecord", records: 150 }],
      features: [{}, {}, {}, { name: "species", type: "int64", classes: species }],
    });
  });

  test.each([
    ["iris.csv", 2, "tsflow: records write: --out is missing"],
    ["none.csv --out x.tfrecord", 4, "tsflow: none.csv: no such file or folder"],
    ["'no*.csv' --out x.tfrecord", 4, "tsflow: no file matches no*.csv"],
    ["iris.csv --out x.tfrecord --split a=0.5,b=0.4", 2, "tsflow: --split: the parts add up to 0.9, not to 1"],
    [
      "iris.csv --out x.tfrecord --split half",
      2,
      'tsflow: --split: expected name=part, got "half". Example: train=0.8,test=0.2',
    ],
    ["iris.csv --out x.tfrecord --label specis", 1, 'tsflow: no column "specis": there are sepal, petal, n, species'],
    ["iris.csv --out x.tfrecord --types n=int", 2, "tsflow: --types: expected name=float"],
    [
      "iris.csv --out x.tfrecord --types species=float",
      1,
      'tsflow: iris.csv: row 1: column species: "setosa" is no float',
    ],
    ["iris.csv --out - --shards 2", 2, "tsflow: records write: stdout takes one output without compression"],
    ["iris.csv x.npy --out x.tfrecord", 1, "tsflow: x.npy is npy, and iris.csv is csv: write them apart"],
    ["iris.csv --out nowhere/x.tfrecord", 4, "tsflow: nowhere/"],
  ])("%s is refused", async (args, exit, words) => {
    const ran = await tsflow(`records write ${args}`, { cwd });
    expect([ran.exit, ran.stdout]).toEqual([exit, ""]);
    expect(ran.stderr.slice(0, words.length)).toBe(words);
    expect(readdirSync(cwd).filter((name) => name.startsWith("x.tfrecord") || name.startsWith(".tsf-tmp"))).toEqual([]);
  });
});

describe("records head", () => {
  test("shows offsets, sizes and features", async () => {
    await tsflow("records write iris.csv --out head.tfrecord --columns n,species", { cwd });
    const { stdout } = await tsflow("records head head.tfrecord -n 2", { cwd });
    const [first] = [...readRecords(path("head.tfrecord"))];
    const size = first!.length;
    expect(stdout).toBe(
      `#0  offset 0  ${size} B   n [0]  species ["setosa"]\n#1  offset ${size + 16}  ${size + 4} B   n [1]  species ["versicolor"]\n`,
    );
  });

  test("shows floats in their shortest form, long lists cut, binary data as its size", async () => {
    const rows = '{"x": [0.1, 3, 1e-7], "many": [1,2,3,4,5,6,7,8,9,10], "s": "a\\u001bb"}\n';
    await tsflow("records write --from ndjson --out forms.tfrecord", { cwd, input: rows });
    const { stdout } = await tsflow("records head forms.tfrecord", { cwd });
    expect(stdout).toContain("many [1, 2, 3, 4, 5, 6, 7, 8, … 10]  s [<3 B>]  x [0.1, 3.0, 1e-7]");
  });

  test("is JSON with --json", async () => {
    const { stdout } = await tsflow("records head arrays.tfrecord -n 1 --json", { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ record: 0, offset: 0, features: { x: [0.5, 1], y: [1] } });
  });
});

describe("records info", () => {
  test("sums up files and features", async () => {
    const { stdout } = await tsflow("records info 'many-*.tfrecord.gz'", { cwd });
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(
      /^4 files · 150 records · [\d.]+ kB \(gzip, [\d.]+ kB on disk\) · tf\.train\.Example · \d+-\d+ B per record$/,
    );
    expect(lines[1]).toMatch(/^feature +type +shape +present +values$/);
    expect(stdout).toMatch(/^n +int64 +1 +100 % +0\.\.149 \(150 distinct\)$/m);
    expect(stdout).toMatch(/^sepal +float +1 +100 % +5\.0\.\.19\.9 mean 12\.45$/m);
    expect(stdout).toMatch(/^species +bytes +1 +100 % +6\.\.10 B \(3 distinct\)$/m);
  });

  test("counts classes", async () => {
    const { stdout } = await tsflow("records info iris-train.tfrecord", { cwd });
    expect(stdout).toMatch(/^species +int64 +1 +100 % +0\.\.2 \(3 distinct; least \d+ × \d, most \d+ × \d\)$/m);
  });

  test("says how often a feature is there", async () => {
    const { stdout } = await tsflow("records info rows.tfrecord", { cwd });
    expect(stdout).toMatch(/^n +int64 +1 +33 %/m);
    expect(stdout).toMatch(/^x +float +0\.\.2 +100 %/m);
  });
});

describe("records verify", () => {
  test("is content with whole files, and quiet with --quiet", async () => {
    expect(await tsflow("records verify iris-train.tfrecord 'many-*'", { cwd })).toMatchObject({ exit: 0, stderr: "" });
    expect(await tsflow("records verify iris-train.tfrecord --decode --quiet", { cwd })).toEqual({
      stdout: "",
      stderr: "",
      exit: 0,
    });
  });

  test("finds a damaged record and what can still be read", async () => {
    const bytes = readFileSync(path("lines.tfrecord"));
    bytes[12]! ^= 1;
    writeFileSync(path("bad.tfrecord"), bytes);
    const { stdout, exit } = await tsflow("records verify lines.tfrecord bad.tfrecord", { cwd });
    expect(exit).toBe(3);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("lines.tfrecord   4 records   ok");
    expect(lines[1]).toMatch(
      /^bad\.tfrecord {3}DAMAGED at offset 0 \(record 0\): data checksum is 0x[0-9a-f]{8}, stored 0x[0-9a-f]{8}$/,
    );
    expect(lines[2]).toBe("    0 good records before it; 3 more readable after a resync at offset 19");
    expect(lines[3]).toBe(
      "1 of 2 files damaged (exit 3). Rescue: tsflow records repair bad.tfrecord --out fixed.tfrecord",
    );
  });

  test("says what a file is that is none", async () => {
    const { stdout, exit } = await tsflow("records verify iris.csv", { cwd });
    expect([stdout.split("\n")[0], exit]).toEqual([
      "iris.csv   DAMAGED: not a TFRecord file: it looks like a CSV file",
      3,
    ]);
  });

  test("finds what is no Example, and what does not fit the schema", async () => {
    const decoded = await tsflow("records verify lines.tfrecord --decode", { cwd });
    expect([decoded.stdout.split("\n")[0], decoded.exit]).toEqual([
      expect.stringContaining("MISFIT: record 0 at offset 0 is no tf.train.Example"),
      3,
    ]);
    const fitting = await tsflow("records verify iris-train.tfrecord --schema iris-train.tfrecord.json", { cwd });
    expect(fitting.exit).toBe(0);
    const other = await tsflow("records verify arrays.tfrecord --schema iris-train.tfrecord.json", { cwd });
    expect(other.stdout).toContain('MISFIT: record 0 at offset 0 has a feature "x" that the schema has not');
  });

  test("gives the facts as JSON", async () => {
    const { stdout, exit } = await tsflow("records verify bad.tfrecord --json", { cwd });
    expect(exit).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      path: "bad.tfrecord",
      ok: false,
      records: 3,
      damages: [{ offset: 0, record: 0, resumesAt: 19 }],
    });
  });
});

describe("records repair", () => {
  const records = Array.from({ length: 20 }, (_, i) => new TextEncoder().encode(`record ${i} ${"x".repeat(i)}`));
  const whole = Buffer.concat(records.map(framed));
  const texts = (name: string, compression: "" | "GZIP" = "") =>
    Array.from(readRecords(path(name), { compression }), text);

  test("copies all whole records and says which bytes were left out", async () => {
    const bytes = Buffer.from(whole);
    bytes[framed(records[0]!).length + 3]! ^= 1;
    writeFileSync(path("torn.tfrecord"), bytes.subarray(0, -5));
    const { stdout, exit } = await tsflow("records repair torn.tfrecord --out mended.tfrecord", { cwd });
    expect(exit).toBe(0);
    const second = framed(records[0]!).length;
    const [first, ...ranges] = stdout.trimEnd().split("\n");
    expect(first).toBe("mended.tfrecord   18 records copied   2 damaged ranges left out");
    expect(ranges[0]).toMatch(
      new RegExp(
        `^    left out: bytes ${second} to ${second + framed(records[1]!).length} \\(\\d+ B\\): length checksum`,
      ),
    );
    expect(ranges[1]).toMatch(/^ {4}left out: bytes \d+ to \d+ \(\d+ B\): the file ends inside a record of 29 bytes/);
    expect(texts("mended.tfrecord")).toEqual(records.filter((_, i) => i !== 1 && i !== 19).map(text));
    expect((await tsflow("records verify mended.tfrecord", { cwd })).exit).toBe(0);
  });

  test("reads what it can of a torn gzip file, and writes a whole one", async () => {
    writeFileSync(path("torn.tfrecord.gz"), gzipSync(whole).subarray(0, -12));
    const { stdout, exit } = await tsflow("records repair torn.tfrecord.gz --out mended.tfrecord.gz --json", { cwd });
    expect(exit).toBe(0);
    const { records: n, left_out } = JSON.parse(stdout) as { records: number; left_out: { what: string }[] };
    expect(left_out.at(-1)!.what).toBe("the gzip stream is cut off");
    expect(texts("mended.tfrecord.gz", "GZIP")).toEqual(records.slice(0, n).map(text));
    expect(n).toBeGreaterThan(0);
  });

  test("leaves the damaged file and others alone", async () => {
    writeFileSync(path("other.tfrecord"), "mine");
    expect((await tsflow("records repair torn.tfrecord --out ./torn.tfrecord --overwrite", { cwd })).exit).toBe(2);
    expect((await tsflow("records repair torn.tfrecord --out other.tfrecord", { cwd })).exit).toBe(2);
    expect((await tsflow("records repair torn.tfrecord", { cwd })).exit).toBe(2);
    expect(readFileSync(path("other.tfrecord"), "utf8")).toBe("mine");
  });
});

describe("records write --append", () => {
  test("cuts a torn record off first, says how long it was, and goes on behind the last whole one", async () => {
    writeFileSync(path("base.csv"), "a\n1\n2\n");
    writeFileSync(path("more.csv"), "a\n3\n");
    await tsflow("records write base.csv --out grown.tfrecord", { cwd });
    const torn = framed(new Uint8Array(40)).subarray(0, 30);
    writeFileSync(path("grown.tfrecord"), Buffer.concat([readFileSync(path("grown.tfrecord")), torn]));
    const { stderr, exit } = await tsflow("records write more.csv --out grown.tfrecord --append", { cwd });
    expect(exit).toBe(0);
    expect(stderr).toBe(
      "tsflow: warning: grown.tfrecord: cut 30 bytes of a torn record off its end before appending\n",
    );
    expect(examples("grown.tfrecord")).toEqual([{ a: [1n] }, { a: [2n] }, { a: [3n] }]);
  });

  test("adds a member to a gzip file, makes a file that is not there, and refuses a damaged one", async () => {
    await tsflow("records write base.csv --out grown.tfrecord.gz --append", { cwd });
    expect((await tsflow("records write more.csv --out grown.tfrecord.gz --append", { cwd })).exit).toBe(0);
    expect(examples("grown.tfrecord.gz", "GZIP")).toEqual([{ a: [1n] }, { a: [2n] }, { a: [3n] }]);
    writeFileSync(path("grown.tfrecord.gz"), readFileSync(path("grown.tfrecord.gz")).subarray(0, -3));
    const refused = await tsflow("records write more.csv --out grown.tfrecord.gz --append", { cwd });
    expect(refused).toMatchObject({ exit: 3, stderr: expect.stringContaining("the gzip stream is cut off") });
    expect((await tsflow("records write more.csv --out g2.tfrecord --append --shards 2", { cwd })).exit).toBe(2);
  });
});
