/**
 * Writes cifar_sample.bin: ten pictures of our own in the form of CIFAR-10's binary version, one of each label.
 *
 *     label   one byte, 0 to 9
 *     red     1024 bytes, 32 rows of 32
 *     green   1024 bytes
 *     blue    1024 bytes
 *
 * A picture of label k has k + 1 stripes in a color of its own. Run: node examples/support/make_cifar_sample.mjs
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const size = 32;

function record(label) {
  const bytes = new Uint8Array(1 + 3 * size * size);
  bytes[0] = label;
  for (let plane = 0; plane < 3; plane++)
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        const stripe = Math.floor((column * (label + 1)) / size) % 2;
        const shade = stripe === 0 ? 40 + 20 * label : 250 - 8 * row;
        bytes[1 + (plane * size + row) * size + column] = Math.max(0, shade - 60 * ((label + plane) % 3));
      }
  return bytes;
}

const records = Array.from({ length: 10 }, (_, label) => record(label));
writeFileSync(join(import.meta.dirname, "cifar_sample.bin"), Buffer.concat(records));
