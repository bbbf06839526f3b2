/** What an Example is apart from the values that are wanted of it: keys, lengths, other features. */

/** Longer ones are not compared. */
const mostBytes = 512;

interface Places {
  /** 0: no value. */
  readonly kinds: Uint8Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Remembers one Example's frame; another one of the same length with the same bytes there has its values at the same places. */
export class ExampleFrame {
  readonly #bytes = new Uint8Array(mostBytes);
  /** Where parts of the frame begin in the Example, and end. */
  readonly #parts: number[] = [];
  /** Length of the Example whose frame is known; of the last one. */
  #length = -1;
  #lastLength = -1;
  #start = 0;

  /** How much further behind than the last one's the values lie, if the frame is the same; else null, and the frame is forgotten. */
  moved(buffer: Uint8Array, start: number, end: number): number | null {
    if (end - start !== this.#length) return this.#forget();
    const [bytes, parts] = [this.#bytes, this.#parts];
    for (let k = 0, at = 0; k < parts.length; k += 2) {
      const to = start + parts[k + 1]!;
      for (let from = start + parts[k]!; from < to; from++) if (buffer[from] !== bytes[at++]) return this.#forget();
    }
    const moved = start - this.#start;
    this.#start = start;
    return moved;
  }

  #forget(): null {
    this.#length = -1;
    return null;
  }

  /** Remembers the frame of an Example, if the one before was as long. */
  keep(buffer: Uint8Array, start: number, end: number, { kinds, starts, ends }: Places): void {
    const isRepeated = this.#lastLength === end - start;
    this.#lastLength = end - start;
    this.#length = -1;
    if (!isRepeated) return;
    const values: number[] = [];
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 0) values.push(i);
    values.sort((a, b) => starts[a]! - starts[b]!);
    const parts = this.#parts;
    parts.length = 0;
    let [at, size] = [start, 0];
    for (const next of [...values.map((i) => ({ from: starts[i]!, to: ends[i]! })), { from: end, to: end }]) {
      if (next.from < at || size + next.from - at > mostBytes) return;
      this.#bytes.set(buffer.subarray(at, next.from), size);
      parts.push(at - start, next.from - start);
      size += next.from - at;
      at = next.to;
    }
    this.#length = end - start;
    this.#start = start;
  }
}
