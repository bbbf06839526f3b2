import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decode, encode, pb } from "../../src/proto/messages.ts";
import { parseText, printText, textOfBytes } from "../../src/proto/text_format.ts";

const { texts } = JSON.parse(readFileSync(new URL("../fixtures/proto/text.json", import.meta.url), "utf8")) as {
  texts: { type: string; bytes: string; text: string }[];
};

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const graph = (text: string) => decode(pb.GraphDef, parseText("GraphDef", text));

describe("text format", () => {
  test.each(texts)("prints a $type as Python does: $text", ({ type, bytes, text }) => {
    expect(printText(type, bytesOf(bytes))).toBe(text);
  });

  test.each(texts)("reads a $type: $text", ({ type, text }) => {
    expect(printText(type, parseText(type, text))).toBe(text);
  });

  test("accepts every way to write a field", () => {
    const text = `
      # a comment
      node < name: 'a' 'b' "\\x63\\144", op: "\\u00e9\\n"; input: ["x", 'y'] > # another
      node: { attr { key: "i" value: { i: 0x10 } } attr { key: "f" value { f: 1.5f } } }
      versions { producer: 27 bad_consumers: [1, 2] }`;

    const read = graph(text);

    expect(read.node!.map((n) => [n.name, n.op, n.input])).toEqual([
      ["abcd", "é\n", ["x", "y"]],
      ["", "", []],
    ]);
    expect(Number(read.node![1]!.attr!.i!.i)).toBe(16);
    expect(read.node![1]!.attr!.f!.f).toBe(1.5);
    expect(read.versions).toMatchObject({ producer: 27, badConsumers: [1, 2] });
  });

  test("reads enums by name and by number", () => {
    const attr = (value: string) =>
      graph(`node { attr { key: "T" value { type: ${value} } } }`).node![0]!.attr!.T!.type;

    expect([attr("DT_FLOAT"), attr("9"), attr("DT_INT32_REF")]).toEqual([1, 9, 103]);
  });

  test("keeps a zero in a oneof and drops it elsewhere", () => {
    expect(Buffer.from(parseText("AttrValue", "i: 0")).toString("hex")).toBe("1800");
    expect(parseText("VersionDef", "producer: 0").length).toBe(0);
  });

  test("keeps the ends of int64", () => {
    const text = "i: -9223372036854775808\n";

    expect(printText("AttrValue", parseText("AttrValue", text))).toBe(text);
  });

  test.each([
    ["nod { }", '1:1 : Message type "tensorflow.GraphDef" has no field named "nod".'],
    ['node {\n  name: "a\n}', "2:9 : String missing ending quote"],
    ["node { name: 5 }", "1:14 : Expected string but found: '5'"],
    ["node { name }", '1:13 : Expected ":", found "}".'],
    ["versions { producer: 3000000000 }", '1:22 : "3000000000" is not a value of field "producer" (int32)'],
    ["versions { producer: 1 producer: 2 }", 'should not have multiple "producer" fields.'],
    ["node { attr { value { type: DT_NOPE } } }", '"DT_NOPE" is not a value of field "type" (tensorflow.DataType)'],
    ["node {", "Expected identifier, got: end of text"],
    ["node { ! }", "Expected identifier or value, got: ! }"],
    ['node { name: "\\q" }', "Invalid escape in a string"],
  ])("says where %j is wrong", (text, message) => {
    expect(() => parseText("GraphDef", text, "g.pbtxt")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "g.pbtxt", message: expect.stringContaining(message) }),
    );
  });

  test("refuses messages nested deeper than 100", () => {
    expect(() => parseText("FullTypeDef", "args {".repeat(150) + "}".repeat(150))).toThrow("nested deeper than 100");
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => textOfBytes(Uint8Array.of(0xff), "checkpoint")).toThrow("checkpoint: the text is not UTF-8");
  });

  test("reads a string of ten million characters", () => {
    const long = "x".repeat(10_000_000);

    const parsed = parseText("NodeDef", `name: "${long}"`);

    expect(Buffer.compare(parsed, encode(pb.NodeDef, { name: long }))).toBe(0);
  });
});
