import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { maskedCrc32c } from "../../src/io/crc.ts";
import { EventFileWriter, eventFiles, readEvents } from "../../src/io/event_file.ts";
import { type FileSystem, fileError, nodeFiles } from "../../src/io/file_system.ts";
import { framed } from "../../src/io/record/framing.ts";
import { decode, encode, fromLong, pb } from "../../src/proto/messages.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { temporaryFolder } from "./temporary.ts";

const scalar = (step: number, value: number) =>
  encode(pb.Event, { wallTime: 1, step, summary: { value: [{ tag: "loss", simpleValue: value }] } });

const read = (path: string) => [...readEvents(path)].map((bytes) => decode(pb.Event, bytes));
const steps = (path: string) =>
  read(path).map((event) => (event.fileVersion ? event.fileVersion : fromLong(event.step as never)));

interface GoldenEvents {
  files: {
    file: string;
    record_lengths: number[];
    first_record_hex: string;
    events: { step: string; what: string; file_version?: string; summary?: { tag: string; kind: string }[] }[];
  }[];
}

describe.skipIf(!hasGoldens)("TensorFlow's event files", () => {
  const cases = hasGoldens
    ? readdirSync(goldenPath("events"), { withFileTypes: true })
        .filter((e) => e.isDirectory())
        .map((e) => e.name)
    : [];
  const kinds: Record<string, string> = { simpleValue: "simple_value" };

  test.each(cases)("%s has the events that TensorFlow sees", (name) => {
    const { files = [] } = readGolden<GoldenEvents>("events", name, "expected.json");

    expect(eventFiles(goldenPath("events", name)).map((f) => f.split("/").at(-1))).toEqual(files.map((f) => f.file));
    for (const golden of files) {
      const records = [...readEvents(goldenPath("events", name, golden.file))];
      expect(records.map((r) => r.length)).toEqual(golden.record_lengths);
      expect(Buffer.from(records[0]!).toString("hex")).toBe(golden.first_record_hex);
      const seen = records.map((record) => {
        const event = decode(pb.Event, record);
        const tags = event.summary?.value?.map((v) => [v.tag, kinds[v.value!] ?? v.value]);
        return [String(fromLong(event.step as never)), tags];
      });
      expect(seen).toEqual(golden.events.map((e) => [e.step, e.summary?.map((v) => [v.tag, v.kind])]));
    }
  });
});

describe("EventFileWriter", () => {
  test("makes its file with the first write: version first, then the events", () => {
    const folder = join(temporaryFolder(), "logs", "train");
    const writer = new EventFileWriter(folder, { suffix: ".sfx" });
    expect(writer.path).toBeNull();

    writer.add(scalar(1, 0.5));
    writer.add(scalar(2, 0.25));
    writer.flush();

    const [file] = eventFiles(folder);
    expect(file).toBe(writer.path);
    expect(file!.slice(folder.length + 1)).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+\.sfx$/);
    expect(steps(file!)).toEqual(["brain.Event:2", 1, 2]);
    writer.close();
  });

  test("without events leaves no file", () => {
    const folder = temporaryFolder();

    const writer = new EventFileWriter(folder);
    writer.flush();
    writer.close();

    expect(readdirSync(folder)).toEqual([]);
  });

  test("writes by itself once more events wait than its queue holds", () => {
    const folder = temporaryFolder();
    const writer = new EventFileWriter(folder, { maxQueue: 2 });

    for (let step = 1; step <= 4; step++) writer.add(scalar(step, 1));

    expect(steps(writer.path!)).toEqual(["brain.Event:2", 1, 2, 3]);
    writer.close();
    expect(steps(eventFiles(folder)[0]!)).toEqual(["brain.Event:2", 1, 2, 3, 4]);
  });

  test("several writers on one folder in one second have files of their own", () => {
    const folder = temporaryFolder();
    const writers = [1, 2, 3].map(() => new EventFileWriter(folder));

    for (const [i, writer] of writers.entries()) writer.add(scalar(i, 1));
    for (const writer of writers) writer.close();

    expect(
      eventFiles(folder)
        .map((file) => steps(file)[1])
        .sort(),
    ).toEqual([0, 1, 2]);
  });

  test("takes events again after reopen, in a new file", () => {
    const folder = temporaryFolder();
    const writer = new EventFileWriter(folder);
    writer.add(scalar(1, 1));
    writer.close();

    writer.reopen();
    writer.add(scalar(2, 1));
    writer.close();

    expect(eventFiles(folder).map(steps)).toEqual([
      ["brain.Event:2", 1],
      ["brain.Event:2", 2],
    ]);
  });

  test("begins another file once one has grown beyond its limit", () => {
    const folder = temporaryFolder();
    const writer = new EventFileWriter(folder, { maxQueue: 0, maxBytes: 200 });

    for (let step = 0; step < 10; step++) writer.add(scalar(step, 1));
    writer.close();

    const files = eventFiles(folder);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect(steps(file)[0]).toBe("brain.Event:2");
    expect(files.flatMap((file) => steps(file).slice(1)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("drops events while the disk is full, leaves whole records, and goes on when there is space", () => {
    const folder = temporaryFolder();
    let isFull = false;
    const full = () => fileError(Object.assign(new Error("full"), { code: "ENOSPC" }), folder);
    const files: FileSystem = {
      ...nodeFiles,
      open(path, mode) {
        const file = nodeFiles.open(path, mode);
        let calls = 0;
        return {
          ...file,
          write(bytes) {
            if (!isFull) return file.write(bytes);
            if (calls++ % 2 === 0) return file.write(bytes.subarray(0, 7));
            throw full();
          },
        };
      },
    };
    const writer = new EventFileWriter(folder, { fs: files });
    writer.add(scalar(1, 1));
    writer.flush();

    isFull = true;
    writer.add(scalar(2, 1));
    writer.add(scalar(3, 1));
    writer.flush();
    isFull = false;
    writer.add(scalar(4, 1));
    writer.close();

    expect(writer.droppedEvents).toBe(2);
    expect(steps(eventFiles(folder)[0]!)).toEqual(["brain.Event:2", 1, 4]);
  });

  test("tells other errors of the folder", () => {
    const folder = join(temporaryFolder(), "file");
    writeFileSync(folder, "");
    const writer = new EventFileWriter(folder);
    writer.add(scalar(1, 1));

    expect(() => writer.flush()).toThrow(expect.objectContaining({ code: "ALREADY_EXISTS" }));
  });

  test("loses nothing when a program ends without closing it, and does not keep the program alive", () => {
    const folder = temporaryFolder();
    const program = join(folder, "program.mjs");
    const source = `
      import { EventFileWriter } from ${JSON.stringify(join(import.meta.dirname, "../../src/io/event_file.ts"))};
      const writer = new EventFileWriter(${JSON.stringify(join(folder, "logs"))});
      writer.add(Uint8Array.of(0x10, 7));`;
    buildSync({
      stdin: { contents: source, resolveDir: import.meta.dirname, loader: "ts" },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: program,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });

    execFileSync(process.execPath, [program]);

    expect(steps(eventFiles(join(folder, "logs"))[0]!)).toEqual(["brain.Event:2", 7]);
  });
});

describe("readEvents", () => {
  const event = (step: number) => Buffer.from(framed(Uint8Array.of(0x10, step)));

  test("ends quietly at a torn tail of any length", () => {
    const path = join(temporaryFolder(), "events");
    const whole = Buffer.concat([event(1), event(2)]);
    for (let length = event(1).length; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(steps(path)).toEqual([1]);
    }
  });

  test("passes over an event with damaged data, and tells of it", () => {
    const path = join(temporaryFolder(), "events");
    const bad = event(2);
    bad[12]! ^= 1;
    writeFileSync(path, Buffer.concat([event(1), bad, event(3)]));
    const told: (number | undefined)[] = [];

    const events = [...readEvents(path, { onDamage: (error) => told.push(error.offset) })];

    expect(events.map((bytes) => bytes[1])).toEqual([1, 3]);
    expect(told).toEqual([18 + 12]);
  });

  test("is DATA_LOSS at a damaged length", () => {
    const path = join(temporaryFolder(), "events");
    const bad = event(2);
    bad[0]! ^= 1;
    writeFileSync(path, Buffer.concat([event(1), bad, event(3)]));

    expect(() => [...readEvents(path)]).toThrow(expect.objectContaining({ code: "DATA_LOSS", offset: 18 }));
  });

  test("does not take memory for a length of 2^60", () => {
    const path = join(temporaryFolder(), "events");
    const huge = framed(new Uint8Array());
    const view = new DataView(huge.buffer);
    view.setBigUint64(0, 2n ** 52n, true);
    view.setUint32(8, maskedCrc32c(huge.subarray(0, 8)), true);
    writeFileSync(path, Buffer.concat([event(1), huge, event(3)]));

    expect(steps(path)).toEqual([1]);
  });
});
