import { describe, expect, test } from "vitest";
import { readImageHeader } from "../../../src/io/source/image_header.ts";

const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : [part])));

/** Each as an encoder of its format begins a file of 300 x 200. */
const png = bytes("\x89PNG\r\n\x1a\n", 0, 0, 0, 13, "IHDR", 0, 0, 1, 44, 0, 0, 0, 200, 8, 2, 0, 0, 0);
const gif = bytes("GIF89a", 44, 1, 200, 0, 0x80, 0, 0);
const jpeg = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 3, 9, 0xff, 0xc2, 0, 17, 8, 0, 200, 1, 44, 3, 1);
const bmp = bytes("BM", ...new Array(12).fill(0), 40, 0, 0, 0, 44, 1, 0, 0, 0x38, 0xff, 0xff, 0xff, 1, 0, 24, 0);

describe("the header of an image", () => {
  test.each([
    ["PNG", png, { format: "png", width: 300, height: 200, channels: 3 }],
    ["GIF", gif, { format: "gif", width: 300, height: 200, channels: 3 }],
    ["progressive JPEG", jpeg, { format: "jpeg", width: 300, height: 200, channels: 3 }],
    ["top-down BMP", bmp, { format: "bmp", width: 300, height: 200, channels: 3 }],
  ])("of %s says format, size and channels", (_, head, want) => {
    expect(readImageHeader(head)).toEqual(want);
  });

  test.each([png, gif, jpeg, bmp])("that is cut is none", (head) => {
    expect(readImageHeader(head.subarray(0, 8))).toBeUndefined();
    expect(readImageHeader(new Uint8Array(0))).toBeUndefined();
  });
});
