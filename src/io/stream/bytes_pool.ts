/** Small byte arrays that lie together: a buffer for each would be dear, and in a large one each would keep all the others alive. */

/** Arrays of up to so many bytes lie together, in buffers of so many. */
export const smallBytes = 2 ** 12;
const poolBytes = 2 ** 15;
/** Each begins at a multiple of this, so that numbers in it can be read in place. */
const alignment = 8;

export class BytesPool {
  #buffer: ArrayBuffer = new ArrayBuffer(0);
  #at = 0;

  /** A copy that belongs to the caller; its `buffer` holds more than it. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > smallBytes) return bytes.slice();
    if (this.#buffer.byteLength - this.#at < length) {
      this.#buffer = new ArrayBuffer(poolBytes);
      this.#at = 0;
    }
    const copy = new Uint8Array(this.#buffer, this.#at, length);
    copy.set(bytes);
    this.#at += (length + alignment - 1) & -alignment;
    return copy;
  }
}
