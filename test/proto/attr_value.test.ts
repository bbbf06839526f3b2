import { describe, expect, test } from "vitest";
import { dtypeOf, float32 } from "../../src/core/dtype.ts";
import { ndarray } from "../../src/core/nd_array.ts";
import { type AttrValue, fromAttrProto, sameAttr, toAttrProto } from "../../src/proto/attr_value.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";

const func = { name: "f", attrs: new Map<string, AttrValue>([["T", { kind: "type", value: float32 }]]) };

const attrs: AttrValue[] = [
  { kind: "int", value: -5 },
  { kind: "int", value: 0 },
  { kind: "int", value: 2n ** 62n },
  { kind: "float", value: 0.5 },
  { kind: "bool", value: false },
  { kind: "string", value: "" },
  { kind: "string", value: "loc:@a" },
  { kind: "string", value: Uint8Array.of(0xff, 0) },
  { kind: "type", value: dtypeOf("float32_ref") },
  { kind: "shape", value: null },
  { kind: "shape", value: [] },
  { kind: "shape", value: [null, 3] },
  { kind: "tensor", value: ndarray([1, 2], "float32") },
  { kind: "func", value: func },
  { kind: "placeholder", value: "T" },
  { kind: "none" },
  { kind: "list", of: "empty", value: [] },
  { kind: "list", of: "int", value: [1, -1, 2n ** 60n] },
  { kind: "list", of: "float", value: [0.5, -0] },
  { kind: "list", of: "bool", value: [true, false] },
  { kind: "list", of: "string", value: ["a", ""] },
  { kind: "list", of: "type", value: [float32] },
  { kind: "list", of: "shape", value: [null, [], [2]] },
  { kind: "list", of: "tensor", value: [ndarray(3, "int32")] },
  { kind: "list", of: "func", value: [func] },
];

describe("AttrValue", () => {
  test.each(attrs)("keeps $kind $of $value over the wire", (attr) => {
    const bytes = encode(pb.AttrValue, toAttrProto(attr));

    expect(fromAttrProto(decode(pb.AttrValue, bytes))).toEqual(attr);
  });

  test("tells every one of them from every other", () => {
    for (const [i, a] of attrs.entries()) {
      for (const [j, b] of attrs.entries()) expect([i, j, sameAttr(a, b)]).toEqual([i, j, i === j]);
    }
  });

  test("takes floats as equal when their float32 is", () => {
    expect(sameAttr({ kind: "float", value: 0.1 }, { kind: "float", value: Math.fround(0.1) })).toBe(true);
  });

  test("refuses an unknown dtype", () => {
    expect(() => fromAttrProto({ type: 9999 as pb.DataType })).toThrow("attribute has the unknown type 9999");
  });
});
