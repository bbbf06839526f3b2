/**
 * The generator that numpy's RandomState and Python's `random` draw from, with the draws of both: equal seeds give equal numbers.
 * Source: Matsumoto and Nishimura, MT19937; numpy/random/mtrand.pyx, src/legacy/legacy-distributions.c; Python's Lib/random.py.
 */
import { ValueError } from "../../../core/error.ts";

const size = 624;
const middle = 397;

class MersenneTwister {
  readonly #state = new Uint32Array(size);
  #at = size;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < size; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** Mixes the words of a key into the state. */
  mix(key: readonly number[]): void {
    const state = this.#state;
    const mixed = (i: number, factor: number): number =>
      state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), factor);
    let i = 1;
    const next = (): void => {
      i++;
      if (i < size) return;
      state[0] = state[size - 1]!;
      i = 1;
    };
    for (let k = 0, j = 0; k < Math.max(size, key.length); k++, j = (j + 1) % key.length) {
      state[i] = mixed(i, 1664525) + key[j]! + j;
      next();
    }
    for (let k = 0; k < size - 1; k++) {
      state[i] = mixed(i, 1566083941) - i;
      next();
    }
    state[0] = 0x80000000;
    this.#at = size;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < size; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
      state[i] = state[(i + middle) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }

  /** 32 bits. */
  next(): number {
    if (this.#at === size) this.#refill();
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** In [0, 1), of 53 bits. */
  double(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }
}

const anySeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!;

/** `numpy.random.RandomState`: draws that a seed decides; without one, other draws each time. */
export class RandomState {
  readonly #twister: MersenneTwister;
  #spare: number | null = null;

  /** `seed`: a whole number from 0 to 2^32 - 1. Throws ValueError for others. */
  constructor(seed?: number | null) {
    if (seed !== null && seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      throw new ValueError("Seed must be between 0 and 2**32 - 1");
    this.#twister = new MersenneTwister(seed ?? anySeed());
  }

  /** In [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * this.#twister.double();
  }

  /** In [low, high), whole. */
  randint(low: number, high: number): number {
    return low + this.#below(high - low);
  }

  /** Of mean 0 and variance 1. */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    for (;;) {
      const a = 2 * this.#twister.double() - 1;
      const b = 2 * this.#twister.double() - 1;
      const square = a * a + b * b;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = factor * a;
      return factor * b;
    }
  }

  /** One of the values. */
  choice<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }

  /** In place. */
  shuffle(values: { [index: number]: unknown; readonly length: number }): void {
    for (let i = values.length - 1; i > 0; i--) swap(values, i, this.#below(i + 1));
  }

  /** The numbers 0 to n - 1 in any order. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  /** Whole numbers below n: bits until they are small enough. Nothing is drawn for n = 1. */
  #below(n: number): number {
    if (n <= 1) return 0;
    const bits = 32 - Math.clz32(n - 1);
    for (;;) {
      const value = bits === 32 ? this.#twister.next() : this.#twister.next() & (2 ** bits - 1);
      if (value < n) return value;
    }
  }
}

function swap(values: { [index: number]: unknown }, i: number, j: number): void {
  const kept = values[i];
  values[i] = values[j];
  values[j] = kept;
}

/** `random.Random`: Python's own draws. */
export class PythonRandom {
  readonly #twister = new MersenneTwister(19650218);

  constructor(seed?: number | null) {
    const whole = BigInt(Math.abs(Math.trunc(seed ?? anySeed())));
    const key = [Number(whole & 0xffffffffn)];
    if (whole >> 32n) key.push(Number(whole >> 32n));
    this.#twister.mix(key);
  }

  /** In [0, 1). */
  random(): number {
    return this.#twister.double();
  }

  /** In [low, high], whole. */
  randint(low: number, high: number): number {
    return low + this.#below(high - low + 1);
  }

  /** In place. */
  shuffle(values: unknown[]): void {
    for (let i = values.length - 1; i > 0; i--) swap(values, i, this.#below(i + 1));
  }

  #below(n: number): number {
    const bits = 32 - Math.clz32(n);
    for (;;) {
      const value = this.#twister.next() >>> (32 - bits);
      if (value < n) return value;
    }
  }
}
