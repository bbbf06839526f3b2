/**
 * A sorted string table, as the index of a checkpoint is one:
 *     [data block + trailer]*  metaindex block + trailer  index block + trailer  footer (48 bytes)
 *     block    entries, uint32 restart offset*, uint32 number of restarts
 *     entry    varint shared | varint unshared | varint value length | key's last `unshared` bytes | value
 *     trailer  uint8 compression type (0) | uint32 masked crc32c of block and type
 *     footer   metaindex handle, index handle (varint offset | varint size each), zeros to 40 bytes, magic
 * Source: tensorflow/core/lib/io/table_builder.cc, block_builder.cc, format.cc
 */
import { maskedCrc32c } from "../crc.ts";
import { WireWriter } from "../wire.ts";

export const tableMagic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);
export const footerSize = 48;
export const trailerSize = 5;

const blockSize = 262_144;
const dataRestartInterval = 16;

/** Unsigned byte order. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

class BlockBuilder {
  readonly #interval: number;
  readonly #out = new WireWriter();
  readonly #restarts = [0];
  #last: Uint8Array = new Uint8Array();
  #sinceRestart = 0;

  constructor(interval: number) {
    this.#interval = interval;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    let shared = 0;
    if (this.#sinceRestart < this.#interval) {
      const n = Math.min(key.length, this.#last.length);
      while (shared < n && key[shared] === this.#last[shared]) shared++;
    } else {
      this.#restarts.push(this.#out.length);
      this.#sinceRestart = 0;
    }
    const unshared = key.subarray(shared);
    this.#out.varint(shared).varint(unshared.length).varint(value.length).raw(unshared).raw(value);
    this.#last = key;
    this.#sinceRestart++;
  }

  get sizeBytes(): number {
    return this.#out.length + 4 * this.#restarts.length + 4;
  }

  finish(): Uint8Array {
    for (const restart of this.#restarts) this.#out.fixed32(restart);
    return this.#out.fixed32(this.#restarts.length).finish();
  }
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

const handleBytes = ({ offset, size }: Handle): Uint8Array => new WireWriter().varint(offset).varint(size).finish();

/** The shortest key k with last <= k < next. */
function separator(last: Uint8Array, next: Uint8Array): Uint8Array {
  const n = Math.min(last.length, next.length);
  let i = 0;
  while (i < n && last[i] === next[i]) i++;
  if (i >= n || last[i] === 0xff || last[i]! + 1 >= next[i]!) return last;
  const short = last.slice(0, i + 1);
  short[i]! += 1;
  return short;
}

/** A short key that is not less than any key of the table. */
function successor(last: Uint8Array): Uint8Array {
  const i = last.findIndex((byte) => byte !== 0xff);
  if (i < 0) return last;
  const short = last.slice(0, i + 1);
  short[i]! += 1;
  return short;
}

/** The bytes of a table with these entries, whose keys rise strictly. Equal to TensorFlow's for equal entries. */
export function buildTable(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): Uint8Array {
  const out = new WireWriter();
  const index = new BlockBuilder(1);
  const write = (block: Uint8Array): Handle => {
    const handle = { offset: out.length, size: block.length };
    const withType = new Uint8Array(block.length + 1);
    withType.set(block);
    out.raw(withType).fixed32(maskedCrc32c(withType));
    return handle;
  };

  let block = new BlockBuilder(dataRestartInterval);
  let isEmpty = true;
  let pending: Handle | undefined;
  let last: Uint8Array = new Uint8Array();
  for (const [key, value] of entries) {
    if (pending) index.add(separator(last, key), handleBytes(pending));
    pending = undefined;
    block.add(key, value);
    isEmpty = false;
    last = key;
    if (block.sizeBytes < blockSize) continue;
    pending = write(block.finish());
    block = new BlockBuilder(dataRestartInterval);
    isEmpty = true;
  }
  if (!isEmpty) pending = write(block.finish());
  const metaindex = write(new BlockBuilder(dataRestartInterval).finish());
  if (pending) index.add(successor(last), handleBytes(pending));
  const footerAt = write(index.finish());
  const footer = new Uint8Array(footerSize);
  const handles = new WireWriter().raw(handleBytes(metaindex)).raw(handleBytes(footerAt)).finish();
  footer.set(handles);
  footer.set(tableMagic, footerSize - tableMagic.length);
  return out.raw(footer).finish();
}
