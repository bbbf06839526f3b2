/**
 * The hashes of strings that TensorFlow's results depend on: FarmHash's Fingerprint64, SipHash-2-4, and the older 64-bit hash.
 * All arithmetic is modulo 2^64. Source: tsl/platform/hash.cc, fingerprint.h; farmhash.cc (namespace farmhashna).
 */
const mask = (1n << 64n) - 1n;
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;

const wrap = (x: bigint): bigint => x & mask;
const rotate = (x: bigint, by: bigint): bigint => wrap((x >> by) | (x << (64n - by)));
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n);

/** Reads little-endian words out of bytes. */
class Words {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  u32(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }
}

function mix16(u: bigint, v: bigint, mul: bigint): bigint {
  let a = wrap((u ^ v) * mul);
  a ^= a >> 47n;
  let b = wrap((v ^ a) * mul);
  b ^= b >> 47n;
  return wrap(b * mul);
}

function upTo16(s: Uint8Array, words: Words): bigint {
  const n = s.length;
  const mul = k2 + BigInt(n) * 2n;
  if (n >= 8) {
    const a = wrap(words.u64(0) + k2);
    const b = words.u64(n - 8);
    const c = wrap(rotate(b, 37n) * mul + a);
    const d = wrap((rotate(a, 25n) + b) * mul);
    return mix16(c, d, wrap(mul));
  }
  if (n >= 4) return mix16(BigInt(n) + (words.u32(0) << 3n), words.u32(n - 4), wrap(mul));
  if (n === 0) return k2;
  const y = BigInt(s[0]! + (s[n >> 1]! << 8));
  const z = BigInt(n + (s[n - 1]! << 2));
  return wrap(shiftMix(wrap(y * k2) ^ wrap(z * k0)) * k2);
}

function upTo32(n: number, words: Words): bigint {
  const mul = wrap(k2 + BigInt(n) * 2n);
  const a = wrap(words.u64(0) * k1);
  const b = words.u64(8);
  const c = wrap(words.u64(n - 8) * mul);
  const d = wrap(words.u64(n - 16) * k2);
  return mix16(wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d), wrap(a + rotate(wrap(b + k2), 18n) + c), mul);
}

function upTo64(n: number, words: Words): bigint {
  const mul = wrap(k2 + BigInt(n) * 2n);
  const a = wrap(words.u64(0) * k2);
  const b = words.u64(8);
  const c = wrap(words.u64(n - 8) * mul);
  const d = wrap(words.u64(n - 16) * k2);
  const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  const z = mix16(y, wrap(a + rotate(wrap(b + k2), 18n) + c), mul);
  const e = wrap(words.u64(16) * mul);
  const f = words.u64(24);
  const g = wrap((y + words.u64(n - 32)) * mul);
  const h = wrap((z + words.u64(n - 24)) * mul);
  return mix16(wrap(rotate(wrap(e + f), 43n) + rotate(g, 30n) + h), wrap(e + rotate(wrap(f + a), 18n) + g), mul);
}

/** 32 bytes at a place, mixed with two seeds. */
function weak(words: Words, at: number, seedA: bigint, seedB: bigint): [bigint, bigint] {
  const [w, x, y, z] = [words.u64(at), words.u64(at + 8), words.u64(at + 16), words.u64(at + 24)];
  let a = wrap(seedA + w);
  let b = rotate(wrap(seedB + a + z), 21n);
  const c = a;
  a = wrap(a + x + y);
  b = wrap(b + rotate(a, 44n));
  return [wrap(a + z), wrap(b + c)];
}

/** FarmHash's Fingerprint64: the same on every platform and in every version. */
export function fingerprint64(s: Uint8Array): bigint {
  const n = s.length;
  const words = new Words(s);
  if (n <= 16) return upTo16(s, words);
  if (n <= 32) return upTo32(n, words);
  if (n <= 64) return upTo64(n, words);
  let x = 81n;
  let y = wrap(81n * k1 + 113n);
  let z = wrap(shiftMix(wrap(y * k2 + 113n)) * k2);
  let v: [bigint, bigint] = [0n, 0n];
  let w: [bigint, bigint] = [0n, 0n];
  x = wrap(x * k2 + words.u64(0));
  const end = Math.floor((n - 1) / 64) * 64;
  const last = end + ((n - 1) & 63) - 63;
  for (let at = 0; at < end; at += 64) {
    x = wrap(rotate(wrap(x + y + v[0] + words.u64(at + 8)), 37n) * k1);
    y = wrap(rotate(wrap(y + v[1] + words.u64(at + 48)), 42n) * k1);
    x ^= w[1];
    y = wrap(y + v[0] + words.u64(at + 40));
    z = wrap(rotate(wrap(z + w[0]), 33n) * k1);
    v = weak(words, at, wrap(v[1] * k1), wrap(x + w[0]));
    w = weak(words, at + 32, wrap(z + w[1]), wrap(y + words.u64(at + 16)));
    [x, z] = [z, x];
  }
  const mul = wrap(k1 + ((z & 0xffn) << 1n));
  w[0] = wrap(w[0] + BigInt((n - 1) & 63));
  v[0] = wrap(v[0] + w[0]);
  w[0] = wrap(w[0] + v[0]);
  x = wrap(rotate(wrap(x + y + v[0] + words.u64(last + 8)), 37n) * mul);
  y = wrap(rotate(wrap(y + v[1] + words.u64(last + 48)), 42n) * mul);
  x ^= wrap(w[1] * 9n);
  y = wrap(y + v[0] * 9n + words.u64(last + 40));
  z = wrap(rotate(wrap(z + w[0]), 33n) * mul);
  v = weak(words, last, wrap(v[1] * mul), wrap(x + w[0]));
  w = weak(words, last + 32, wrap(z + w[1]), wrap(y + words.u64(last + 16)));
  [x, z] = [z, x];
  return mix16(wrap(mix16(v[0], w[0], mul) + shiftMix(y) * k0 + z), wrap(mix16(v[1], w[1], mul) + x), mul);
}

/** Two fingerprints as one. */
export function fingerprintCat64(a: bigint, b: bigint): bigint {
  const mul = 0xc6a4a7935bd1e995n;
  let result = a ^ mul;
  result ^= wrap(shiftMix(wrap(b * mul)) * mul);
  result = wrap(result * mul);
  result = wrap(shiftMix(result) * mul);
  return shiftMix(result);
}

/** The hash behind StringToHashBucket. */
export function hash64(s: Uint8Array, seed = 0xdecafcaffen): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const words = new Words(s);
  let h = wrap(seed ^ wrap(BigInt(s.length) * m));
  let at = 0;
  for (; at + 8 <= s.length; at += 8) {
    let k = wrap(words.u64(at) * m);
    k ^= k >> 47n;
    h = wrap((h ^ wrap(k * m)) * m);
  }
  if (at < s.length) {
    for (let i = s.length - 1; i >= at; i--) h ^= BigInt(s[i]!) << BigInt(8 * (i - at));
    h = wrap(h * m);
  }
  h ^= h >> 47n;
  h = wrap(h * m);
  return h ^ (h >> 47n);
}

/** SipHash-2-4 of the bytes with a key of two 64-bit words. */
export function sipHash(s: Uint8Array, key: readonly [bigint, bigint]): bigint {
  const words = new Words(s);
  const rotl = (x: bigint, by: bigint): bigint => rotate(x, 64n - by);
  let v0 = wrap(key[0]) ^ 0x736f6d6570736575n;
  let v1 = wrap(key[1]) ^ 0x646f72616e646f6dn;
  let v2 = wrap(key[0]) ^ 0x6c7967656e657261n;
  let v3 = wrap(key[1]) ^ 0x7465646279746573n;
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = wrap(v0 + v1);
      v1 = rotl(v1, 13n) ^ v0;
      v0 = rotl(v0, 32n);
      v2 = wrap(v2 + v3);
      v3 = rotl(v3, 16n) ^ v2;
      v0 = wrap(v0 + v3);
      v3 = rotl(v3, 21n) ^ v0;
      v2 = wrap(v2 + v1);
      v1 = rotl(v1, 17n) ^ v2;
      v2 = rotl(v2, 32n);
    }
  };
  const absorb = (m: bigint): void => {
    v3 ^= m;
    rounds(2);
    v0 ^= m;
  };
  let at = 0;
  for (; at + 8 <= s.length; at += 8) absorb(words.u64(at));
  let tail = BigInt(s.length & 0xff) << 56n;
  for (let i = at; i < s.length; i++) tail |= BigInt(s[i]!) << BigInt(8 * (i - at));
  absorb(tail);
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
