/**
 * Just enough of WebAssembly for checksums: instructions as nested lists of bytes, operands before operators.
 * Source: WebAssembly core specification 2.0, section 5 (binary format).
 */

export type Code = readonly (number | Code)[];

export const i32 = 0x7f;
export const v128 = 0x7b;

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && byte < 0x40) || (rest === -1 && byte >= 0x40);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

const simd = (n: number): Code => [0xfd, unsigned(n)];
const binary =
  (...code: Code) =>
  (a: Code, b: Code): Code => [a, b, code];

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const number = (value: number): Code => [0x41, signed(value)];

export const add = binary(0x6a);
export const sub = binary(0x6b);
export const and = binary(0x71);
export const xor = binary(0x73);
export const or = binary(0x72);
export const shl = binary(0x74);
export const shrU = binary(0x76);
export const rotr = binary(0x78);
export const ne = binary(0x47);
export const gtU = binary(0x4b);
export const ltU = binary(0x49);
export const geU = binary(0x4f);

export const load = (address: Code, offset = 0): Code => [address, 0x28, 0, unsigned(offset)];
export const load8 = (address: Code, offset = 0): Code => [address, 0x2d, 0, unsigned(offset)];
export const store = (address: Code, value: Code): Code => [address, value, 0x36, 0, 0];

export const loadVector = (address: Code, offset = 0): Code => [address, simd(0), 0, unsigned(offset)];
export const storeVector = (address: Code, value: Code, offset: number): Code => [
  address,
  value,
  simd(11),
  0,
  unsigned(offset),
];
export const splat8 = (value: Code): Code => [value, simd(15)];
export const withByte0 = (vector: Code, value: Code): Code => [vector, value, simd(23), 0];
export const zeros: Code = [simd(12), new Array<number>(16).fill(0)];
export const andVector = binary(simd(78));
export const xorVector = binary(simd(81));
/** Each 16-bit lane, by a count. */
export const shrU16 = binary(simd(141));
/** Bytes of two vectors by position, 0 to 31. */
export const shuffle = (a: Code, b: Code, positions: readonly number[]): Code => [a, b, simd(13), positions];
/** Bytes of `table` by the numbers 0 to 15 in `positions`; a relaxed one needs an engine that has it. */
export const lookUp = (table: Code, positions: Code, isRelaxed: boolean): Code => [
  table,
  positions,
  simd(isRelaxed ? 256 : 14),
];

export const call = (index: number, ...args: Code[]): Code => [args, 0x10, unsigned(index)];
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b];
/** Tests before each turn. `leave(depth)` inside goes behind the loop; depth counts the `when`s around it. */
export const whilst = (condition: Code, body: Code): Code =>
  when(condition, [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]);
export const giveBack = (value: Code): Code => [value, 0x0f];

export interface Definition {
  readonly name: string;
  /** Of i32; the result is one too. */
  readonly params: number;
  readonly locals: readonly { readonly type: number; readonly count: number }[];
  /** Ends by `giveBack` on every path. */
  readonly body: Code;
}

function flat(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === "number") into.push(part);
    else flat(part, into);
  }
  return into;
}
const sized = (content: Code): number[] => {
  const bytes = flat(content);
  return [...unsigned(bytes.length), ...bytes];
};
const list = (items: readonly Code[]): Code => [unsigned(items.length), items];
const text = (value: string): Code => sized([...new TextEncoder().encode(value)]);

/** A module with a memory of its own, exported as `memory`, and these functions, exported by their names. */
export function assemble(pages: number, functions: readonly Definition[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(
    ({ params }): Code => [0x60, unsigned(params), new Array<number>(params).fill(i32), 1, i32],
  );
  const bodies = functions.map(({ locals, body }) =>
    sized([list(locals.map(({ type, count }): Code => [unsigned(count), type])), body, 0x00, 0x0b]),
  );
  const exported = functions.map(({ name }, i): Code => [text(name), 0x00, unsigned(i)]);
  const sections: Code = [
    [1, sized(list(types))],
    [3, sized(list(functions.map((_, i) => unsigned(i))))],
    [5, sized([1, 1, unsigned(pages), unsigned(pages)])],
    [7, sized(list([[text("memory"), 0x02, 0], ...exported]))],
    [10, sized(list(bodies))],
  ];
  return Uint8Array.from(flat([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, sections]));
}
