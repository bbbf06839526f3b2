/** Changes to a file as data: fast-check makes them up, shrinks them, and prints those that found something. */
import fc from "fast-check";

export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly byte: number }
  | {
      readonly kind: "word";
      readonly at: number;
      readonly width: 2 | 4 | 8;
      readonly value: bigint;
      readonly isBig: boolean;
    }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly count: number }
  | { readonly kind: "repeat"; readonly at: number; readonly count: number; readonly times: number }
  | { readonly kind: "cut"; readonly at: number };

/** Numbers at which sizes, signs and products turn over. */
const edges = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  32767n,
  65535n,
  65536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const at = fc.double({ min: 0, max: 1, noNaN: true });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant("set" as const),
    at,
    byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0b, 0x22, 0x5c),
  }),
  fc.record({
    kind: fc.constant("word" as const),
    at,
    width: fc.constantFrom(2 as const, 4 as const, 8 as const),
    value: fc.constantFrom(...edges),
    isBig: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("insert" as const), at, bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant("remove" as const), at, count: fc.integer({ min: 1, max: 16 }) }),
  fc.record({
    kind: fc.constant("repeat" as const),
    at,
    count: fc.integer({ min: 1, max: 32 }),
    times: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ kind: fc.constant("cut" as const), at }),
);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(mutation, { minLength: 1, maxLength: 4 });

export function mutated(seed: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed);
  for (const change of changes) {
    const place = Math.min(bytes.length, Math.floor(change.at * bytes.length));
    const around = (...middle: readonly Uint8Array[]): Uint8Array =>
      new Uint8Array(Buffer.concat([bytes.subarray(0, place), ...middle]));
    switch (change.kind) {
      case "flip":
        if (place < bytes.length) bytes[place]! ^= 1 << change.bit;
        break;
      case "set":
        if (place < bytes.length) bytes[place] = change.byte;
        break;
      case "word": {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigUint64(0, change.value, true);
        const word = new Uint8Array(view.buffer, 0, change.width);
        if (change.isBig) word.reverse();
        bytes.set(word.subarray(0, Math.max(0, bytes.length - place)), place);
        break;
      }
      case "insert":
        bytes = around(change.bytes, bytes.subarray(place));
        break;
      case "remove":
        bytes = around(bytes.subarray(place + change.count));
        break;
      case "repeat":
        bytes = around(
          ...Array.from({ length: change.times }, () => bytes.subarray(place, place + change.count)),
          bytes.subarray(place),
        );
        break;
      case "cut":
        bytes = bytes.slice(0, place);
        break;
    }
  }
  return bytes;
}
