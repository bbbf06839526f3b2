/** What readers find in a file. Keys are `file`, `file:line`, `file:record` or `file:offset`. Source: *_reader_op.cc */
import { OutOfRangeError } from "../../../core/error.ts";
import { readFile } from "../../../io/file_system.ts";
import type { Compression } from "../../../io/record/compression.ts";
import { RecordReader } from "../../../io/record/reader.ts";
import { ByteStream } from "../../../io/stream/byte_stream.ts";
import { bytesOfText } from "../arrays.ts";
import type { ReadRecord, RecordSource } from "./reader.ts";

const done = { record: null, isLast: true } as const;
const more = (record: ReadRecord) => ({ record, isLast: false }) as const;

/** The work itself. */
export function identitySource(): RecordSource {
  let work = "";
  return {
    isStateless: true,
    async start(name) {
      work = name;
    },
    next: async () => ({ record: { key: work, value: bytesOfText(work) }, isLast: true }),
    stop() {},
  };
}

/** One record: all bytes of the file. */
export function wholeFileSource(): RecordSource {
  let path = "";
  return {
    isStateless: true,
    async start(name) {
      path = name;
    },
    next: async () => ({ record: { key: path, value: readFile(path) }, isLast: true }),
    stop() {},
  };
}

/** Lines without their ends, counted from 1. */
export function textLineSource(skipHeaderLines: number): RecordSource {
  let stream: ByteStream | null = null;
  let line = 0;
  return {
    async start(path) {
      stream = new ByteStream(path);
      line = 0;
      while (line < skipHeaderLines && (await stream.readLine()) !== null) line++;
    },
    async next() {
      const value = await stream!.readLine();
      return value === null ? done : more({ key: `${stream!.path}:${++line}`, value });
    },
    atHand() {
      const value = stream!.lineAtHand();
      return value && { key: `${stream!.path}:${++line}`, value };
    },
    stop() {
      stream?.close();
      stream = null;
    },
  };
}

/** Records of a TFRecord file, by the offset at which each begins. Other words than GZIP and ZLIB mean a plain file. */
export function recordFileSource(compression: string): RecordSource {
  let reader: RecordReader | null = null;
  return {
    async start(path) {
      readable(path);
      reader = new RecordReader(path, { compression: known(compression) });
    },
    async next() {
      const at = reader!.offset;
      const value = await reader!.next();
      return value === null ? done : more({ key: `${reader!.path}:${at}`, value });
    },
    atHand() {
      const at = reader!.offset;
      const value = reader!.atHand();
      return value && { key: `${reader!.path}:${at}`, value };
    },
    stop() {
      reader?.close();
      reader = null;
    },
  };
}

const known = (compression: string): Compression =>
  compression === "GZIP" || compression === "ZLIB" ? compression : "";

/** Throws NOT_FOUND and the like at once, not with the first record. */
function readable(path: string): void {
  new ByteStream(path).close();
}

export interface FixedLength {
  readonly headerBytes: number;
  readonly recordBytes: number;
  readonly footerBytes: number;
  /** From the start of one record to that of the next one; 0: the record's length. */
  readonly hopBytes: number;
  /** "GZIP", "ZLIB", or anything else for a plain file. */
  readonly encoding: string;
}

/** Records of one length between a header and a footer, counted from 0. */
export function fixedLengthSource(layout: FixedLength): RecordSource {
  const { headerBytes, recordBytes, footerBytes } = layout;
  const hop = layout.hopBytes || recordBytes;
  let stream: ByteStream | null = null;
  let count = 0;
  return {
    async start(path) {
      stream = new ByteStream(path, known(layout.encoding));
      count = 0;
      if ((await stream.skip(headerBytes)) === headerBytes) return;
      stream.close();
      throw new OutOfRangeError("reached end of file");
    },
    async next() {
      const ahead = await stream!.peek(recordBytes + footerBytes);
      if (ahead.length < recordBytes + footerBytes || recordBytes === 0) return done;
      await stream!.skip(hop);
      return more({ key: `${stream!.path}:${count++}`, value: ahead.subarray(0, recordBytes) });
    },
    stop() {
      stream?.close();
      stream = null;
    },
  };
}
