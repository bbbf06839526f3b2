/** Readers as ops, with handles of both versions. Source: io_ops.cc, reader_ops.cc */
import { int64, string } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { bytesOfText } from "../arrays.ts";
import { queueOf } from "../queue/ops.ts";
import { type HandleArg, handleShape, isText, namedObject, objectOf } from "../resource.ts";
import { Reader, type ReadRecord, type RecordSource } from "./reader.ts";
import { fixedLengthSource, identitySource, recordFileSource, textLineSource, wholeFileSource } from "./sources.ts";

const kind = "reader";

const readerOf = (context: ComputeContext, handle: NdArray): Reader => objectOf<Reader>(context, handle, kind);

const keysOf = (records: readonly ReadRecord[]) => records.map(({ key }) => bytesOfText(key));
const valuesOf = (records: readonly ReadRecord[]) => records.map(({ value }) => value);
const whole = (n: number): NdArray => new NdArray(int64, [], BigInt64Array.of(BigInt(n)));

const names = ["container: string = ''", "shared_name: string = ''"] as const;

interface Named {
  readonly container: string;
  readonly shared_name: string;
}

function makersOf(version: "" | "V2", handle: HandleArg<"reader_handle">) {
  const gradient = version === "" ? "none" : "unregistered";
  const shape = () => [handleShape(handle)];
  const make = (type: string, attrs: Named, context: ComputeContext, source: () => RecordSource): NdArray =>
    namedObject<Reader>(context, {
      kind,
      container: attrs.container,
      sharedName: attrs.shared_name,
      asText: isText(handle),
      create: () =>
        new Reader(`${type} '${context.node.name}'`, source(), source === identitySource ? () => {} : context.permit),
    });
  const plain = (type: string, source: () => RecordSource) =>
    defineOp(`${type}${version}`, {
      outputs: [handle],
      attrs: names,
      stateful: true,
      access: "input",
      shape,
      compute: (op, context) => make(type, op, context, source),
      gradient,
    });
  return {
    identity: plain("IdentityReader", identitySource),
    wholeFile: plain("WholeFileReader", wholeFileSource),
    textLine: defineOp(`TextLineReader${version}`, {
      outputs: [handle],
      attrs: ["skip_header_lines: int = 0", ...names],
      stateful: true,
      access: "input",
      shape,
      compute(op, context) {
        const lines = op.skip_header_lines;
        if (lines < 0) throw invalidArgument(`skip_header_lines must be >= 0 not ${lines}`);
        return make("TextLineReader", op, context, () => textLineSource(lines));
      },
      gradient,
    }),
    record: defineOp(`TFRecordReader${version}`, {
      outputs: [handle],
      attrs: [...names, "compression_type: string = ''"],
      stateful: true,
      access: "input",
      shape,
      compute: (op, context) => make("TFRecordReader", op, context, () => recordFileSource(op.compression_type)),
      gradient,
    }),
  };
}

const lengths = [
  "header_bytes: int = 0",
  "record_bytes: int",
  "footer_bytes: int = 0",
  "hop_bytes: int = 0",
  ...names,
] as const;

interface Lengths extends Named {
  readonly header_bytes: number;
  readonly record_bytes: number;
  readonly footer_bytes: number;
  readonly hop_bytes: number;
}

function makeFixedLength(op: Lengths, encoding: string, asText: boolean, context: ComputeContext): NdArray {
  for (const name of ["header_bytes", "record_bytes", "footer_bytes", "hop_bytes"] as const) {
    if (op[name] < 0) throw invalidArgument(`${name} must be >= 0 not ${op[name]}`);
  }
  const layout = {
    headerBytes: op.header_bytes,
    recordBytes: op.record_bytes,
    footerBytes: op.footer_bytes,
    hopBytes: op.hop_bytes,
    encoding,
  };
  return namedObject<Reader>(context, {
    kind,
    container: op.container,
    sharedName: op.shared_name,
    asText,
    create: () =>
      new Reader(`FixedLengthRecordReader '${context.node.name}'`, fixedLengthSource(layout), context.permit),
  });
}

export const fixedLengthRecordReaderOp = defineOp("FixedLengthRecordReader", {
  outputs: ["reader_handle: Ref(string)"],
  attrs: lengths,
  stateful: true,
  access: "input",
  shape: () => [[2]],
  compute: (op, context) => makeFixedLength(op, "", true, context),
  gradient: "none",
});

export const fixedLengthRecordReaderV2Op = defineOp("FixedLengthRecordReaderV2", {
  outputs: ["reader_handle: resource"],
  attrs: [...lengths, "encoding: string = ''"],
  stateful: true,
  access: "input",
  shape: () => [[]],
  compute: (op, context) => makeFixedLength(op, op.encoding, false, context),
  gradient: "unregistered",
});

const recordValues = ({ key, value }: ReadRecord): [NdArray, NdArray] => [
  new NdArray(string, [], [bytesOfText(key)]),
  new NdArray(string, [], [value]),
];

function callsOf(version: "" | "V2", handle: HandleArg<"reader_handle">, queue: HandleArg<"queue_handle">) {
  const stateful = version === "V2";
  const gradient = version === "" ? "none" : "unregistered";
  const count = (
    type: string,
    output: "records_produced: int64" | "units_completed: int64",
    of: (r: Reader) => number,
  ) =>
    defineOp(`${type}${version}`, {
      inputs: [handle],
      outputs: [output],
      stateful,
      shape: () => [[]],
      compute: ({ reader_handle }, context) => whole(of(readerOf(context, reader_handle))),
      gradient,
    });
  return {
    read: defineOp(`ReaderRead${version}`, {
      inputs: [handle, queue],
      outputs: ["key: string", "value: string"],
      stateful,
      shape: () => [[], []],
      run({ reader_handle, queue_handle }, context) {
        const source = queueOf(context, queue_handle);
        const record = readerOf(context, reader_handle).read(source, context);
        return record instanceof Promise ? record.then(recordValues) : recordValues(record);
      },
      gradient,
    }),
    readUpTo: defineOp(`ReaderReadUpTo${version}`, {
      inputs: [handle, queue, "num_records: int64"],
      outputs: ["keys: string", "values: string"],
      stateful,
      shape({ num_records }) {
        withRank(num_records, 0);
        return [[null], [null]];
      },
      async run({ reader_handle, queue_handle, num_records }, context) {
        const n = Number((num_records.data as BigInt64Array)[0]!);
        if (n < 0) throw invalidArgument(`num_records must be >= 0, got ${n}`);
        const source = queueOf(context, queue_handle);
        const records = await readerOf(context, reader_handle).readUpTo(source, n, context);
        const shape = [records.length];
        return [new NdArray(string, shape, keysOf(records)), new NdArray(string, shape, valuesOf(records))];
      },
      gradient,
    }),
    recordsProduced: count("ReaderNumRecordsProduced", "records_produced: int64", (reader) => reader.recordsProduced),
    workUnits: count("ReaderNumWorkUnitsCompleted", "units_completed: int64", (reader) => reader.workUnitsCompleted),
    reset: defineOp(`ReaderReset${version}`, {
      inputs: [handle],
      stateful,
      shape: () => [],
      run: ({ reader_handle }, context) => readerOf(context, reader_handle).reset(),
      gradient,
    }),
    serialize: defineOp(`ReaderSerializeState${version}`, {
      inputs: [handle],
      outputs: ["state: string"],
      stateful,
      shape: () => [[]],
      run: async ({ reader_handle }, context) =>
        new NdArray(string, [], [await readerOf(context, reader_handle).serialize()]),
      gradient,
    }),
    restore: defineOp(`ReaderRestoreState${version}`, {
      inputs: [handle, "state: string"],
      stateful,
      shape({ state }) {
        withRank(state, 0);
        return [];
      },
      run: ({ reader_handle, state }, context) =>
        readerOf(context, reader_handle).restore((state.data as readonly Uint8Array[])[0]!),
      gradient,
    }),
  };
}

const textMakers = makersOf("", "reader_handle: Ref(string)");
const makers = makersOf("V2", "reader_handle: resource");
const textCalls = callsOf("", "reader_handle: Ref(string)", "queue_handle: Ref(string)");
const calls = callsOf("V2", "reader_handle: resource", "queue_handle: resource");

export const identityReaderOp = textMakers.identity;
export const identityReaderV2Op = makers.identity;
export const wholeFileReaderOp = textMakers.wholeFile;
export const wholeFileReaderV2Op = makers.wholeFile;
export const textLineReaderOp = textMakers.textLine;
export const textLineReaderV2Op = makers.textLine;
export const tFRecordReaderOp = textMakers.record;
export const tFRecordReaderV2Op = makers.record;
export const readerReadOp = textCalls.read;
export const readerReadV2Op = calls.read;
export const readerReadUpToOp = textCalls.readUpTo;
export const readerReadUpToV2Op = calls.readUpTo;
export const readerNumRecordsProducedOp = textCalls.recordsProduced;
export const readerNumRecordsProducedV2Op = calls.recordsProduced;
export const readerNumWorkUnitsCompletedOp = textCalls.workUnits;
export const readerNumWorkUnitsCompletedV2Op = calls.workUnits;
export const readerResetOp = textCalls.reset;
export const readerResetV2Op = calls.reset;
export const readerSerializeStateOp = textCalls.serialize;
export const readerSerializeStateV2Op = calls.serialize;
export const readerRestoreStateOp = textCalls.restore;
export const readerRestoreStateV2Op = calls.restore;
