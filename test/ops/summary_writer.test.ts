/** The summary writer ops write what TensorFlow's write: test/fixtures/op_cases/tail/writer.py. */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import * as tf from "../../src/index.ts";
import { readEvents } from "../../src/io/event_file.ts";
import { decodePng } from "../../src/io/image/png_decode.ts";
import * as ops from "../../src/ops/index.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";

const path = join(import.meta.dirname, "../fixtures/op_cases/tail/writer.json");
const golden = JSON.parse(readFileSync(path, "utf8")) as { readonly events: readonly string[] };

/** Without its time, and with the pixels of images: the same PNG has many forms. */
const eventOf = (bytes: Uint8Array): object => {
  const decoded = decode(pb.Event, bytes);
  const pixels = (decoded.summary?.value ?? []).flatMap(({ image }) => {
    if (!image?.encodedImageString) return [];
    const { data } = decodePng(image.encodedImageString as Uint8Array, { channels: 3, bits: 8 });
    image.encodedImageString = new Uint8Array();
    return [Array.from(data)];
  });
  const { wallTime: _, ...event } = JSON.parse(JSON.stringify(decoded));
  return { ...event, pixels };
};

test("events equal TensorFlow's", () =>
  new tf.Graph().asDefault(async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsflow-writer-"));
    const image = Array.from({ length: 24 }, (_, i) => (i === 0 ? Number.NaN : i));
    const sound = Array.from({ length: 8 }, (_, i) => i / 8);
    const metadata = encode(pb.SummaryMetadata, {
      pluginData: { pluginName: "p", content: new TextEncoder().encode("c") },
      displayName: "d",
    });
    const raw = encode(pb.Summary, { value: [{ tag: "r", simpleValue: 7.5 }] });
    const event = encode(pb.Event, { wallTime: 3.5, step: 9, fileVersion: "x" });
    const graph = encode(pb.GraphDef, { node: [{ name: "n", op: "NoOp" }] });
    const writer = ops.summaryWriterOp({ shared_name: "w" });
    const at = { writer, step: tf.constant(5, { dtype: tf.int64 }) };
    const create = ops.createSummaryFileWriterOp({
      writer,
      logdir: folder,
      max_queue: 10,
      flush_millis: 1000,
      filename_suffix: ".suffix",
    });
    const writes = [
      ops.writeScalarSummaryOp({ ...at, tag: "scalar", value: tf.constant(1.5) }),
      ops.writeScalarSummaryOp({ ...at, tag: "int", value: tf.constant(3, { dtype: tf.int64 }) }),
      ops.writeHistogramSummaryOp({ ...at, tag: "histogram", values: ndarray([1, -2, 2, 2], "float32") }),
      ops.writeImageSummaryOp({
        ...at,
        tag: "image",
        tensor: ndarray(image, "float32", [1, 2, 4, 3]),
        bad_color: ndarray([0, 255, 0], "uint8"),
      }),
      ops.writeAudioSummaryOp({ ...at, tag: "audio", tensor: ndarray([sound], "float32"), sample_rate: 44100 }),
      ops.writeSummaryOp({ ...at, tensor: tf.constant([[1, 2]]), tag: "tensor", summary_metadata: metadata }),
      ops.writeSummaryOp({ ...at, tensor: tf.constant(["a"]), tag: "words", summary_metadata: "" }),
      ops.writeRawProtoSummaryOp({ ...at, tensor: tf.constant([raw, raw]) }),
      ops.writeGraphSummaryOp({ ...at, tensor: graph }),
      ops.importEventOp({ writer, event }),
    ];
    await using sess = new tf.Session();
    await expect(sess.run(writes[0]!)).rejects.toThrow("SummaryWriterInterface does not exist.");
    await sess.run(create);
    for (const op of writes) await sess.run(op);
    const bad = new Uint8Array([1, 2, 3]);
    await expect(sess.run(ops.writeGraphSummaryOp({ ...at, tensor: bad }))).rejects.toThrow(
      "Bad tf.GraphDef binary proto tensor string",
    );
    await expect(sess.run(ops.importEventOp({ writer, event: bad }))).rejects.toThrow(
      "Bad tf.Event binary proto tensor string",
    );
    await sess.run(ops.flushSummaryWriterOp({ writer }));
    await sess.run(ops.closeSummaryWriterOp({ writer }));
    const [file] = readdirSync(folder).filter((name) => name.endsWith(".suffix"));
    const written = [...readEvents(join(folder, file!))].map(eventOf);
    const wanted = golden.events.map((text) => eventOf(new Uint8Array(Buffer.from(text, "base64"))));
    expect(written.slice(1)).toEqual(wanted.filter((each) => (each as { step?: unknown }).step !== undefined));
  }));
