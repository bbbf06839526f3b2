import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireReader, WireWriter } from "../../src/io/wire.ts";

const read = (bytes: number[]) => new WireReader(Uint8Array.from(bytes));

describe("wire format", () => {
  test("keeps numbers of every kind", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.double({ noNaN: true }),
        fc.nat(2 ** 32 - 1),
        (n, big, x, word) => {
          const bytes = new WireWriter()
            .varint(n)
            .int64(big)
            .double(x)
            .fixed32(word)
            .float(Math.fround(x))
            .int64(-n)
            .finish();

          const reader = new WireReader(bytes);
          expect([
            reader.varint(),
            reader.int64(),
            reader.double(),
            reader.fixed32(),
            reader.float(),
            reader.signed(),
          ]).toEqual([n, big, x, word, Math.fround(x), n === 0 ? 0 : -n]);
          expect(reader.hasMore).toBe(false);
        },
      ),
    );
  });

  test.each([0, 1, 127, 128, 129, 16383, 16384, 70_000, 2_097_151, 2_097_152])(
    "nests a message of %d bytes",
    (size) => {
      const content = Uint8Array.from({ length: size }, (_, i) => i % 251);
      const out = new WireWriter();
      const outer = out.begin(1);
      const inner = out.begin(2);
      out.raw(content).end(inner).end(outer).number(3, 9);

      const reader = new WireReader(out.finish());
      expect(reader.varint()).toBe(0x0a);
      const message = reader.message();
      expect(message.varint()).toBe(0x12);
      expect(Buffer.compare(message.bytes(), content)).toBe(0);
      expect([reader.varint(), reader.varint(), reader.hasMore]).toEqual([0x18, 9, false]);
    },
  );

  test("skips fields of every wire type, nested groups too", () => {
    const reader = read([
      0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 9, 9, 0x23, 0x2b, 0x08, 1, 0x2c, 0x24, 0x35, 1, 2, 3, 4,
      0x38, 7,
    ]);

    for (let i = 0; i < 5; i++) reader.skip(reader.varint());

    expect([reader.varint(), reader.varint(), reader.hasMore]).toEqual([0x38, 7, false]);
  });

  test.each([
    ["a number that ends early", () => read([0x80]).varint()],
    ["a number of more than 10 bytes", () => read(new Array(11).fill(0x80)).int64()],
    ["a length beyond the end", () => read([5, 1]).bytes()],
    ["a length beyond 2^53", () => read([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).bytes()],
    ["a word that ends early", () => read([1, 2, 3]).fixed32()],
    ["field number 0", () => read([]).skip(0)],
    ["a group that does not end", () => read([0x08, 1]).skip(0x23)],
    ["an end without a group", () => read([]).skip(0x24)],
    ["a thousand nested groups", () => read(new Array(1000).fill(0x23)).skip(0x23)],
    ["wire type 6", () => read([]).skip(0x0e)],
  ])("%s is DATA_LOSS", (_, action) => {
    expect(action).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });
});
