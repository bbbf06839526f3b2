/** Python's `random.Random(seed).randint`: Mersenne Twister seeded by an array of words. Source: _randommodule.c, random.py. */

const n = 624;
const m = 397;

export class PythonRandom {
  readonly #words = new Uint32Array(n);
  #at = n;

  /** The absolute value of the seed is taken, as Python does. */
  constructor(seed: number | bigint) {
    let rest = BigInt(seed);
    if (rest < 0n) rest = -rest;
    const key: number[] = [];
    do {
      key.push(Number(rest & 0xffffffffn));
      rest >>= 32n;
    } while (rest > 0n);
    this.#seedByArray(key);
  }

  #seedByWord(seed: number): void {
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < n; i++) {
      const before = words[i - 1]! ^ (words[i - 1]! >>> 30);
      words[i] = Math.imul(1812433253, before) + i;
    }
  }

  #seedByArray(key: readonly number[]): void {
    const words = this.#words;
    this.#seedByWord(19650218);
    let i = 1;
    let k = 0;
    const next = (): void => {
      if (++i < n) return;
      words[0] = words[n - 1]!;
      i = 1;
    };
    for (let left = Math.max(n, key.length); left > 0; left--) {
      const before = words[i - 1]! ^ (words[i - 1]! >>> 30);
      words[i] = (words[i]! ^ Math.imul(before, 1664525)) + key[k]! + k;
      next();
      k = (k + 1) % key.length;
    }
    for (let left = n - 1; left > 0; left--) {
      const before = words[i - 1]! ^ (words[i - 1]! >>> 30);
      words[i] = (words[i]! ^ Math.imul(before, 1566083941)) - i;
      next();
    }
    words[0] = 0x80000000;
  }

  /** 32 random bits. */
  #word(): number {
    const words = this.#words;
    if (this.#at >= n) {
      for (let i = 0; i < n; i++) {
        const y = (words[i]! & 0x80000000) | (words[(i + 1) % n]! & 0x7fffffff);
        words[i] = words[(i + m) % n]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#at = 0;
    }
    let y = words[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** randint(0, 2**31 - 1): 32 bits of the generator, drawn again while they are too many. */
  int31(): number {
    for (;;) {
      const drawn = this.#word();
      if (drawn < 2 ** 31) return drawn;
    }
  }
}
