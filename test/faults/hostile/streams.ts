/** Record files, event files, and compressed streams of them. */
import { deflateSync, gzipSync } from "node:zlib";
import { framed } from "../../../src/io/record/framing.ts";
import { encode, pb } from "../../../src/proto/messages.ts";
import { type HostileFile, joined, recordOfLength, records, utf8, wire } from "./builders.ts";

const info = (file: string): string[] => ["records", "info", file, "--json"];

const ofRecords = (
  name: string,
  bytes: Uint8Array,
  code = "DATA_LOSS",
  more: Partial<HostileFile> = {},
): HostileFile => ({
  name: `records: ${name}`,
  files: { "a.tfrecord": bytes },
  command: info("a.tfrecord"),
  code,
  says: "a.tfrecord",
  ...more,
});

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const good = framed(utf8("good"));
const zeros = new Uint8Array(300 * 2 ** 20);

/** A megabyte of headers, each of which promises all that is left: what a search must not read for each. */
function headersOverHeaders(): Uint8Array {
  const size = 2 ** 20;
  const bytes = new Uint8Array(size);
  for (let at = 1; at + 16 <= size; at += 12) {
    bytes.set(recordOfLength(BigInt(size - at - 16), new Uint8Array(0)).subarray(0, 12), at);
  }
  return bytes;
}

const example = (feature: Uint8Array): Uint8Array =>
  wire()
    .bytes(1, wire().bytes(1, wire().bytes(1, "a").bytes(2, feature).finish()).finish())
    .finish();

const recordFiles: HostileFile[] = [
  ofRecords("a length of 2^40", joined(good, recordOfLength(2n ** 40n))),
  ofRecords("a length of 2^60", joined(good, recordOfLength(2n ** 60n))),
  ofRecords("a length of 2^64 - 1", joined(good, recordOfLength(2n ** 64n - 1n))),
  ofRecords("a length of 2^64 - 16, which wraps", joined(good, recordOfLength(2n ** 64n - 16n))),
  ofRecords("a length one too long", joined(good, recordOfLength(5n))),
  ofRecords("the end of a header under --strict_records", joined(good, Uint8Array.of(1, 2, 3)), "DATA_LOSS", {
    command: [...info("a.tfrecord"), "--strict_records"],
  }),
  ofRecords("the end of a header", joined(good, Uint8Array.of(1, 2, 3)), "", {
    says: /WARNING: a\.tfrecord: ends 3 bytes into the header/,
  }),
  ofRecords("headers over headers", headersOverHeaders(), "", {
    command: ["records", "verify", "a.tfrecord", "--json"],
    exit: 3,
  }),
  ofRecords("an image", joined(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), new Uint8Array(100)), "", {
    command: ["records", "verify", "a.tfrecord"],
    exit: 3,
    says: "looks like a PNG image",
  }),
  ofRecords(
    "features called __proto__",
    records(
      wire()
        .bytes(
          1,
          wire()
            .bytes(
              1,
              wire()
                .bytes(1, "__proto__")
                .bytes(
                  2,
                  wire()
                    .bytes(3, wire().bytes(1, Uint8Array.of(7)).finish())
                    .finish(),
                )
                .finish(),
            )
            .finish(),
        )
        .finish(),
    ),
    "",
    {
      command: ["records", "head", "a.tfrecord", "--json"],
      says: '"__proto__":[7]',
    },
  ),
  ofRecords(
    "features that write to the terminal",
    records(example(wire().bytes(1, wire().bytes(1, "\u001b]0;x\u0007").finish()).finish())),
    "",
    {
      command: ["records", "head", "a.tfrecord"],
      says: "<6 B>",
      neverSays: /[\u001b\u0007]/,
    },
  ),
  ofRecords(
    "a list of numbers that ends inside one",
    records(
      example(
        wire()
          .bytes(3, wire().bytes(1, Uint8Array.of(0x80)).finish())
          .finish(),
      ),
    ),
    "",
    {
      command: ["records", "verify", "a.tfrecord", "--decode", "--json"],
      exit: 3,
    },
  ),
  ofRecords(
    "a list of floats that ends inside one",
    records(
      example(
        wire()
          .bytes(
            2,
            wire()
              .bytes(1, Uint8Array.of(1, 2, 3))
              .finish(),
          )
          .finish(),
      ),
    ),
    "",
    {
      command: ["records", "verify", "a.tfrecord", "--decode"],
      exit: 3,
      says: "is no tf.train.Example",
    },
  ),
  ofRecords("100,000 groups in an Example", records(new Uint8Array(100_000).fill(0x0b)), "", {
    command: ["records", "verify", "a.tfrecord", "--decode"],
    exit: 3,
  }),
  ofRecords("300 MiB of zeros in gzip", gzipSync(zeros, { level: 1 })),
  ofRecords("300 MiB of zeros in zlib", deflateSync(zeros, { level: 1 }), "DATA_LOSS", {
    command: [...info("a.tfrecord"), "--compression", "zlib"],
  }),
  ofRecords("a record of 2^40 in gzip", gzipSync(recordOfLength(2n ** 40n)), "RESOURCE_EXHAUSTED", {
    says: "--max_record_mb",
  }),
  ofRecords(
    "a record of 250 MiB of zeros in gzip",
    gzipSync(recordOfLength(250n * 2n ** 20n, zeros.subarray(0, 250 * 2 ** 20)), { level: 1 }),
    "",
    {
      says: '"records":1',
    },
  ),
  ofRecords("a torn gzip stream", gzipSync(records(...many(50, (i) => utf8(`record ${i}`)))).subarray(0, -9)),
  ofRecords("a gzip stream without its trailer", gzipSync(records(utf8("one"), utf8("two"))).subarray(0, -8)),
  ofRecords(
    "a gzip stream with a wrong checksum",
    ((bytes) => {
      bytes[bytes.length - 6]! ^= 1;
      return bytes;
    })(gzipSync(records(utf8("one")))),
  ),
  ofRecords("a gzip stream and something else", joined(gzipSync(records(utf8("one"))), utf8("else"))),
  ofRecords("a zlib stream and something else", joined(deflateSync(records(utf8("one"))), utf8("else")), "", {
    says: '"records":1',
    command: [...info("a.tfrecord"), "--compression", "zlib"],
  }),
  ofRecords("two gzip members", joined(gzipSync(records(utf8("one"))), gzipSync(records(utf8("two")))), "", {
    says: '"records":2',
  }),
  ofRecords("a torn gzip stream to append to", gzipSync(records(utf8("one"))).subarray(0, -3), "DATA_LOSS", {
    files: { "a.tfrecord.gz": gzipSync(records(utf8("one"))).subarray(0, -3), "b.csv": "a\n1\n" },
    command: ["records", "write", "b.csv", "--out", "a.tfrecord.gz", "--append", "--json"],
  }),
];

type EventFields = Parameters<typeof pb.Event.encode>[0];
const event = (fields: EventFields): Uint8Array => framed(encode(pb.Event, fields));
const version = event({ wallTime: 1, fileVersion: "brain.Event:2" });
const scalar = (tag: string, step: number, simpleValue = 1): Uint8Array =>
  event({ wallTime: 2, step, summary: { value: [{ tag, simpleValue }] } });

const ofEvents = (name: string, bytes: Uint8Array, code: string, more: Partial<HostileFile> = {}): HostileFile => ({
  name: `events: ${name}`,
  files: { "events.out.tfevents.1.h": bytes },
  command: ["events", "show", ".", "--json"],
  code,
  ...more,
});

const splat = (tag: string): Uint8Array =>
  event({
    wallTime: 2,
    step: 1,
    summary: {
      value: [
        {
          tag,
          tensor: { dtype: 7, tensorShape: { dim: [{ size: 2 ** 50 }] }, stringVal: [utf8("x")] },
          metadata: { pluginData: { pluginName: "text" } },
        },
      ],
    },
  });

const verify = { command: ["events", "verify", ".", "--json"], exit: 3 };

const eventFiles: HostileFile[] = [
  ofEvents("an event of 2^60 bytes", joined(version, scalar("a", 1), recordOfLength(2n ** 60n)), "", { says: '"a"' }),
  ofEvents("a damaged length", joined(version, new Uint8Array(40)), "DATA_LOSS", { says: "events.out.tfevents.1.h" }),
  ofEvents(
    "damaged data in the middle",
    joined(version, recordOfLength(4n, utf8("....")).fill(9, 12, 14), scalar("b", 2)),
    "",
    { says: '"b"' },
  ),
  ofEvents("a record that is no event", joined(version, framed(new Uint8Array(20).fill(0xff)), scalar("b", 2)), "", {
    says: '"b"',
  }),
  ofEvents("a text of 2^50 elements", joined(version, splat("t"), scalar("b", 2)), "", { says: '"b"' }),
  ofEvents("tags called __proto__", joined(version, scalar("__proto__", 1), scalar("constructor", 1)), "", {
    says: '"__proto__"',
  }),
  ofEvents("tags that write to the terminal", joined(version, scalar("\u001b[31mred\u009b2J", 1)), "", {
    command: ["events", "show", "."],
    says: "\\x1b[31mred\\x9b2J",
    neverSays: /[\u001b\u009b]/,
  }),
  ofEvents(
    "steps and values at all ends",
    joined(version, scalar("a", -(2 ** 53)), scalar("a", 2 ** 53, 3.4e38), scalar("a", 0, -3.4e38)),
    "",
    {
      command: ["events", "show", ".", "--tag", "a"],
    },
  ),
  ofEvents("steps that go back", joined(version, scalar("a", 5), scalar("a", 3)), "", {
    ...verify,
    says: "goes back from step 5 to 3",
  }),
  ofEvents("no version", scalar("a", 1), "", { ...verify, says: "names no version" }),
  ofEvents("nested groups", joined(version, framed(new Uint8Array(100_000).fill(0x0b))), "", verify),
  ofEvents("a graph that is none", joined(version, event({ graphDef: utf8("\xff\xff\xff") })), "DATA_LOSS", {
    command: ["graph", "show", "events.out.tfevents.1.h", "--json"],
  }),
];

export const streamFiles: readonly HostileFile[] = [...recordFiles, ...eventFiles];
