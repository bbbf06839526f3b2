import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { schema } from "../../src/proto/generated/schema.js";
import {
  compareUtf8,
  decode,
  encode,
  fromLong,
  longToBigInt,
  pb,
  sortedMap,
  toLong,
} from "../../src/proto/messages.ts";

type Entry = [number, string, string, string];
const tensorflow = JSON.parse(readFileSync(new URL("../fixtures/proto/messages.json", import.meta.url), "utf8")) as {
  messages: Record<string, Record<string, Entry>>;
  enums: Record<string, Record<string, number>>;
};

const ours = (name: string) => Object.hasOwn(schema.messages, name);

describe("proto", () => {
  test("every field has TensorFlow's number, type, label and oneof", () => {
    const compared = Object.entries(schema.messages).filter(([name]) => Object.hasOwn(tensorflow.messages, name));
    for (const [name, fields] of compared) {
      for (const [number, field, type, rule, , oneof] of fields) {
        expect([name, field, number, type, rule, oneof]).toEqual([name, field, ...tensorflow.messages[name]![field]!]);
      }
    }
    expect(compared.length).toBe(120);
  });

  test("every message that TensorFlow's Python knows has all fields, but for a few that are left out on purpose", () => {
    const missing = Object.entries(tensorflow.messages).flatMap(([name, fields]) =>
      ours(name)
        ? Object.keys(fields)
            .filter((field) => !schema.messages[name]!.some(([, ours]) => ours === field))
            .map((f) => `${name}.${f}`)
        : [],
    );
    expect(missing).toEqual([
      "tensorboard.hparams.HParamsPluginData.experiment",
      "tensorflow.ConfigProto.pluggable_device_options",
      "tensorflow.ConfigProto.rpc_options",
      "tensorflow.ConfigProto.Experimental.coordination_config",
      "tensorflow.DeviceAttributes.xla_global_id",
      "tensorflow.DeviceLocality.links",
      "tensorflow.FunctionDefLibrary.registered_gradients",
      "tensorflow.GPUOptions.experimental",
      "tensorflow.GraphDef.debug_info",
      "tensorflow.MetaGraphDef.object_graph_def",
      "tensorflow.RewriterConfig.inter_optimizer_verifier_config",
      "tensorflow.RewriterConfig.post_optimization_verifier_config",
      "tensorflow.RunOptions.debug_options",
      "tensorflow.TensorInfo.composite_tensor",
    ]);
  });

  test("every enum has TensorFlow's numbers", () => {
    const compared = Object.entries(schema.enums).filter(([name]) => Object.hasOwn(tensorflow.enums, name));
    for (const [name, values] of compared) expect([name, values]).toEqual([name, tensorflow.enums[name]]);
    expect(compared.length).toBeGreaterThan(15);
  });
});

describe("encode", () => {
  test("writes a bigint in a 64-bit field as the number it is", () => {
    const event = { wallTime: 0, step: 2n ** 60n } as unknown as pb.Event.$Properties;

    const back = decode(pb.Event, encode(pb.Event, event));

    expect(fromLong(back.step as never)).toBe(2n ** 60n);
  });

  test("writes bigints inside lists and nested messages", () => {
    const feature = { features: { feature: { a: { int64List: { value: [-1n, 2n ** 53n + 1n] } } } } };

    const back = decode(pb.Example, encode(pb.Example, feature as unknown as pb.Example.$Properties));

    const values = back.features!.feature!.a!.int64List!.value!;
    expect(values.map((v) => longToBigInt(v as never))).toEqual([-1n, 2n ** 53n + 1n]);
  });

  test("leaves the message that it was given as it was", () => {
    const event = { step: 5n } as unknown as pb.Event.$Properties;

    encode(pb.Event, event);

    expect(event).toEqual({ step: 5n });
  });

  test.each([0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, -(2n ** 32n) - 5n])(
    "keeps int64 %s through Long",
    (value) => {
      expect(longToBigInt(toLong(value))).toBe(value);
    },
  );

  test("refuses what 64 bits cannot hold", () => {
    expect(() => toLong(2n ** 63n)).toThrow("9223372036854775808 does not fit into int64");
    expect(() => toLong(-1n, true)).toThrow("-1 does not fit into uint64");
  });

  test("writes map entries in the order of their bytes", () => {
    const attr = sortedMap(
      [
        ["b", 1],
        ["a", 2],
        ["T", 3],
        ["é", 4],
      ],
      (i) => ({ i }),
    );

    expect(Object.keys(attr)).toEqual(["T", "a", "b", "é"]);
  });

  test("orders strings as UTF-8 does, not as UTF-16", () => {
    expect(["\u{1f600}", "\uffff", "a"].sort(compareUtf8)).toEqual(["a", "\uffff", "\u{1f600}"]);
  });

  test("keeps fields that it does not know", () => {
    const bytes = Uint8Array.from([0x08, 0x01, 0xf2, 0x3f, 0x02, 0x68, 0x69]);

    expect(encode(pb.SavedModel, decode(pb.SavedModel, bytes))).toEqual(bytes);
  });

  test("reads a map key __proto__ as a name like any other", () => {
    const node = encode(pb.NodeDef, { name: "n", attr: sortedMap([["__proto__", 7]], (i) => ({ i })) });

    const attr = decode(pb.NodeDef, node).attr!;

    expect(Object.keys(attr)).toEqual(["__proto__"]);
    expect(Number(Object.entries(attr)[0]![1].i)).toBe(7);
  });
});

describe("decode", () => {
  test("names the file and the type when bytes end in the middle", () => {
    expect(() => decode(pb.GraphDef, Uint8Array.from([0x0a, 0x05, 0x0a]), "a.pb")).toThrow(
      "a.pb: Error parsing message with type 'tensorflow.GraphDef'",
    );
  });

  test("gives DATA_LOSS for messages nested deeper than 100", () => {
    let bytes: Uint8Array = new Uint8Array();
    for (let i = 0; i < 150; i++) bytes = Uint8Array.from([0x12, ...varint(bytes.length), ...bytes]);

    expect(() => decode(pb.FullTypeDef, bytes)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  test("gives DATA_LOSS for a varint without end", () => {
    expect(() => decode(pb.Event, Uint8Array.from([0x10, ...new Array(20).fill(0xff)]))).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
  });
});

const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
